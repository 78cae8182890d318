"""The chip's coprocessor: AES-CMAC; the cryptography package is imported on first use."""

from __future__ import annotations


def aes_cmac(key: bytes, message: bytes) -> bytes:
    """Return the 16-byte AES-CMAC of ``message`` (NIST SP 800-38B)."""
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()
