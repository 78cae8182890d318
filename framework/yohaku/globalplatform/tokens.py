"""Who allowed a change of the card's content: DAP of load files, tokens, receipts (GPCS 2.3.1, annex C).

Schemes are AES-CMAC, the retail MAC of DES, and ECDSA on P-256 with SHA-256; RSA is not among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from construct import Byte, Bytes, Const, GreedyBytes, Prefixed, Struct

from yohaku.globalplatform import ciphers
from yohaku.globalplatform.ber import with_length
from yohaku.globalplatform.keys import Algorithm
from yohaku.globalplatform.wire import Structure, WireError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

TOKEN_VERSION, RECEIPT_VERSION, DAP_VERSION = 0x70, 0x71, 0x73
"""Key version numbers of the keys for tokens and receipts in the issuer's domain, and for DAP in the verifier's."""
EC_PUBLIC: Final = 0xB0
"""Key type of a point on a curve (table 11-16)."""
_P256_HALF: Final = 32


class Signer(Protocol):
    """Somebody who can sign: a key in memory, in a module, or an office that is asked."""

    def sign(self, data: bytes, /) -> bytes:
        """Sign data in the scheme of the key."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class MacSigner:
    """A shared key in memory; no repr shows it.

    Attributes:
        key: 16, 24 or 32 bytes for AES, 16 for DES.
        algorithm: of the key.
    """

    key: bytes
    algorithm: Algorithm = Algorithm.AES

    def sign(self, data: bytes, /) -> bytes:
        """Authenticate data: 16 bytes, or 8 with DES."""
        return _mac(self.algorithm, self.key, data)

    def __repr__(self) -> str:
        return f"<MacSigner {self.algorithm.name}>"


@dataclass(frozen=True, slots=True, repr=False)
class EcSigner:
    """A private key on P-256 in memory.

    Attributes:
        private: as `cryptography` holds it.
    """

    private: EllipticCurvePrivateKey

    @property
    def point(self) -> bytes:
        """The public key, uncompressed: 65 bytes."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, data: bytes, /) -> bytes:
        """Sign data: r and s, 32 bytes each (B.4.3)."""
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        halves = decode_dss_signature(self.private.sign(data, ECDSA(SHA256())))
        return b"".join(half.to_bytes(_P256_HALF, "big") for half in halves)

    def __repr__(self) -> str:
        return "<EcSigner P-256>"


def verify(kind: int, key: bytes, data: bytes, signature: bytes) -> bool:
    """Check a signature with a key of the given type, as PUT KEY names it."""
    if kind == EC_PUBLIC:
        return _verify_ec(key, data, signature)
    return kind in set(Algorithm) and ciphers.same(_mac(Algorithm(kind), key, data), signature)


def _mac(algorithm: Algorithm, key: bytes, data: bytes) -> bytes:
    return ciphers.aes_cmac(key, data) if algorithm is Algorithm.AES else ciphers.retail_mac(key, data)


def _verify_ec(point: bytes, data: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    if len(signature) != 2 * _P256_HALF:
        return False
    halves = (int.from_bytes(signature[at : at + _P256_HALF], "big") for at in (0, _P256_HALF))
    try:
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        key.verify(encode_dss_signature(*halves), data, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def is_point(point: bytes) -> bool:
    """Whether bytes are a point on P-256."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        return False
    return True


def token_input(p1: int, p2: int, data: bytes) -> bytes:
    """Give what a token signs: the command without class, instruction and token field (C.4)."""
    return bytes((p1, p2, len(data))) + data


@dataclass(frozen=True, slots=True)
class PutPublicKey(Structure):
    """Data of PUT KEY for a public key on P-256 (table 11-71): a version, a point, the curve, no check value."""

    SCHEMA: ClassVar = Struct(
        "version" / Byte,
        "kind" / Const(bytes((EC_PUBLIC,))),
        "point" / with_length(Byte),
        "curve" / Const(b"\xf0\x01\x00\x00"),
    )
    version: int
    point: bytes


@dataclass(frozen=True, slots=True)
class Receipt(Structure):
    """The card's confirmation of a delegated change (11.1.6).

    Attributes:
        proof: over the confirmation data and what was changed.
        counter: confirmation counter, 2 bytes.
        card: issuer identification number and card image number.
    """

    SCHEMA: ClassVar = Prefixed(
        Byte,
        Struct(
            "proof" / with_length(Byte),
            "length" / Const(b"\x02"),
            "counter" / Bytes(2),
            "card" / with_length(Byte),
            "rest" / GreedyBytes,
        ),
    )
    proof: bytes
    counter: bytes
    card: bytes

    def to_bytes(self) -> bytes:
        """Write the receipt with its length."""
        body = bytes((len(self.proof),)) + self.proof + confirmation(self.counter, self.card)
        return bytes((len(body),)) + body

    def is_proved(self, kind: int, key: bytes, *what: bytes) -> bool:
        """Whether the proof is the card's for what was changed: the AIDs, in the order of the standard (C.5)."""
        return verify(kind, key, receipt_input(self.counter, self.card, *what), self.proof)


def confirmation(counter: bytes, card: bytes) -> bytes:
    """Write the confirmation data."""
    return b"\x02" + counter + bytes((len(card),)) + card


def receipt_input(counter: bytes, card: bytes, *what: bytes) -> bytes:
    """Give what a receipt proves: the confirmation data, then each AID with its length."""
    return confirmation(counter, card) + b"".join(bytes((len(aid),)) + aid for aid in what)


def parse_receipt(raw: bytes) -> Receipt | None:
    """Read the answer to a delegated command; None when it is the one byte 00, "no receipt".

    Raises:
        WireError: it is neither.
    """
    if raw in {b"", b"\x00"}:
        return None
    try:
        return Receipt.from_bytes(raw)
    except WireError:
        raise WireError("the card's answer is no receipt") from None
