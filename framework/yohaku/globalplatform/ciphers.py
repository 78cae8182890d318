"""The block ciphers that GlobalPlatform uses, one function for each use; `cryptography` does the work.

It is imported at the first use: reading a registry or a CAP file needs no cipher.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from yohaku.errors import YohakuError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm

AES_BLOCK, DES_BLOCK = 16, 8
AES_KEY_SIZES = (16, 24, 32)
DES_KEY_SIZE = 16
"""Bytes of a two-key triple DES key: K1, K2, and K1 again."""


class CipherError(YohakuError):
    """A key or data has a length that the cipher cannot take, or data is not padded as it must be."""


def pad(data: bytes, block: int) -> bytes:
    """Append 80 and zeros up to a whole number of blocks, always at least one byte (GPCS 2.3.1, B.2.3)."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    """Take the padding off.

    Raises:
        CipherError: there is none.
    """
    bare = data.rstrip(b"\x00")
    if not bare.endswith(b"\x80"):
        raise CipherError("the data has no padding")
    return bare[:-1]


def same(left: bytes, right: bytes) -> bool:
    """Compare two proofs in a time that tells nothing of them."""
    return compare_digest(left, right)


def aes_cmac(key: bytes, data: bytes) -> bytes:
    """Authenticate data with AES-CMAC; 16 bytes (NIST SP 800-38B).

    Raises:
        CipherError: the key has not 16, 24 or 32 bytes.
    """
    from cryptography.hazmat.primitives.cmac import CMAC

    machine = CMAC(_aes(key))
    machine.update(data)
    return machine.finalize()


def aes_block(key: bytes, block: bytes) -> bytes:
    """Encrypt whole blocks with AES-ECB.

    Raises:
        CipherError: the key or the data has a wrong length.
    """
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    # ECB is what the standard prescribes for counters and check values, one block each.
    return _run(_aes(key), ECB(), data=block, encrypt=True)  # noqa: S305


def aes_encrypt(key: bytes, data: bytes, *, icv: bytes = bytes(AES_BLOCK)) -> bytes:
    """Encrypt whole blocks with AES-CBC.

    Raises:
        CipherError: the key or the data has a wrong length.
    """
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    return _run(_aes(key), CBC(icv), data=data, encrypt=True)


def aes_decrypt(key: bytes, data: bytes, *, icv: bytes = bytes(AES_BLOCK)) -> bytes:
    """Decrypt whole blocks with AES-CBC.

    Raises:
        CipherError: the key or the data has a wrong length.
    """
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    return _run(_aes(key), CBC(icv), data=data, encrypt=False)


def des_ecb(key: bytes, data: bytes) -> bytes:
    """Encrypt whole blocks with triple DES, ECB.

    Raises:
        CipherError: the key or the data has a wrong length.
    """
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    return _run(_des(key), ECB(), data=data, encrypt=True)  # noqa: S305 - prescribed for keys (GPCS 2.3.1, E.4.7)


def des_ecb_decrypt(key: bytes, data: bytes) -> bytes:
    """Decrypt whole blocks with triple DES, ECB.

    Raises:
        CipherError: the key or the data has a wrong length.
    """
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    return _run(_des(key), ECB(), data=data, encrypt=False)  # noqa: S305 - as above


def des_encrypt(key: bytes, data: bytes, *, icv: bytes = bytes(DES_BLOCK)) -> bytes:
    """Encrypt whole blocks with triple DES, CBC; a key of 8 bytes is single DES.

    Raises:
        CipherError: the key or the data has a wrong length.
    """
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    return _run(_des(key), CBC(icv), data=data, encrypt=True)


def des_decrypt(key: bytes, data: bytes, *, icv: bytes = bytes(DES_BLOCK)) -> bytes:
    """Decrypt whole blocks with triple DES, CBC.

    Raises:
        CipherError: the key or the data has a wrong length.
    """
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    return _run(_des(key), CBC(icv), data=data, encrypt=False)


def des_mac(key: bytes, data: bytes) -> bytes:
    """Authenticate data with full triple DES, CBC; 8 bytes (GPCS 2.3.1, B.1.2.1)."""
    return des_encrypt(key, pad(data, DES_BLOCK))[-DES_BLOCK:]


def retail_mac(key: bytes, data: bytes, *, icv: bytes = bytes(DES_BLOCK)) -> bytes:
    """Authenticate data with single DES and a last triple DES; 8 bytes (GPCS 2.3.1, B.1.2.2)."""
    padded = pad(data, DES_BLOCK)
    if len(padded) > DES_BLOCK:
        icv = des_encrypt(key[:DES_BLOCK], padded[:-DES_BLOCK], icv=icv)[-DES_BLOCK:]
    return des_encrypt(key, padded[-DES_BLOCK:], icv=icv)


def _aes(key: bytes) -> BlockCipherAlgorithm:
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    if len(key) not in AES_KEY_SIZES:
        raise CipherError(f"an AES key has 16, 24 or 32 bytes, this one has {len(key)}")
    return AES(key)


def _des(key: bytes) -> BlockCipherAlgorithm:
    """Make a cipher from K1 K2, or from one K1: equal halves make triple DES a single one."""
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

    if len(key) not in {DES_BLOCK, DES_KEY_SIZE}:
        raise CipherError(f"a DES key has {DES_KEY_SIZE} bytes, this one has {len(key)}")
    return TripleDES(key * 3 if len(key) == DES_BLOCK else key + key[:DES_BLOCK])


def _run(algorithm: BlockCipherAlgorithm, mode: Any, *, data: bytes, encrypt: bool) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher

    if len(data) * 8 % algorithm.block_size:
        raise CipherError(f"{len(data)} bytes are no whole number of blocks")
    cipher = Cipher(algorithm, mode)
    machine = cipher.encryptor() if encrypt else cipher.decryptor()
    return machine.update(data) + machine.finalize()
