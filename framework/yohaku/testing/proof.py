"""The proof by example that an applet's codecs lose nothing: hundreds of records a file, in a second or two."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from yohaku.errors import YohakuError
from yohaku.schema.checks import Finding, Severity
from yohaku.schema.evolution import EvolutionError, origin, renewed_content
from yohaku.testing.values import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.schema import Applet, File, Record

RULE = "CODEC_NOT_LOSSLESS"
UPGRADE_RULE = "UPGRADE_FAILS"
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
    changed decodes to a record that encodes to just those bytes, or is refused. Where the declaration says how records
    of the previous version become new ones, random old records do.

    Args:
        applet: the declaration.
        examples: records to try for each file.
    """
    proofs = [_prove_codec(applet, file, examples) for file in applet.files().values()]
    return proofs + [_prove_upgrade(applet, file, examples) for file in applet.files().values() if file.converter]


def _prove_codec(applet: type[Applet], file: File[Any], examples: int) -> Proof:
    def holds(record: Record, place: int, change: int) -> None:
        raw = _check_value(record)
        _check_size(file, raw)
        _check_bytes(type(record), _changed(raw, place, change))

    given_bytes = (st.integers(0, 0xFFFF), st.integers(1, 0xFF))
    tried, fault = _try(holds, examples, records(file.record), *given_bytes)
    return _proof(applet, file, RULE, tried, fault)


def _prove_upgrade(applet: type[Applet], file: File[Any], examples: int) -> Proof:
    previous, before = applet.previous, origin(applet, file.name)
    if previous is None or before is None:
        return Proof(file.name, 0, None)

    def holds(record: Record) -> None:
        content = renewed_content(applet, previous.version, file.name, record.encode())
        file.record.decode_from(content)

    tried, fault = _try(holds, examples, records(before.record))
    return _proof(applet, file, UPGRADE_RULE, tried, fault)


def _proof(applet: type[Applet], file: File[Any], rule: str, tried: int, fault: str) -> Proof:
    finding = Finding(rule, Severity.ERROR, f"{applet.name}.{file.name}", fault) if fault else None
    return Proof(file.name, tried, finding)


def _try(holds: Callable[..., None], examples: int, *strategies: st.SearchStrategy[Any]) -> tuple[int, str]:
    """Run a property; give how many examples it took, and the fault of the smallest for which it does not hold."""
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
    @given(st.tuples(*strategies))
    def run(drawn: tuple[Any, ...]) -> None:
        nonlocal tried
        tried += 1
        holds(*drawn)

    try:
        run()
    except (_BrokenError, EvolutionError) as error:
        return tried, str(error)
    except Exception as error:  # noqa: BLE001 - whatever a codec raises, it is what is to be found
        return tried, f"raises {type(error).__name__}: {error}"
    return tried, ""


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
