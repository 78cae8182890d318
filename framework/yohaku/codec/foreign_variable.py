"""Straight code for what is of any size: integers of seven bits a byte, and bytes as many as a member says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.codec.emit import Unsettled
from yohaku.codec.foreign_nodes import Node
from yohaku.codec.parts import call_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.emit import Emitter, Reader, Writer


class Variable(Node):
    """An unsigned integer in groups of seven bits, the lowest first; with ``zigzag``, signed ones in between."""

    def __init__(self, *, zigzag: bool) -> None:
        super().__init__(minimum=1)
        self.zigzag = zigzag

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the call of what reads one."""
        number = call_read(to, to.bind(read_variable, "read_variable", "seven bits a byte"), hint)
        return f"({number} >> 1 ^ -({number} & 1))" if self.zigzag else number

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the call of what writes one."""
        number = f"({value} << 1 if {value} >= 0 else ~({value} << 1))" if self.zigzag else value
        to.chunk(f"{to.bind(write_variable, 'write_variable', 'seven bits a byte')}({number})")


class Counted(Node):
    """As many bytes as an expression says."""

    def __init__(self, count: Callable[[Emitter], str]) -> None:
        super().__init__()
        self.count = count

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of bytes."""
        count = to.let(f"{hint}_count", self.count(to))
        place = to.position_within()
        stop = to.let(f"{hint}_stop", f"{place} + {count}")
        to.refuse_if(f"not {place} <= {stop} <= {to.end}")
        raw = to.let(hint, f"data[{place}:{stop}]")
        to.move(stop)
        return raw

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of bytes."""
        to.refuse_if(f"type({value}) is not bytes or len({value}) != {self.count(to)}")
        to.chunk(value)


def read_variable(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Read an unsigned integer of seven bits a byte; an error when it is cut off, or longer than it need be."""
    number = shift = 0
    while (byte := data[position]) > 0x7F:
        number |= (byte & 0x7F) << shift
        shift += 7
        position += 1
    if position >= end or not (byte or not shift):
        raise Unsettled
    return number | byte << shift, position + 1


def write_variable(number: int) -> bytes:
    """Write an unsigned integer of seven bits a byte."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)
