"""Straight code for integers of seven bits a byte, as construct's VarInt and ZigZag write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.codec.emit import Unsettled
from yohaku.codec.foreign_nodes import Node
from yohaku.codec.parts import call_read

if TYPE_CHECKING:
    from yohaku.codec.emit import Reader, Writer


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
