"""Values of public ledgers: addresses, keys, digests, signatures, chains and tokens."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal

from yohaku.codec import FixedField, Json
from yohaku.errors import SchemaError
from yohaku.fields.keccak import keccak256
from yohaku.fields.numbers import UInt, text
from yohaku.fields.raw import Blob

if TYPE_CHECKING:
    from collections.abc import Callable

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_LONGEST_NUMBER = 78


class EvmAddress(FixedField[str]):
    """An account address of Ethereum and its kin in 20 bytes; as text 0x and 40 hex digits in the case of EIP-55.

    The case of the letters is a check value, so text in any other case is refused.
    """

    def __init__(self) -> None:
        super().__init__(20)

    def write(self, value: object) -> bytes:
        """Check form and case."""
        address = text(self, value)
        if not _ADDRESS.fullmatch(address):
            self.refuse(f"is {address!r}, must be 0x and 40 hex digits")
        raw = bytes.fromhex(address[2:])
        if checksummed(raw) != address:
            self.refuse(
                f"is {address}, whose EIP-55 check does not hold; the form of these bytes is {checksummed(raw)}"
            )
        return raw

    def unpack(self, raw: bytes) -> str:
        """Give the address in the case of EIP-55."""
        return checksummed(raw)

    def example(self) -> str:
        """Give the first example of EIP-55."""
        return "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return text(self, value)


def checksummed(raw: bytes) -> str:
    """Write 20 bytes as an address whose capital letters carry the check of EIP-55."""
    digits = raw.hex()
    check = keccak256(digits.encode("ascii")).hex()
    cased = (digit.upper() if nibble in "89abcdef" else digit for digit, nibble in zip(digits, check, strict=False))
    return "0x" + "".join(cased)


class PublicKey(Blob):
    """A public key on an elliptic curve of 256 bits (SEC 1 2.3.3); in JSON lower-case hex.

    Checks the form, not whether the point lies on a curve: which curve, the type does not know.

    Args:
        form: ``compressed`` 33 bytes led by 02 or 03, ``uncompressed`` 65 bytes led by 04, ``raw`` 64 bytes x and y.
    """

    def __init__(self, form: Literal["compressed", "uncompressed", "raw"] = "compressed") -> None:
        if form not in _KEY_FORMS:
            raise SchemaError(f"PublicKey({form!r}): the form is {', '.join(_KEY_FORMS)}")
        size, self.leads = _KEY_FORMS[form]
        super().__init__(size)
        self.form = form

    @property
    def type_name(self) -> str:
        """``PublicKey(compressed)``."""
        return f"PublicKey({self.form})"

    def write(self, value: object) -> bytes:
        """Check type, length and first byte."""
        return self.unpack(super().write(value))

    def unpack(self, raw: bytes) -> bytes:
        """Check the first byte."""
        if self.leads and raw[:1] not in self.leads:
            allowed = " or ".join(lead.hex() for lead in self.leads)
            self.refuse(f"starts with {raw[:1].hex()}, a key in {self.form} form starts with {allowed}")
        return raw

    def example(self) -> bytes:
        """Give the base point of secp256k1, whose private key is 1, so nobody takes it for a real one."""
        if self.form == "compressed":
            return b"\x02" + _BASE_POINT[:32]
        return b"\x04" + _BASE_POINT if self.form == "uncompressed" else _BASE_POINT


class Digest(Blob):
    """A hash value; in JSON lower-case hex.

    Args:
        algorithm: ``sha256``, ``sha384``, ``sha512``, ``sha3_256`` or ``keccak256``.
        size: bytes kept from the front; all of them when None.
    """

    def __init__(self, algorithm: str = "sha256", *, size: int | None = None) -> None:
        if algorithm not in _HASHES:
            raise SchemaError(f"Digest({algorithm!r}): the algorithm is {', '.join(_HASHES)}")
        full = len(_HASHES[algorithm](b""))
        if size is not None and not 1 <= size <= full:
            raise SchemaError(f"Digest({algorithm!r}): {size} bytes, 1 to {full} are there")
        super().__init__(full if size is None else size)
        self.algorithm = algorithm

    @property
    def type_name(self) -> str:
        """``Digest(sha256, 32)``."""
        return f"Digest({self.algorithm}, {self.minimum})"

    def of(self, data: bytes) -> bytes:
        """Compute the value for ``data``."""
        return _HASHES[self.algorithm](data)[: self.minimum]

    def example(self) -> bytes:
        """Give the hash of no bytes."""
        return self.of(b"")


class Signature(Blob):
    """A digital signature of a fixed size; in JSON lower-case hex. Nothing is verified: the type has no key.

    Args:
        size: bytes; 64 for ECDSA over 256 bits (r and s) and Ed25519, 65 with a recovery byte, 256 for RSA-2048.
    """

    def __init__(self, size: int = 64) -> None:
        super().__init__(size)

    @property
    def type_name(self) -> str:
        """``Signature(64)``."""
        return f"Signature({self.minimum})"


class ChainId(UInt):
    """The number of a chain (EIP-155): 1 is Ethereum's main network; 0 is no chain."""

    def __init__(self, *, bits: int = 32) -> None:
        super().__init__(bits, least=1)

    @property
    def type_name(self) -> str:
        """``ChainId(32)``."""
        return f"ChainId({self.bits})"


class TokenId(UInt):
    """The number of a token in its contract (ERC-721, ERC-1155), up to 256 bits; in JSON a string of digits."""

    def __init__(self, *, bits: int = 256) -> None:
        super().__init__(bits)

    @property
    def type_name(self) -> str:
        """``TokenId(256)``."""
        return f"TokenId({self.bits})"

    def to_json(self, value: object) -> Json:
        """Give decimal digits, which no reader rounds."""
        return str(self.to_bits(value))

    def from_json(self, value: Json) -> int:
        """Take decimal digits."""
        digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER
        if not isinstance(value, str) or not digits:
            self.refuse(f"is {value!r}, must be decimal digits in quotes")
        return int(value)


def _hash(name: str) -> Callable[[bytes], bytes]:
    return lambda data: hashlib.new(name, data).digest()


_HASHES: dict[str, Callable[[bytes], bytes]] = {
    **{name: _hash(name) for name in ("sha256", "sha384", "sha512", "sha3_256")},
    "keccak256": keccak256,
}
_KEY_FORMS: dict[str, tuple[int, tuple[bytes, ...]]] = {
    "compressed": (33, (b"\x02", b"\x03")),
    "uncompressed": (65, (b"\x04",)),
    "raw": (64, ()),
}
_BASE_POINT = bytes.fromhex(
    "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
)
