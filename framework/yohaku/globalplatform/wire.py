"""What GlobalPlatform commands carry, byte for byte, as construct schemas behind plain structures.

Both ends use them: the loader writes requests and reads answers, a card reads requests and writes answers.
Clauses are those of the GlobalPlatform Card Specification 2.3.1.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from construct import (
    Byte,
    Bytes,
    Const,
    Construct,
    ConstructError,
    ExprAdapter,
    FocusedSeq,
    GreedyBytes,
    GreedyRange,
    Int16ub,
    Struct,
    Terminated,
)

from yohaku.errors import YohakuError
from yohaku.globalplatform.ber import BerLength, DgiLength, Member, Template, first_byte, number, with_length
from yohaku.iso7816.tlv import Tlv, TlvError, find, parse

LOAD_FILE = bytes.fromhex("F059484B434E54")
"""AID of the container's load file."""
MODULE = LOAD_FILE + b"\x01"
"""AID of the container's module."""


class WireError(YohakuError):
    """Bytes are not the GlobalPlatform structure they should be, or a value does not fit it."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure that a construct schema writes and reads; construct's own objects stay inside."""

    SCHEMA: ClassVar[Construct[Any, Any]]
    """The members; its keys are the names of the fields."""
    TAGS: ClassVar[tuple[int, ...]] = ()
    """The tags around it, outermost first; always written; cards may leave them out."""

    def to_bytes(self) -> bytes:
        """Write the structure.

        Raises:
            WireError: a member does not fit.
        """
        members = {each.name: getattr(self, each.name) for each in fields(self)}
        try:
            content = self.SCHEMA.build(members)
        except (ConstructError, OverflowError) as error:
            raise WireError(f"{type(self).__name__} cannot be written: {error}") from None
        for tag in reversed(self.TAGS):
            content = Tlv(tag, content).to_bytes()
        return content

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read the structure from all of ``raw``.

        Raises:
            WireError: ``raw`` is something else.
        """
        try:
            return cls._of(cls.SCHEMA.parse(cls._unwrapped(raw)))
        except (ConstructError, TlvError) as error:
            raise WireError(f"{raw.hex(' ').upper()} is no {cls.__name__}: {error}") from None

    @classmethod
    def _unwrapped(cls, raw: bytes) -> bytes:
        for tag in cls.TAGS:
            outer = find(parse(raw), tag)
            raw = raw if outer is None else outer.value
        return raw

    @classmethod
    def _of(cls, parsed: Any) -> Self:
        return cls(**{each.name: parsed[each.name] for each in fields(cls)})


_LV = with_length(Byte)
_BER_LV = with_length(BerLength)


@dataclass(frozen=True, slots=True)
class InstallRequest(Structure):
    """Data of INSTALL for install, make selectable and personalization (11.5.2.3.2 to 11.5.2.3.6).

    Attributes:
        instance: AID of the instance.
        load_file: AID of the load file; empty for personalization.
        module: AID of the module; empty for personalization.
        privileges: 1 or 3 bytes; empty for personalization.
        parameters: TLV install parameters; `InstallParameters` writes them.
        token: empty unless management is delegated.
    """

    SCHEMA: ClassVar = Struct(
        "load_file" / _LV,
        "module" / _LV,
        "instance" / _LV,
        "privileges" / _LV,
        "parameters" / _BER_LV,
        "token" / _BER_LV,
        Terminated,
    )
    instance: bytes
    load_file: bytes = b""
    module: bytes = b""
    privileges: bytes = b""
    parameters: bytes = b""
    token: bytes = b""


@dataclass(frozen=True, slots=True)
class InstallParameters(Structure):
    """Install parameters (table 11-49): C9 is what the applet gets; None when it is absent."""

    SCHEMA: ClassVar = Template(Member("application", 0xC9))
    application: bytes | None


@dataclass(frozen=True, slots=True)
class DeleteRequest(Structure):
    """Data of DELETE for an instance or a load file (11.2.2.3.1); a token when management is delegated."""

    SCHEMA: ClassVar = Template(Member("aid", 0x4F), Member("token", 0x9E))
    aid: bytes | None
    token: bytes | None = None


@dataclass(frozen=True, slots=True)
class StatusRequest(Structure):
    """Data of GET STATUS: an AID prefix, empty for all (11.4.2.3)."""

    SCHEMA: ClassVar = Template(Member("prefix", 0x4F))
    prefix: bytes | None


@dataclass(frozen=True, slots=True)
class Dgi(Structure):
    """A data grouping of STORE DATA: a two-byte identifier and data (11.11.3.2)."""

    SCHEMA: ClassVar = Struct("tag" / Int16ub, "data" / with_length(DgiLength))
    tag: int
    data: bytes

    def __repr__(self) -> str:
        return f"Dgi(tag={self.tag:04X}, {len(self.data)} bytes)"


_DGIS = Struct("items" / GreedyRange(Dgi.SCHEMA), Terminated)


def parse_dgis(raw: bytes) -> list[Dgi]:
    """Read the data groupings of one STORE DATA block.

    Raises:
        WireError: the last one is cut short.
    """
    try:
        return [Dgi(item.tag, item.data) for item in _DGIS.parse(raw)["items"]]
    except ConstructError:
        raise WireError(f"a block of {len(raw)} bytes is no sequence of data groupings") from None


@dataclass(frozen=True, slots=True)
class RegistryEntry(Structure):
    """One E3 template of GET STATUS (tables 11-36 and 11-37).

    Attributes:
        aid: of the application, security domain or load file.
        life: life cycle byte; cards that answer two bytes mean the first.
        privileges: 1 or 3 bytes; None for load files.
        version: of a load file, major and minor; None when not told.
        load_file: AID of the load file that an application came from; None when not told.
        modules: AIDs of a load file's modules.
        domain: AID of the security domain it belongs to; None when not told.
    """

    SCHEMA: ClassVar = Template(
        Member("aid", 0x4F, required=True),
        Member("life", 0x9F70, first_byte, required=True),
        Member("privileges", 0xC5),
        Member("load_file", 0xC4),
        Member("version", 0xCE, Bytes(2)),
        Member("modules", 0x84, many=True),
        Member("domain", 0xCC),
    )
    TAGS: ClassVar = (0xE3,)
    aid: bytes
    life: int
    privileges: bytes | None = None
    load_file: bytes | None = None
    version: bytes | None = None
    modules: tuple[bytes, ...] = ()
    domain: bytes | None = None


def parse_registry(raw: bytes) -> list[RegistryEntry]:
    """Read the E3 templates of one GET STATUS answer.

    Raises:
        WireError: it holds something else.
    """
    try:
        items = parse(raw)
    except TlvError as error:
        raise WireError(f"the answer to GET STATUS is not a sequence of templates: {error}") from None
    return [RegistryEntry.from_bytes(item.value) for item in items if item.tag == 0xE3]


@dataclass(frozen=True, slots=True)
class Resources(Structure):
    """Extended card resources, data object FF21 (ETSI TS 102 226 8.2.1.7).

    Attributes:
        applications: installed applications.
        free: free bytes of non-volatile memory.
        free_volatile: free bytes of volatile memory.
    """

    SCHEMA: ClassVar = Template(
        Member("applications", 0x81, number(1)),
        Member("free", 0x82, number(4)),
        Member("free_volatile", 0x83, number(4)),
    )
    TAGS: ClassVar = (0xFF21,)
    applications: int | None
    free: int | None
    free_volatile: int | None = None


_OID = bytes.fromhex("2A864886FC6B")
"""The object identifier 1.2.840.114283, the start of each one in card data (H.1)."""


def _oid(number_after: int, content: Construct[Any, Any]) -> Construct[Any, Any]:
    return FocusedSeq("content", Const(_OID + bytes((number_after,))), "content" / content)


_VERSION: Construct[Any, Any] = ExprAdapter(
    Template(Member("version", 0x06, _oid(2, GreedyBytes), required=True)),
    lambda parsed, _context: tuple(parsed.version),
    lambda version, _context: {"version": bytes(version)},
)
_CHANNELS: Construct[Any, Any] = ExprAdapter(
    Template(Member("offers", 0x06, _oid(4, GreedyBytes), many=True)),
    lambda parsed, _context: [(offer[0], offer[1]) for offer in parsed.offers if len(offer) >= 2],
    lambda offer, _context: {"offers": [bytes(offer)]},
)


@dataclass(frozen=True, slots=True)
class CardData(Structure):
    """Card recognition data, data object 0066 (H.2).

    Attributes:
        version: of the GlobalPlatform specification that the card follows, such as ``(2, 3, 1)``.
        channels: secure channel protocols offered, each its number and its options byte i.
    """

    SCHEMA: ClassVar = Template(
        Member("oid", 0x06, Const(_OID + b"\x01"), required=True),
        Member("version", 0x60, _VERSION),
        Member("scheme", 0x63, Template(Member("oid", 0x06, Const(_OID + b"\x03"), required=True)), required=True),
        Member("channels", 0x64, _CHANNELS, many=True),
    )
    TAGS: ClassVar = (0x66, 0x73)
    version: tuple[int, ...] | None = None
    channels: tuple[tuple[int, int], ...] = ()

    @classmethod
    def _of(cls, parsed: Any) -> Self:
        """Put the offers of all tags 64 in one row: cards repeat the tag, or what is inside it, or name none."""
        return cls(parsed.version, tuple(offer for group in parsed.channels for offer in group))
