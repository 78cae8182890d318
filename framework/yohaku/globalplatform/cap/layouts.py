"""The components of a CAP file byte for byte, as construct schemas (Java Card VM specification 3.1, chapter 6).

Schemas take two parameters when they parse or build: ``minor``, of the CAP format 2.1 to 2.3, and ``extended``.
Of the extended format, those parts are declared whose layout the compact one shares; the rest stays bytes.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final, TypeAlias

from construct import (
    Array,
    Byte,
    Bytes,
    Const,
    Construct,
    GreedyBytes,
    GreedyRange,
    If,
    IfThenElse,
    Int16ub,
    Int32ub,
    Prefixed,
    PrefixedArray,
    Struct,
    Terminated,
    len_,
    this,
)

MAGIC: Final = bytes.fromhex("DECAFFED")
FORMATS: Final = ((2, 1), (2, 2), (2, 3))
"""CAP formats, major and minor: up to Java Card 2.1.x, 2.2 to 3.0.5, and from 3.1."""
INT, EXPORT, APPLET, EXTENDED = 0x01, 0x02, 0x04, 0x08
"""Flags of the header (table 6-3)."""


class Tag(IntEnum):
    """Component tags (table 6-1)."""

    HEADER = 1
    DIRECTORY = 2
    APPLET = 3
    IMPORT = 4
    CONSTANT_POOL = 5
    CLASS = 6
    METHOD = 7
    STATIC_FIELD = 8
    REFERENCE_LOCATION = 9
    EXPORT = 10
    DESCRIPTOR = 11
    DEBUG = 12
    STATIC_RESOURCES = 13


LOAD_ORDER: Final = (
    Tag.HEADER,
    Tag.DIRECTORY,
    Tag.IMPORT,
    Tag.APPLET,
    Tag.CLASS,
    Tag.METHOD,
    Tag.STATIC_FIELD,
    Tag.EXPORT,
    Tag.CONSTANT_POOL,
    Tag.REFERENCE_LOCATION,
    Tag.STATIC_RESOURCES,
    Tag.DESCRIPTOR,
)
"""The order in which a card installs components (6.3); Debug never goes to a card."""
REQUIRED: Final = (
    Tag.HEADER,
    Tag.DIRECTORY,
    Tag.IMPORT,
    Tag.CONSTANT_POOL,
    Tag.CLASS,
    Tag.METHOD,
    Tag.STATIC_FIELD,
    Tag.REFERENCE_LOCATION,
)
FIRST_CUSTOM: Final = 128
_WIDE: Final = frozenset((Tag.METHOD, Tag.REFERENCE_LOCATION, Tag.DESCRIPTOR, Tag.DEBUG))


def is_wide(tag: int, *, extended: bool) -> bool:
    """Whether a component's size takes four bytes instead of two (6.2)."""
    return tag == Tag.STATIC_RESOURCES or (extended and (tag in _WIDE or tag >= FIRST_CUSTOM))


AnyConstruct: TypeAlias = "Construct[Any, Any]"
_extended: Any = this._params.extended  # noqa: SLF001 - construct's own name for the parameters of parse and build
_minor: Any = this._params.minor  # noqa: SLF001

_AID: AnyConstruct = Prefixed(Byte, GreedyBytes)
_LIST: AnyConstruct = Prefixed(Int16ub, GreedyBytes)
PACKAGE: AnyConstruct = Struct("minor" / Byte, "major" / Byte, "aid" / _AID)

HEADER: AnyConstruct = Struct(
    "magic" / Const(MAGIC),
    "format_minor" / Byte,
    "format_major" / Byte,
    "flags" / Byte,
    "cap" / If(this.flags & EXTENDED, PACKAGE),
    "packages" / IfThenElse(this.flags & EXTENDED, PrefixedArray(Byte, PACKAGE), Array(1, PACKAGE)),
    "names" / If(this.format_minor >= 2, Array(len_(this.packages), Prefixed(Byte, GreedyBytes))),
    Terminated,
)


def _size(tag: Tag) -> AnyConstruct:
    if tag == Tag.STATIC_RESOURCES:
        return If(_minor >= 3, Int32ub)
    width: AnyConstruct = IfThenElse(_extended, Int32ub, Int16ub) if tag in _WIDE else Int16ub
    return If(_minor >= 2, width) if tag == Tag.DEBUG else width


DIRECTORY: AnyConstruct = Struct(
    "sizes" / Struct(*(tag.name / _size(tag) for tag in Tag)),
    "image_size" / Int16ub,
    "array_count" / Int16ub,
    "array_bytes" / Int16ub,
    "import_count" / Byte,
    "applet_count" / Byte,
    "custom"
    / PrefixedArray(Byte, Struct("tag" / Byte, "size" / IfThenElse(_extended, Int32ub, Int16ub), "aid" / _AID)),
    Terminated,
)
APPLETS: AnyConstruct = Struct(
    "applets" / PrefixedArray(Byte, Struct("aid" / _AID, "block" / If(_extended, Byte), "offset" / Int16ub)),
    Terminated,
)
IMPORTS: AnyConstruct = Struct("packages" / PrefixedArray(Byte, PACKAGE), Terminated)
CONSTANT_POOL: AnyConstruct = Struct(
    "entries" / PrefixedArray(Int16ub, Struct("tag" / Byte, "info" / Bytes(3))), Terminated
)

