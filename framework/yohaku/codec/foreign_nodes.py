"""Straight code for construct's own parts that hold no other part with a name: numbers, bytes, text, enums, adapters.

A node emits what ``Foreign`` would do: bytes are taken when the value would be written back as the same bytes, values
when they would come back the same. For canonical parts that follows from what they are, and nothing is done twice.
Whatever a node does not settle it refuses, and ``Foreign`` decides.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from yohaku.codec.emit import Unsettled
from yohaku.codec.tables import MOST, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yohaku.codec.emit import Emitter, Reader, Writer
    from yohaku.codec.fieldtype import FieldType


class Node:
    """One part of a construct.

    Attributes:
        size: bytes of every encoding; None when it depends on the value, or the part is counted in bits.
        bits: bits of every encoding.
        scalar: construct and generated code have the value in the same form, which is immutable, and equal values of
            one type are the same bytes.
        minimum: fewest bytes of an encoding.
        bare: the part can stand without a name: it needs no value to be written.
        lenient: construct writes it for values, too, that are left to it here.
    """

    scalar: bool = True
    bare: bool = False
    lenient: bool = False

    def __init__(self, bits: int | None = None, minimum: int = 0) -> None:
        self.bits = bits
        self.size = None if bits is None or bits % 8 else bits // 8
        self.minimum = minimum if bits is None else (bits + 7) // 8

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading; give the expression of the value, to be used once."""
        raise NotImplementedError

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of a value that has a local name."""
        raise NotImplementedError

    @property
    def leaves(self) -> str:
        """Say what it leaves as the index in its context: nothing, that of the ``last`` item, or ``unknown``."""
        inner = getattr(self, "inner", None)
        return "unknown" if isinstance(inner, Node) and inner.leaves else ""

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the parts, for whoever counts them."""
        return iter(())


