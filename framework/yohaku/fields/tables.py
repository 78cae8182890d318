"""Code tables: a text from a versioned list is stored as its number, any other text behind an escape."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from yohaku.codec import BitField, FieldType, Json, Refused
from yohaku.codec.fieldtype import a, counted, left
from yohaku.errors import Fault, SchemaError, nearest
from yohaku.fields.numbers import UInt
from yohaku.fields.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping


class CodeTable:
    """A versioned list of texts with numbers that never change their meaning.

    Args:
        name: what the table lists, such as ``allergens``.
        version: grows with each change.
        entries: texts by number from 1 on; 0 stands for a text that is not in the table.

    Raises:
        SchemaError: a number is below 1, or a text is there twice.
    """

    def __init__(self, name: str, version: int, entries: Mapping[int, str]) -> None:
        self.name, self.version = name, version
        self.entries: Mapping[int, str] = MappingProxyType(dict(entries))
        self.numbers: Mapping[str, int] = MappingProxyType({entry: number for number, entry in entries.items()})
        if not entries or min(entries) < 1 or len(self.numbers) != len(entries):
            raise SchemaError(f"code table {name}: needs entries, numbers from 1 on, and each text once")

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    def conflicts(self, older: CodeTable) -> tuple[str, ...]:
        """Say how this table breaks what was written with an older version: entries gone or renamed."""
        return tuple(
            f"{number} was {entry!r}, is {self.entries.get(number, 'gone')!r}"
            for number, entry in older.entries.items()
            if self.entries.get(number) != entry
        )


class Coded(BitField[str]):
    """A text of a code table, stored as its number; another text is refused.

    Args:
        table: the table.
        bits: width of the number.
    """

    recurring = True

    def __init__(self, table: CodeTable, *, bits: int = 8) -> None:
        super().__init__(bits)
        self.table = table
        check_reach(table, bits)

    @property
    def type_name(self) -> str:
        """``Coded(allergens v1, 8)``."""
        return f"Coded({self.table}, {self.bits})"

    def to_bits(self, value: object) -> int:
        """Find the number."""
        number = self.table.numbers.get(value) if isinstance(value, str) else None
        if number is None:
            close = nearest(value, self.table.numbers) if isinstance(value, str) else None
            hint = f"; did you mean {close!r}?" if close else ""
            self.refuse(f"is {value!r}, which is not in the table {self.table}{hint}")
        return number

    def from_bits(self, number: int) -> str:
        """Refuse a number that the table does not have."""
        entry = self.table.entries.get(number)
        if entry is None:
            self.refuse(f"is {number}, which the table {self.table} does not have")
        return entry

    def example(self) -> str:
        """Give the first entry."""
        return next(iter(self.table.entries.values()))

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return value if isinstance(value, str) else self.refuse(f"is {a(value)}, must be text")


class CodedText(FieldType[str]):
    """A text, stored as its number when the code table has it, else as number 0, a length in one byte and the text.

    A text of the table written out is refused, so each text has one form. A number beyond the table is refused too:
    it was written with a later version.

    Args:
        table: the table.
        most: bytes that a text outside the table may take, 1 to 255.
        bits: width of the number, in whole bytes.
        encoding: of a text outside the table.
    """

    def __init__(self, table: CodeTable, most: int, *, bits: int = 8, encoding: str = "utf-8") -> None:
        check_reach(table, bits)
        if bits % 8 or not 1 <= most <= 0xFF:
            raise SchemaError(f"CodedText: a number of {bits} bits and texts of {most} bytes; whole bytes, 1 to 255")
        self.table, self.number = table, UInt(bits)
        self.text = Text(most, encoding, padded=False)
        super().__init__(bits // 8, bits // 8 + 1 + most)

    @property
    def type_name(self) -> str:
        """``CodedText(allergens v1, ..30, utf-8)``."""
        return f"CodedText({self.table}, ..{self.text.most}, {self.text.encoding})"

    def read(self, data: bytes, offset: int, end: int) -> tuple[str, int]:
        """Decode the number, and the text when the number is 0."""
        number, start = self.number.read(data, offset, end)
        if number:
            entry = self.table.entries.get(number)
            if entry is None:
                self.refuse(f"is {number}, which the table {self.table} does not have")
            return entry, start
        size = self.take(data, start, end, 1)[0]
        stop = start + 1 + size
        if stop > end:
            self.refuse(f"says {counted(size, 'byte')} follow, {left(end - start - 1)}")
        value, _ = self.text.read(data, start + 1, stop)
        if value in self.table.numbers:
            raise Refused(Fault(f"is {value!r} written out, which is number {self.table.numbers[value]}", (), 0))
        return value, stop

    def write(self, value: object) -> bytes:
        """Find the number, or encode the text."""
        number = self.table.numbers.get(value) if isinstance(value, str) else None
        if number is not None:
            return self.number.write(number)
        raw = self.text.write(value)
        return self.number.write(0) + bytes((len(raw),)) + raw

    def example(self) -> str:
        """Give the first entry."""
        return next(iter(self.table.entries.values()))

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return value if isinstance(value, str) else self.refuse(f"is {a(value)}, must be text")


def check_reach(table: CodeTable, bits: int) -> None:
    """Raise SchemaError unless ``bits`` hold every number of the table."""
    if bits < 1 or max(table.entries) >> bits:
        raise SchemaError(f"code table {table}: number {max(table.entries)} does not fit into {counted(bits, 'bit')}")