_REMOTE, _INTERFACE = 0x20, 0x80
_INTERFACE_INFO: AnyConstruct = Struct(
    "supers" / Array(this._.bits & 0x0F, Int16ub),
    "name" / If(this._.bits & _REMOTE, Prefixed(Byte, GreedyBytes)),
)
_REMOTE_INFO: AnyConstruct = Struct(
    "methods" / PrefixedArray(Byte, Bytes(5)),
    "hash_modifier" / Prefixed(Byte, GreedyBytes),
    "name" / Prefixed(Byte, GreedyBytes),
    "interfaces" / PrefixedArray(Byte, Int16ub),
)
_CLASS_INFO: AnyConstruct = Struct(
    "superclass" / Int16ub,
    "instance_size" / Byte,
    "first_reference" / Byte,
    "reference_count" / Byte,
    "public_base" / Byte,
    "public_count" / Byte,
    "package_base" / Byte,
    "package_count" / Byte,
    "public_methods" / Array(this.public_count, Int16ub),
    "package_methods" / Array(this.package_count, Int16ub),
    "interfaces" / Array(this._.bits & 0x0F, Struct("reference" / Int16ub, "methods" / PrefixedArray(Byte, Byte))),
    "remote" / If(this._.bits & _REMOTE, _REMOTE_INFO),
    "token_mapping" / If(_minor >= 3, Bytes(this.public_base + this.public_count)),
    "inheritable_tokens" / If(_minor >= 3, Byte),
)
CLASSES: AnyConstruct = Struct(
    "signatures" / If(_minor >= 2, _LIST),
    "items"
    / GreedyRange(Struct("bits" / Byte, "info" / IfThenElse(this.bits & _INTERFACE, _INTERFACE_INFO, _CLASS_INFO))),
    Terminated,
)
HANDLER: AnyConstruct = Struct("start" / Int16ub, "length" / Int16ub, "handler" / Int16ub, "catch_type" / Int16ub)
METHODS: AnyConstruct = Struct("handlers" / PrefixedArray(Byte, HANDLER), "code" / GreedyBytes)
STATIC_FIELDS: AnyConstruct = Struct(
    "image_size" / Int16ub,
    "reference_count" / Int16ub,
    "arrays" / PrefixedArray(Int16ub, Struct("type" / Byte, "values" / _LIST)),
    "default_count" / Int16ub,
    "values" / _LIST,
    Terminated,
)
REFERENCE_LOCATIONS: AnyConstruct = Struct("bytes" / _LIST, "shorts" / _LIST, Terminated)
EXPORTS: AnyConstruct = Struct(
    "classes"
    / PrefixedArray(
        Byte,
        Struct(
            "class_offset" / Int16ub,
            "field_count" / Byte,
            "method_count" / Byte,
            "fields" / Array(this.field_count, Int16ub),
            "methods" / Array(this.method_count, Int16ub),
        ),
    ),
    Terminated,
)
_FIELD: AnyConstruct = Struct("token" / Byte, "flags" / Byte, "reference" / Bytes(3), "type" / Int16ub)
_METHOD: AnyConstruct = Struct(
    "token" / Byte,
    "flags" / Byte,
    "offset" / Int16ub,
    "type" / Int16ub,
    "bytecodes" / Int16ub,
    "handler_count" / Int16ub,
    "handler_index" / Int16ub,
)
_DESCRIBED: AnyConstruct = Struct(
    "token" / Byte,
    "flags" / Byte,
    "reference" / Int16ub,
    "interface_count" / Byte,
    "field_count" / Int16ub,
    "method_count" / Int16ub,
    "interfaces" / Array(this.interface_count, Int16ub),
    "fields" / Array(this.field_count, _FIELD),
    "methods" / Array(this.method_count, _METHOD),
)
DESCRIPTORS: AnyConstruct = Struct(
    "classes" / PrefixedArray(Byte, _DESCRIBED),
    "constant_types" / PrefixedArray(Int16ub, Int16ub),
    "types" / GreedyBytes,
)
STATIC_RESOURCES: AnyConstruct = Struct(
    "directory" / PrefixedArray(Int16ub, Struct("id" / Int16ub, "size" / Int32ub)),
    "contents" / GreedyBytes,
)
ANY: AnyConstruct = Struct("bytes" / GreedyBytes)

COMPACT: Final[dict[int, AnyConstruct]] = {
    Tag.HEADER: HEADER,
    Tag.DIRECTORY: DIRECTORY,
    Tag.APPLET: APPLETS,
    Tag.IMPORT: IMPORTS,
    Tag.CONSTANT_POOL: CONSTANT_POOL,
    Tag.CLASS: CLASSES,
    Tag.METHOD: METHODS,
    Tag.STATIC_FIELD: STATIC_FIELDS,
    Tag.REFERENCE_LOCATION: REFERENCE_LOCATIONS,
    Tag.EXPORT: EXPORTS,
    Tag.DESCRIPTOR: DESCRIPTORS,
    Tag.STATIC_RESOURCES: STATIC_RESOURCES,
}
"""The schema of each component."""
EXTENDED_LAYOUTS: Final[dict[int, AnyConstruct]] = {
    **COMPACT,
    **dict.fromkeys((Tag.CLASS, Tag.METHOD, Tag.REFERENCE_LOCATION, Tag.EXPORT, Tag.DESCRIPTOR), ANY),
}
