"""Tagged unions: a number says which of several records follows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from yohaku.codec import FieldType, Json, Refused
from yohaku.codec.fieldtype import a
from yohaku.codec.parts import read_part, write_part
from yohaku.errors import SchemaError, nearest
from yohaku.fields.compound import as_type, shifted
from yohaku.fields.numbers import UInt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec.emit import Reader, Writer

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Case(Generic[T]):
    """One record of a union.

    Attributes:
        number: what stands before the record on the wire; never to be used again for another record.
        record: the record class.
    """

    number: int
    record: type[T]

    @property
    def name(self) -> str:
        """The name of the record class in lower case with underscores, as JSON has it."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.record.__name__).lower()

    @property
    def type(self) -> FieldType[T]:
        """The field type of the record."""
        made: FieldType[T] = as_type(self.record)
        return made


class OneOf(FieldType[T]):
    """A record of one of several classes, behind the number of its class; other numbers are refused.

    In JSON an object with one member, named as the case: ``{"cash": {"yen": 500}}``.

    Args:
        cases: two to six cases; more than six need a cast of the result.
        bits: width of the number, in whole bytes.
    """

    @overload
    def __init__(self: OneOf[A | B], a: Case[A], b: Case[B], /, *, bits: int = 8) -> None: ...
    @overload
    def __init__(self: OneOf[A | B | C], a: Case[A], b: Case[B], c: Case[C], /, *, bits: int = 8) -> None: ...
    @overload
    def __init__(
        self: OneOf[A | B | C | D], a: Case[A], b: Case[B], c: Case[C], d: Case[D], /, *, bits: int = 8
    ) -> None: ...
    @overload
    def __init__(
        self: OneOf[A | B | C | D | E], a: Case[A], b: Case[B], c: Case[C], d: Case[D], e: Case[E], /, *, bits: int = 8
    ) -> None: ...
    @overload
    def __init__(
        self: OneOf[A | B | C | D | E | F],
        a: Case[A],
        b: Case[B],
        c: Case[C],
        d: Case[D],
        e: Case[E],
        f: Case[F],
        /,
        *,
        bits: int = 8,
    ) -> None: ...
    @overload
    def __init__(self, *cases: Case[Any], bits: int = 8) -> None: ...
    def __init__(self, *cases: Case[Any], bits: int = 8) -> None:
        self.number = UInt(bits)
        self.cases = cases
        self.by_number = {case.number: case for case in cases}
        self.by_class = {case.record: case for case in cases}
        self.by_name = {case.name: case for case in cases}
        self._check()
        types = [case.type for case in cases]
        maxima = [type_.maximum for type_ in types]
        most = None if None in maxima else max(size for size in maxima if size is not None)
        head = self.number.minimum
        super().__init__(head + min(type_.minimum for type_ in types), None if most is None else head + most)
        self.greedy = any(type_.greedy for type_ in types)

    def _check(self) -> None:
        if not self.number.aligned:
            raise SchemaError(f"OneOf: a number of {self.number.bits} bits does not fill whole bytes")
        if not self.cases or not len(self.cases) == len(self.by_number) == len(self.by_class) == len(self.by_name):
            raise SchemaError("OneOf: cases need different numbers, classes and names")
        wrong = [case.number for case in self.cases if not 0 <= case.number <= self.number.most]
        if wrong:
            raise SchemaError(f"OneOf: {', '.join(map(str, wrong))}: numbers go from 0 to {self.number.most}")

    @property
    def type_name(self) -> str:
        """``OneOf(1 Cash, 2 Points)``."""
        return f"OneOf({', '.join(f'{case.number} {case.record.__name__}' for case in self.cases)})"

    def read(self, data: bytes, offset: int, end: int) -> tuple[T, int]:
        """Decode the number, then the record that it stands for."""
        number, start = self.number.read(data, offset, end)
        case = self.by_number.get(number)
        if case is None:
            self.refuse(f"has the number {number}, known is {', '.join(map(str, self.by_number))}")
        try:
            return case.type.read(data, start, end)
        except Refused as refused:
            raise Refused(*(shifted(fault, start - offset) for fault in refused.faults)) from None

    def write(self, value: object) -> bytes:
        """Encode the number of the value's class, then the value."""
        case = self._case_of(value)
        try:
            return self.number.write(case.number) + case.type.write(value)
        except Refused as refused:
            raise Refused(*(shifted(fault, self.number.minimum) for fault in refused.faults)) from None

    def _case_of(self, value: object) -> Case[T]:
        case = self.by_class.get(type(value))
        if case is None:
            self.refuse(f"is {a(value)}, must be one of {', '.join(case.record.__name__ for case in self.cases)}")
        return case

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        number = to.let(f"{hint}_number", read_part(to, self.number, f"{hint}_number"))
        value, position = to.name(hint), to.anchor()
        for index, case in enumerate(self.cases):
            with to.block(f"{'elif' if index else 'if'} {number} == {case.number}:"):
                to.line(f"{value} = {read_part(to, case.type, case.name)}")
                to.anchor(position)
        with to.block("else:"):
            to.refuse_if("True")
        return value

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        kind, content = to.let(f"{value}_kind", f"type({value})"), to.name(f"{value}_content")
        for index, case in enumerate(self.cases):
            record = to.bind(case.record, case.record.__name__, "the record class")
            with to.block(f"{'elif' if index else 'if'} {kind} is {record}:"):
                inner = to.nested()
                inner.constant(self.number.write(case.number))
                write_part(inner, case.type, value, case.name)
                to.line(f"{content} = {inner.finish()}")
        with to.block("else:"):
            to.refuse_if("True")
        to.chunk(content)

    def example(self) -> T:
        """Give the example of the first case."""
        made: T = self.cases[0].type.example()
        return made

    def to_json(self, value: object) -> Json:
        """Give an object with one member, named as the case."""
        case = self._case_of(value)
        return {case.name: case.type.to_json(value)}

    def from_json(self, value: Json) -> T:
        """Take an object with one member, named as the case."""
        if not isinstance(value, dict) or len(value) != 1:
            self.refuse(f"must be an object with one member out of {', '.join(self.by_name)}")
        name, content = next(iter(value.items()))
        case = self.by_name.get(name)
        if case is None:
            close = nearest(name, self.by_name)
            hint = f"; did you mean {close!r}?" if close else ""
            self.refuse(f"is {name!r}, must be one of {', '.join(self.by_name)}{hint}")
        try:
            made: T = case.type.from_json(content)
        except Refused as refused:
            raise Refused(*(fault.under(name, self.number.minimum) for fault in refused.faults)) from None
        return made

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield each case by its name; they share their place, and one of them is there."""
        for name, case in self.by_name.items():
            yield name, case.type, self.number.minimum
