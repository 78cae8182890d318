"""A construct from elsewhere as a field type: strict, with no Container and no construct error getting out."""

from __future__ import annotations

import io
from enum import Enum as PythonEnum
from typing import TYPE_CHECKING, Any, NoReturn

from yohaku.codec.constructs import is_construct
from yohaku.codec.fieldtype import FieldType, Json, Refused, a
from yohaku.codec.parts import call_read
from yohaku.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.emit import Reader, Writer

MOST_KEPT, LONGEST_KEPT = 512, 512
"""Encodings that a construct remembers, and their most bytes."""
_UNSEEN = object()


class Foreign(FieldType[Any]):
    """Any construct object, used as it is.

    What it parses is checked by building it again: bytes that do not come back the same (padding with content, an
    enum value without a name) are refused, and so is a value that parses to another one, so the pair is lossless.
    Values are numbers, text, bytes, lists and dicts; every member of a Struct that has a name is there, constants too.

    Parts of construct that are known become straight code, and functions of designers that look at nothing but the
    value are called in it. What is not known is called in place, with its context, and asked both ways.

    Args:
        inner: the construct.
        example: a value for documents and tests; without it one is looked for by parsing simple bytes.
        to_json: makes JSON from a value, for values that are not numbers, text, bytes, lists or dicts.
        from_json: the inverse of ``to_json``.

    Attributes:
        inner: the construct.
        kept: values by the bytes that were seen to go both ways.
    """

    def __init__(
        self,
        inner: Any,
        *,
        example: Any = None,
        to_json: Callable[[Any], Json] | None = None,
        from_json: Callable[[Json], Any] | None = None,
    ) -> None:
        if not is_construct(inner):
            raise SchemaError(f"Foreign: {inner!r} is {a(inner)}, must be a construct object")
        try:
            size: int | None = inner.sizeof()
        except Exception:  # noqa: BLE001 - sizeof of a foreign construct may fail in any way; then it is not fixed
            size = None
        super().__init__(size or 0, size)
        from yohaku.codec.foreign_values import build_bytes, equals_itself, is_greedy, parse_stream, plain

        self.inner: Any = inner
        self.greedy = size is None and is_greedy(inner)
        self._plain, self._parse_stream, self._build_bytes = plain, parse_stream, build_bytes
        self._equals_itself = equals_itself
        self.kept: dict[bytes, Any] = {}
        self._alone: set[bytes] = set()
        self._example, self._to_json, self._from_json = example, to_json, from_json

    @property
    def type_name(self) -> str:
        """The construct's own class name."""
        return type(self.inner).__name__

    def read(self, data: bytes, offset: int, end: int) -> tuple[Any, int]:
        """Parse, then build again and compare, unless the same bytes gave the same value before."""
        stream = io.BytesIO(data[offset:end])
        try:
            value = self._plain(self._parse_stream(self.inner, stream))
            used = data[offset : offset + stream.tell()]
            if self.kept.get(used, _UNSEEN) != value:
                again = self._build_bytes(self.inner, value)
                if again != used:
                    _refuse_other(used, again)
                if not self._equals_itself(value):
                    self.refuse("has what is not a number, which is equal to nothing, not even to itself")
                self._keep(used, value, alone=offset + len(used) == end)
        except Exception as error:  # noqa: BLE001 - a foreign adapter may raise anything; it is a fault of the data
            self._blame(error)
        return value, offset + len(used)

    def write(self, value: object) -> bytes:
        """Build, and check that all that was built reads back as the same value, unless it did before."""
        try:
            built = bytes(self._build_bytes(self.inner, value))
            if built not in self._alone or self.kept.get(built, _UNSEEN) != value:
                stream = io.BytesIO(built)
                back = self._plain(self._parse_stream(self.inner, stream))
                if stream.tell() != len(built) or back != value:
                    self.refuse(f"would come back as {back!r}: {self.type_name} does not keep this value")
                self._keep(built, back, alone=True)
        except Exception as error:  # noqa: BLE001 - a foreign adapter may raise anything; it is a fault of the value
            self._blame(error)
        return built

    def _keep(self, raw: bytes, value: Any, *, alone: bool) -> None:
        """Remember a pair that was seen to go both ways, or with bytes behind it that the value may be of, one way.

        The value is a copy that nobody else has.
        """
        if len(raw) <= LONGEST_KEPT:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
                self._alone.clear()
            self.kept[raw] = self._plain(value)
            (self._alone.add if alone else self._alone.discard)(raw)

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``: straight for the parts of construct that are known, else its call."""
        from yohaku.codec.foreign_plan import plan

        node = plan(self.inner)
        if node is not None:
            return node.emit_read(to, hint)
        return call_read(to, to.bind(self.read, f"read_{hint}", f"{self.type_name}, parsed by construct"), hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``: straight for the parts of construct that are known, else its call."""
        from yohaku.codec.foreign_plan import plan

        node = plan(self.inner)
        if node is not None:
            node.emit_write(to, value)
            return
        write = to.bind(self.write, f"write_{value}", f"{self.type_name}, built by construct")
        content = to.let(f"{value}_bytes", f"{write}({value})")
        if self.size is None:
            to.chunk(content)
        else:
            to.refuse_if(f"len({content}) != {self.size}")
            to.raw(self.size, content)

    def _guard(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - a designer's function may raise anything
            self._blame(error)

    def _blame(self, error: Exception) -> NoReturn:
        if isinstance(error, Refused):
            raise error
        text = str(error).strip().splitlines()
        reason = text[-1] if text else type(error).__name__
        raise Refused(Fault(f"is refused by {self.type_name}: {reason}", (), 0, self.size)) from None

    def example(self) -> Any:
        """Give the stated value, or find one by parsing short runs of zeros, ones, digits and spaces.

        Raises:
            SchemaError: no example is stated, and the construct takes none of these bytes.
        """
        if self._example is not None:
            return self._example
        sizes = (1, 2, 4, 8, 16, 64, 0) if self.size is None else (self.size,)
        for content in (fill * size for size in sizes for fill in (b"\0", b"\1", b"0", b" ")):
            try:
                value, end = self.read(content, 0, len(content))
            except Refused:
                continue
            if end == len(content):
                return value
        raise SchemaError(f"{self.type_name} has no example: state one with Foreign(..., example=...)")

    def to_json(self, value: object) -> Json:
        """Give numbers, text, lists and dicts as they are, bytes as lower-case hex."""
        make = self._to_json
        made: Json = self._guard(lambda: make(value)) if make else _json(value)
        return made

    def from_json(self, value: Json) -> Any:
        """Find the value whose JSON form this is: hex read as bytes where the construct has bytes, or as it stands."""
        from yohaku.codec.foreign_values import shaped, unhex

        make = self._from_json
        if make:
            return self._guard(lambda: make(value))
        faults: tuple[Fault, ...] = ()
        for candidate in (shaped(value, self.inner), value, unhex(value)):
            try:
                self.write(candidate)
            except Refused as refused:
                faults = faults or refused.faults
            else:
                return candidate
        raise Refused(*faults)


def _refuse_other(used: bytes, again: bytes) -> NoReturn:
    raise Refused(Fault(f"is {used.hex()}, which would be written back as {again.hex()}", (), 0, len(used)))


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
    raise Refused(Fault(f"is {a(value)}, which has no JSON form: give Foreign to_json and from_json"))