class Sized(Node):
    """A part of so many bits, which are bytes in most.

    Attributes:
        width: bits.
        count: bytes.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.width, self.count = width, width // 8


class Number(Sized):
    """An integer: big-endian or little-endian, of any number of bits when big-endian."""

    def __init__(self, bits: int, *, signed: bool, little: bool = False) -> None:
        super().__init__(bits)
        self.signed, self.little = signed, little and bits > 8
        self.low = -(1 << bits - 1) if signed else 0
        self.high = (1 << bits - signed) - 1

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of a number."""
        if self.little and self.width > 32:
            number_of = to.bind(int.from_bytes, "number_of", "int.from_bytes")
            return f'{number_of}({to.raw(self.count, hint)}, "little", signed={self.signed})'
        number = self._swapped(to, hint) if self.little else to.bits(self.width, hint)
        return f"{number} - ({number} >> {self.width - 1} << {self.width})" if self.signed else number

    def _swapped(self, to: Reader, hint: str) -> str:
        octets = [(to.bits(8, hint), shift) for shift in range(0, self.width, 8)]
        joined = " | ".join(f"{name} << {shift}" if shift else name for name, shift in octets)
        return to.let(f"{hint}_number", joined) if self.signed else f"({joined})"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of a number."""
        to.refuse_if(f"type({value}) is not int or not {self.low} <= {value} <= {self.high}")
        if self.little and self.width > 32:
            size = self.count
            bytes_of = to.bind(int.to_bytes, "bytes_of", "int.to_bytes")
            to.raw(size, f'{bytes_of}({value}, {size}, "little", signed={self.signed})')
        elif self.little:
            for shift in range(0, self.width, 8):
                to.bits(8, f"({value} >> {shift} & 0xFF)" if shift else f"({value} & 0xFF)", fits=True)
        else:
            to.bits(self.width, f"({value} & {(1 << self.width) - 1:#x})" if self.signed else value, fits=True)


class Truth(Sized):
    """A bool in one byte or bit."""

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of 0 or 1."""
        number = to.bits(self.width, hint)
        if self.size:
            to.refuse_if(f"{number} > 1")
        return f"{number} == 1"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of a bool."""
        to.refuse_if(f"type({value}) is not bool")
        to.bits(self.width, value, fits=True)


class Float(Node):
    """A floating-point number in the format of the struct module; not-a-number is left to construct.

    It is no scalar to what compares values in place of bytes: zero equals minus zero.
    """

    scalar = False

    def __init__(self, layout: str) -> None:
        self.struct = struct.Struct(layout)
        self.layout = layout
        super().__init__(8 * self.struct.size)

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of a float."""
        unpack = to.bind(self.struct.unpack, f"unpack_{self.layout}", f'Struct("{self.layout}").unpack')
        number = to.let(f"{hint}_number", f"{unpack}({to.raw(self.struct.size, hint)})[0]")
        to.refuse_if(f"{number} != {number}")
        return number

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of a float that its format keeps."""
        pack = to.bind(self.struct.pack, f"pack_{self.layout}", f'Struct("{self.layout}").pack')
        unpack = to.bind(self.struct.unpack, f"unpack_{self.layout}", f'Struct("{self.layout}").unpack')
        raw = to.let(f"{value}_bytes", f"{pack}({value})")
        to.refuse_if(f"{unpack}({raw})[0] != {value}")
        to.raw(self.struct.size, raw)


class Raw(Sized):
    """So many bytes."""

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of bytes."""
        return to.raw(self.count, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of bytes."""
        to.refuse_if(f"type({value}) is not bytes or len({value}) != {self.size}")
        to.raw(self.count, value)


class Filled(Sized):
    """Bytes that zeros fill up to a size; the last one is none."""

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of bytes without the filler."""
        return f'{to.raw(self.count, hint)}.rstrip(b"\\0")'

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of bytes."""
        to.refuse_if(f'type({value}) is not bytes or len({value}) > {self.size} or {value}.endswith(b"\\0")')
        to.raw(self.count, value)


class Ended(Node):
    """Bytes up to one that ends them."""

    def __init__(self, term: int) -> None:
        super().__init__(minimum=1)
        self.term = term

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the search for the end."""
        place = to.position_within()
        stop = to.let(f"{hint}_stop", f"data.index({self.term}, {place}, {to.end})")
        raw = to.let(hint, f"data[{place}:{stop}]")
        to.move(to.let(f"{hint}_end", f"{stop} + 1"))
        return raw

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of bytes and their end."""
        to.refuse_if(f"type({value}) is not bytes or {self.term} in {value}")
        to.chunk(f"{value} + {bytes((self.term,))!r}")


class Rest(Node):
    """All bytes that are left."""

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the taking of all that is left."""
        raw = to.let(hint, f"data[{to.position_within()}:{to.end}]")
        to.move(to.end)
        return raw

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of bytes."""
        to.refuse_if(f"type({value}) is not bytes")
        to.chunk(value)


class Nothing(Node):
    """No bytes and no value."""

    bare = True

    def __init__(self) -> None:
        super().__init__(0)

    def emit_read(self, to: Reader, hint: str) -> str:  # noqa: ARG002 - nothing is read
        """Emit nothing."""
        return "None"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the check that there is no value."""
        if value != "None":
            to.refuse_if(f"{value} is not None")


class End(Nothing):
    """The end of what may be read."""

    def emit_read(self, to: Reader, hint: str) -> str:  # noqa: ARG002 - nothing is read
        """Emit the check that no byte is left."""
        to.refuse_if(f"{to.position()} != {to.end}")
        to.move(to.end)
        return "None"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the check that there is no value."""
        if value != "None":
            to.refuse_if(f"{value} is not None")


class Padded(Node):
    """A part and a filler behind it, in bytes or bits."""

    def __init__(self, inner: Node, bits: int, pattern: int, *, in_bits: bool) -> None:
        super().__init__(bits)
        self.inner, self.pattern, self.in_bits = inner, pattern, in_bits
        self.fill = bits - (inner.bits or 0)
        self.scalar, self.bare = inner.scalar, inner.bare

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of the part, and the check of the filler."""
        value = self.inner.emit_read(to, hint)
        if self.fill and self.in_bits:
            to.refuse_if(to.bits(self.fill, "padding"))
        elif self.fill:
            to.constant(bytes((self.pattern,)) * (self.fill // 8), "padding")
        return value

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of the part and the filler."""
        self.inner.emit_write(to, value)
        if self.fill and self.in_bits:
            to.bits(self.fill, "0", fits=True)
        elif self.fill:
            to.constant(bytes((self.pattern,)) * (self.fill // 8))


class Encoded(Node):
    """Text of another part's bytes."""

    def __init__(self, inner: Node, encoding: str, *, lossless: bool) -> None:
        super().__init__(inner.bits, inner.minimum)
        self.inner, self.encoding, self.lossless = inner, encoding, lossless

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the decoding."""
        raw = self.inner.emit_read(to, hint)
        if self.lossless:
            return f"{raw}.decode({self._argument})"
        raw = to.let(f"{hint}_bytes", raw)
        text = to.let(f"{hint}_text", f"{raw}.decode({self._argument})")
        to.refuse_if(f"{self._encoded(text)} != {raw}")
        return text

    @property
    def _argument(self) -> str:
        return "" if self.encoding == "utf-8" else repr(self.encoding)

    def _encoded(self, text: str) -> str:
        """Encode as construct does, which writes no byte for no text, whatever the encoding says."""
        encoded = f"{text}.encode({self._argument})"
        return encoded if self.lossless else f'({encoded} if {text} else b"")'

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the encoding."""
        to.refuse_if(f"type({value}) is not str")
        raw = to.let(f"{value}_bytes", self._encoded(value))
        if not self.lossless:
            to.refuse_if(f"{raw}.decode({self._argument}) != {value}")
        self.inner.emit_write(to, raw)


class Mapped(Node):
    """A value that stands for another part's value; both ways are tables."""

    def __init__(self, inner: Node, values: Mapping[Any, Any], codes: Mapping[Any, Any], *, scalar: bool) -> None:
        super().__init__(inner.bits, inner.minimum)
        self.inner, self.values, self.codes = inner, dict(values), dict(codes)
        self.scalar = scalar

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the look-up of the value."""
        values = to.bind(self.values, f"{hint}_values", "values by their encoding")
        return f"{values}[{self.inner.emit_read(to, hint)}]"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the look-up of the encoding."""
        codes = to.bind(self.codes, f"{value}_codes", "encodings by value")
        self.inner.emit_write(to, to.let(f"{value}_code", f"{codes}[{value}]"))


class FlagNames(Node):
    """A dict of names and bools for the bits of a number."""

    scalar = False

    def __init__(self, inner: Node, flags: Mapping[str, int]) -> None:
        super().__init__(inner.bits, inner.minimum)
        self.inner, self.flags = inner, dict(flags)

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the copying of a table's dict."""
        held = to.bind(Table(self.of_number), f"{hint}_flags", "flags by number")
        return f"{held}[{self.inner.emit_read(to, hint)}].copy()"

    def of_number(self, number: int) -> dict[str, bool]:
        """Give the flags of a number; ValueError when they would be written as another."""
        made = {name: number & value == value for name, value in self.flags.items()}
        if self.to_number(tuple(made.items())) != number:
            raise ValueError(number)
        return made

    def to_number(self, pairs: tuple[tuple[str, bool], ...]) -> int:
        """Give the number of flags; ValueError when it would come back as others."""
        number = 0
        for name, value in pairs:
            number |= self.flags[name] if value else 0
        if {name: number & value == value for name, value in self.flags.items()} != dict(pairs):
            raise ValueError(pairs)
        return number

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the look-up of the number."""
        to.refuse_if(f"type({value}) is not dict")
        held = to.bind(Table(self.to_number), f"{value}_number", "numbers by flags")
        self.inner.emit_write(to, to.let(f"{value}_bits", f"{held}[tuple({value}.items())]"))


class Checked(Node):
    """A part whose value a designer's function must agree to."""

    def __init__(self, inner: Node, agrees: Callable[[Any], Any], arguments: str) -> None:
        super().__init__(inner.bits, inner.minimum)
        self.inner, self.agrees, self.arguments = inner, agrees, arguments

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading, and the question."""
        value = to.let(f"{hint}_value", self.inner.emit_read(to, hint))
        to.refuse_if(self.question(to, value))
        return value

    def question(self, to: Emitter, value: str) -> str:
        """Give the condition under which the function does not agree."""
        return f"not {to.bind(self.agrees, 'agrees', 'a check of the designer')}({value}{self.arguments})"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the question, and the writing."""
        to.refuse_if(self.question(to, value))
        self.inner.emit_write(to, value)


class Pairs(dict[Any, Any]):
    """Values that are known to belong to an encoding: each was read from it and is written as it."""

    __slots__ = ()

    def learn(self, code: Any, value: Any) -> None:
        """Keep a pair of values that nobody can change."""
        if type(value) in IMMUTABLE:
            if len(self) >= MOST:
                self.clear()
            self[code] = value


IMMUTABLE = frozenset({int, str, bytes, bool, float})
"""Types whose values are plain, in a record and in construct alike."""
_UNSEEN = object()


class Adapted(Node):
    """A part whose value two functions of a designer's turn into another and back.

    Both are called once for a pair that was not seen before: that is what shows that nothing is lost. For one that
    was, the first is enough.

    Attributes:
        in_context: the value stands in the context of another part, so it must be plain as construct gives it.
    """

    scalar = in_context = False

    def __init__(
        self, inner: Node, decode: Callable[[Any], Any], encode: Callable[[Any], Any], arguments: str, plain: Any
    ) -> None:
        super().__init__(inner.bits, inner.minimum)
        self.inner, self.decode, self.encode, self.arguments, self.plain = inner, decode, encode, arguments, plain
        self.pairs = Pairs()

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the conversion, and the check that it goes back."""
        code = to.let(f"{hint}_code", self.inner.emit_read(to, hint))
        back = to.name(f"{hint}_back")
        return self.emit_value(to, hint, code, code, back, f"{back} != {code} or type({back}) is not type({code})")

    def emit_value(self, to: Reader, hint: str, key: str, code: str, back: str, lost: str) -> str:
        """Emit the conversion of ``code`` and the check, for a pair not seen before, that ``back`` is not ``lost``."""
        value = to.let(f"{hint}_value", self._call(to, self.decode, code))
        if self.in_context:
            to.refuse_if(f"{self._odd(to, value)} and {self._plain(to)}({value}) is not {value}")
        else:
            to.line(f"if {self._odd(to, value)}: {value} = {self._plain(to)}({value})")
        to.line(f"if {self._unseen(to, key, value)}:")
        to.line(f"    {back} = {self._call(to, self.encode, value)}")
        to.line(f"    if {lost}: raise {self._unsettled(to)}")
        to.line(f"    {self._pairs(to)}.learn({key}, {value})")
        return value

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the conversion, and the check that the value comes back."""
        code = self.emit_code(to, value)
        self.inner.emit_write(to, code)
        self.emit_back(to, value, code, code)

    def emit_code(self, to: Writer, value: str) -> str:
        """Emit the conversion to what the inner part writes; give its local name."""
        return to.let(f"{value}_code", self._call(to, self.encode, value))

    def emit_back(self, to: Writer, value: str, key: str, code: str) -> None:
        """Emit the check, for a pair not seen before, that the value comes back from ``code``."""
        to.line(f"if {self._unseen(to, key, value)}:")
        back = f"{self._plain(to)}({self._call(to, self.decode, code)})"
        to.line(f"    if not {back} == {value}: raise {self._unsettled(to)}")
        to.line(f"    {self._pairs(to)}.learn({key}, {value})")

    def _odd(self, to: Emitter, value: str) -> str:
        return f"type({value}) not in {to.bind(IMMUTABLE, 'IMMUTABLE', 'types that are plain already')}"

    def _call(self, to: Emitter, function: Callable[[Any], Any], argument: str) -> str:
        name = to.bind(function, f"designed_{function.__name__.strip('_<>')}", "a function of the designer's")
        return f"{name}({argument}{self.arguments})"

    def _unseen(self, to: Emitter, code: str, value: str) -> str:
        unseen = to.bind(_UNSEEN, "UNSEEN", "stands for no value")
        return f"not {self._pairs(to)}.get({code}, {unseen}) == {value}"

    def _pairs(self, to: Emitter) -> str:
        return to.bind(self.pairs, "pairs", "values by encoding that were seen to go both ways")

    def _plain(self, to: Emitter) -> str:
        return to.bind(self.plain, "plain", "makes a plain Python value")

    def _unsettled(self, to: Emitter) -> str:
        return to.bind(Unsettled, "Unsettled", "leaves the value to the interpreter")
