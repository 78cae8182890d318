"""A construct from elsewhere as a field type: strict, with no Container and no construct error getting out."""

from __future__ import annotations

import io
from enum import Enum as PythonEnum
from typing import TYPE_CHECKING, Any

import construct

from yohaku.codec.fieldtype import FieldType, Json, Refused
from yohaku.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Foreign(FieldType[Any]):
    """Any construct object, used as it is.

    What it parses is checked by building it again: bytes that do not come back the same (padding with content, an
    enum value without a name) are refused, so the pair is lossless.

    Args:
        inner: the construct.
        to_json: makes JSON from a value, for values that are not numbers, text, bytes, lists or dicts.
        from_json: the inverse of ``to_json``.
    """

    def __init__(
        self,
        inner: Any,
        *,
        to_json: Callable[[Any], Json] | None = None,
        from_json: Callable[[Json], Any] | None = None,
    ) -> None:
        try:
            size: int | None = inner.sizeof()
        except Exception:  # noqa: BLE001 - sizeof of a foreign construct may fail in any way; then it is not fixed
            size = None
        super().__init__(size or 0, size)
        self.inner = inner
        self.greedy = size is None and _is_greedy(inner)
        self._to_json, self._from_json = to_json, from_json

    @property
    def type_name(self) -> str:
        """The construct's own class name."""
        return type(self.inner).__name__

    def read(self, data: bytes, offset: int, end: int) -> tuple[Any, int]:
        """Parse, then build again and compare."""
        stream = io.BytesIO(data[offset:end])
        raw = self._guard(lambda: self.inner.parse_stream(stream))
        used = data[offset : offset + stream.tell()]
        value = plain(raw)
        again = self._guard(lambda: self.inner.build(value))
        if again != used:
            raise Refused(Fault(f"is {used.hex()}, which would be written back as {again.hex()}", (), 0, len(used)))
        return value, offset + len(used)

    def write(self, value: object) -> bytes:
        """Build, and check that what was built reads back as the same value."""
        built = self._guard(lambda: self.inner.build(value))
        back = plain(self._guard(lambda: self.inner.parse(built)))
        if back != value:
            self.refuse(f"would come back as {back!r}: {self.type_name} does not keep this value")
        return bytes(built)

    def _guard(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - a foreign adapter may raise anything; it is a fault of the data
            text = str(error).strip().splitlines()
            reason = text[-1] if text else type(error).__name__
            raise Refused(Fault(f"is refused by {self.type_name}: {reason}", (), 0, self.size)) from None

    def example(self) -> Any:
        """Find a value by parsing zero bytes, then ones; a construct that takes neither needs a stated example."""
        for fill in (b"\0", b"\1", b"0", b" "):
            try:
                return self.read(fill * (self.size or 64), 0, self.size or 64)[0]
            except Refused:
                continue
        return self.refuse(f"has no example: state one with field({self.type_name}, example=...)")

    def to_json(self, value: object) -> Json:
        """Give numbers, text, lists and dicts as they are, bytes as lower-case hex."""
        return self._to_json(value) if self._to_json else _json(value)

    def from_json(self, value: Json) -> Any:
        """Find the value whose JSON form this is: as it stands, or with its hex strings read as bytes."""
        if self._from_json:
            return self._guard(lambda: self._from_json(value))  # type: ignore[misc]  # checked just above
        faults: tuple[Fault, ...] = ()
        for candidate in (value, _unhex(value)):
            try:
                self.write(candidate)
            except Refused as refused:
                faults = faults or refused.faults
            else:
                return candidate
        raise Refused(*faults)


def plain(value: Any) -> Any:
    """Turn what a construct parsed into plain Python values: no Container, no stream, no construct string."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items() if not str(key).startswith("_")}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, construct.EnumIntegerString):
        return str(value)
    if isinstance(value, construct.EnumInteger):
        raise_unknown(int(value))
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def raise_unknown(number: int) -> None:
    """Refuse an enum value that has no name; construct lets it pass as a number."""
    raise Refused(Fault(f"is {number}, which has no name in this enum", (), 0))


def _json(value: Any) -> Json:
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, PythonEnum):
        return value.name.lower()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise Refused(Fault(f"is a {type(value).__name__}, which has no JSON form: give the field to_json and from_json"))


def _unhex(value: Json) -> Any:
    if isinstance(value, dict):
        return {key: _unhex(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unhex(item) for item in value]
    if isinstance(value, str):
        try:
            return bytes.fromhex(value) if value == value.lower() and " " not in value else value
        except ValueError:
            return value
    return value


_GREEDY = ("GreedyBytes", "GreedyRange", "GreedyString", "Terminated")


def _is_greedy(inner: Any) -> bool:
    """Tell whether a construct takes all bytes up to the end of its stream."""
    if type(inner).__name__ in _GREEDY or inner is construct.GreedyBytes:
        return True
    bounded = isinstance(inner, construct.Prefixed | construct.FixedSized | construct.NullTerminated)
    return not bounded and any(map(_is_greedy, _inner_constructs(inner)))


def _inner_constructs(inner: Any) -> Iterable[Any]:
    if isinstance(inner, construct.Struct | construct.Sequence):
        return inner.subcons[-1:]
    subcon = getattr(inner, "subcon", None)
    return () if subcon is None else (subcon,)
