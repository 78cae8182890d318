"""The proof by example that an applet's codecs lose nothing: hundreds of records a file, in a second or two."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from yohaku.errors import YohakuError
from yohaku.schema.checks import Finding, Severity
from yohaku.testing.values import records

if TYPE_CHECKING:
    from yohaku.schema import Applet, File, Record

RULE = "CODEC_NOT_LOSSLESS"
EXAMPLES = 200


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of the examples of one file.

    Attributes:
        file: its name.
        examples: records that were tried.
        finding: the smallest record or encoding for which the codec does not hold; None when it always did.
    """

    file: str
    examples: int
    finding: Finding | None

    def __str__(self) -> str:
        return str(self.finding) if self.finding else f"{self.file}: {self.examples} records came back unchanged"


class _BrokenError(Exception):
    """The codec does not hold for an example."""


def prove(applet: type[Applet], *, examples: int = EXAMPLES) -> list[Proof]:
    """Try random records of every file, the limits of their fields often, always the same ones.

    Each comes back from its bytes and from its JSON, takes as many bytes as its layout says, and with one byte
    changed decodes to a record that encodes to just those bytes, or is refused.

    Args:
        applet: the declaration.
        examples: records to try for each file.
    """
    return [_prove(applet, file, examples) for file in applet.files().values()]


def _prove(applet: type[Applet], file: File[Any], examples: int) -> Proof:
    tried = 0

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    )
    @given(records(file.record), st.integers(0, 0xFFFF), st.integers(1, 0xFF))
    def holds(record: Record, place: int, change: int) -> None:
        nonlocal tried
        tried += 1
        raw = _check_value(record)
        _check_size(file, raw)
        _check_bytes(type(record), _changed(raw, place, change))

    finding = None
    try:
        holds()
    except Exception as error:  # noqa: BLE001 - whatever a codec raises, it is what is to be found
        message = str(error) if isinstance(error, _BrokenError) else f"its codec raises {type(error).__name__}: {error}"
        finding = Finding(RULE, Severity.ERROR, f"{applet.name}.{file.name}", message)
    return Proof(file.name, tried, finding)


def _check_value(record: Record) -> bytes:
    raw = record.encode()
    back = type(record).decode(raw)
    if back != record:
        raise _BrokenError(f"{record!r} comes back from its bytes {raw.hex()} as {back!r}")
    again = type(record).from_json(json.loads(json.dumps(record.to_json())))
    if again != record:
        raise _BrokenError(f"{record!r} comes back from its JSON as {again!r}")
    return raw


def _check_size(file: File[Any], raw: bytes) -> None:
    type_ = file.record.__field_type__
    if len(raw) < type_.minimum or (type_.maximum is not None and len(raw) > type_.maximum):
        span = f"{type_.minimum} to {type_.maximum}"
        raise _BrokenError(f"{raw.hex()} takes {len(raw)} bytes, the layout says {span}")


def _check_bytes(kind: type[Record], raw: bytes) -> None:
    try:
        record = kind.decode(raw)
    except YohakuError:
        return
    if record.encode() != raw:
        raise _BrokenError(f"the bytes {raw.hex()} decode to {record!r}, which encodes to {record.encode().hex()}")


def _changed(raw: bytes, place: int, change: int) -> bytes:
    if not raw:
        return raw
    at = place % len(raw)
    return raw[:at] + bytes((raw[at] ^ change,)) + raw[at + 1 :]
