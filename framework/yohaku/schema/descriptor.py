"""The descriptor: an applet's files, PINs, keys and rules in the compact form that the container reads.

Its byte layout is the construct schema ``DESCRIPTOR``; ``specs/container.md`` is the contract.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import construct as c

from yohaku.errors import DecodeError, Fault, SchemaError
from yohaku.schema.declarations import FileKind, RecordFile
from yohaku.schema.purses import KIND as PURSE

if TYPE_CHECKING:
    from yohaku.schema.access import Rule
    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import File
    from yohaku.schema.purses import Purse

FORMAT = 1
LONGEST = 200
"""Most bytes of a descriptor: it travels in one short INSTALL command."""

RULE: Any = c.PrefixedArray(c.Int8ub, c.Int16ub)

_PIN: Any = c.Struct(
    "tries" / c.Int8ub,
    "shortest" / c.Int8ub,
    "longest" / c.Int8ub,
    "form" / c.BitStruct("can_disable" / c.Flag, "alphabet" / c.BitsInteger(7)),
    "reset" / RULE,
)
_KEY: Any = c.Struct("algorithm" / c.Int8ub, "tries" / c.Int8ub)
_PURSE: Any = c.Struct(
    "kind" / c.Const(PURSE, c.Int8ub),
    "sfi" / c.Int8ub,
    "receipt_key" / c.Int8ub,
    "entries" / c.Int8ub,
    "maximum" / c.Int32ub,
    "most_credit" / c.Int32ub,
    "most_debit" / c.Int32ub,
    "read" / RULE,
    "log" / RULE,
    "credit" / RULE,
    "debit" / RULE,
)
_FILE: Any = c.Struct(
    "kind" / c.OneOf(c.Int8ub, [kind.value for kind in FileKind]),
    "sfi" / c.Int8ub,
    "size"
    / c.Switch(
        c.this.kind,
        {FileKind.TRANSPARENT.value: c.Int16ub},
        default=c.Struct("record_size" / c.Int8ub, "records" / c.Int8ub),
    ),
    "read" / RULE,
    "update" / RULE,
    "append" / c.If(c.this.kind != FileKind.TRANSPARENT.value, RULE),
)

DESCRIPTOR: Any = c.Struct(
    "format" / c.Const(FORMAT, c.Int8ub),
    "version" / c.Int16ub,
    "counts"
    / c.BitStruct(
        "pin_count" / c.Rebuild(c.Nibble, lambda this: len(this._.pin_entries)),
        "key_count" / c.Rebuild(c.Nibble, lambda this: len(this._.key_entries)),
    ),
    "file_count" / c.Rebuild(c.Int8ub, c.len_(c.this.file_entries)),
    "pin_entries" / c.Array(c.this.counts.pin_count, _PIN),
    "key_entries" / c.Array(c.this.counts.key_count, _KEY),
    "file_entries" / c.Array(c.this.file_count, c.Select(_PURSE, _FILE)),
    c.Terminated,
)
"""Format, applet version, numbers of PINs and keys, of files with purses; then each of them. Big-endian."""


def compile_descriptor(applet: type[Applet]) -> bytes:
    """Give the descriptor of an applet.

    Raises:
        SchemaError: it is longer than the 200 bytes that one INSTALL command carries.
    """
    raw: bytes = DESCRIPTOR.build(
        {
            "version": applet.version,
            "counts": {},
            "pin_entries": [
                {
                    "tries": pin.tries,
                    "shortest": pin.shortest,
                    "longest": pin.longest,
                    "form": {"can_disable": pin.can_disable, "alphabet": pin.alphabet.value},
                    "reset": _rule(pin.reset),
                }
                for pin in applet.pins().values()
            ],
            "key_entries": [{"algorithm": key.algorithm, "tries": key.tries} for key in applet.keys().values()],
            "file_entries": [
                *(_file(file) for file in applet.files().values()),
                *(_purse(purse) for purse in applet.purses().values()),
            ],
        }
    )
    if len(raw) > LONGEST:
        raise SchemaError(
            f"{applet.__name__}: its descriptor takes {len(raw)} bytes, most is {LONGEST}: "
            "use fewer files or simpler access rules"
        )
    return raw


def fingerprint(descriptor: bytes) -> bytes:
    """Give the first 8 bytes of the descriptor's SHA-256, as the container states it when selected."""
    return hashlib.sha256(descriptor).digest()[:8]


def parse_descriptor(raw: bytes) -> dict[str, Any]:
    """Read a descriptor back into plain values, for showing an applet whose class is not at hand.

    Raises:
        DecodeError: ``raw`` is no descriptor of format 1.
    """
    from yohaku.codec.foreign_values import plain

    try:
        parsed: dict[str, Any] = plain(DESCRIPTOR.parse(raw))
    except c.ConstructError as error:
        reason = str(error).splitlines()[-1]
        raise DecodeError("cannot read the descriptor", [Fault(f"is malformed: {reason}", (), 0, len(raw))]) from None
    return parsed


def _rule(rule: Rule) -> list[int]:
    return rule.masks


def _purse(purse: Purse) -> dict[str, Any]:
    limits = {name: getattr(purse, name) for name in ("entries", "maximum", "most_credit", "most_debit")}
    rules = {operation: _rule(rule) for operation, rule in purse.rules.items()}
    return {"kind": PURSE, "sfi": purse.sfi, "receipt_key": purse.receipts.reference, **limits, **rules}


def _file(file: File[Any]) -> dict[str, Any]:
    rules = {operation: _rule(rule) for operation, rule in file.rules.items()}
    if isinstance(file, RecordFile):
        size: Any = {"record_size": file.record_size, "records": file.records}
    else:
        size = file.size
    return {"kind": file.kind.value, "sfi": file.sfi, "size": size, "append": None, **rules}
