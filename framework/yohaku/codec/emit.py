"""What field types write their code with: a Reader emits the body of a decoder, a Writer that of an encoder.

The code is straight: no stream, no container, no bookkeeping. Whatever the code cannot settle, it refuses with
``raise Unsettled``; the interpreter then decides, and finds every fault.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from yohaku.codec.runs import CODES, SIZES, Part, groups, size_of, struct_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec.source import Source


class Unsettled(Exception):  # noqa: N818 - a signal of generated code to its frame, never seen outside
    """The straight code does not settle this value; the interpreter will."""


class Emitter:
    """What Reader and Writer share: names, objects, lines."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def name(self, hint: str) -> str:
        """Give a local name that nothing else has."""
        return self.source.name(hint)

    def bind(self, thing: object, hint: str, note: str) -> str:
        """Give the global name of an object; ``note`` says what it is to whoever reads the source."""
        return self.source.bind(thing, hint, note)

    def line(self, text: str) -> None:
        """Add a line."""
        self.source.line(text)

    def let(self, hint: str, expression: str) -> str:
        """Give ``expression`` a local name."""
        name = self.name(hint)
        self.line(f"{name} = {expression}")
        return name

    def refuse_if(self, condition: str) -> None:
        """Leave the value to the interpreter when ``condition`` holds."""
        self.line(f"if {condition}: raise {self.bind(Unsettled, 'Unsettled', 'leaves the value to the interpreter')}")


class Reader(Emitter):
    """Emits code that reads ``data`` from a position to an end.

    Parts of known size gather in a run, which one struct unpacks as soon as something else needs the position.

    Attributes:
        end: the expression of the offset where the bytes end that may be read.
        safe: reading past ``end`` raises by itself, since ``end`` is the end of ``data``.
        most: the number of bytes that are known to be the most that are left before ``end``; None when unknown.
        whole: the size of ``data`` when it must have one; None otherwise.
        checked: one struct unpacks the whole of ``data``, and so has checked its size.
        late: the last position is compared with ``end``, so that a part behind it need not be refused before.
        owed: such a part may have been read.
    """

    def __init__(
        self,
        source: Source,
        *,
        at: str = "",
        end: str = "end",
        safe: bool = True,
        whole: int | None = None,
        late: bool = False,
    ) -> None:
        super().__init__(source)
        self.whole, self.checked = whole, False
        self.late, self.owed = late, False
        self.end, self.safe = end, safe
        self.most: int | None = None
        self._at, self._ahead = at, 0
        self._run: list[Part] = []
        self._behind: list[str] = []
        self._own: set[str] = set()

    def line(self, text: str) -> None:
        """Add a line behind the run that it may use."""
        if self._run:
            self._behind.append(text)
        else:
            super().line(text)

    def bits(self, width: int, hint: str) -> str:
        """Read an unsigned integer of ``width`` bits, most significant first; give its local name."""
        name = self.name(hint)
        self._run.append(Part(name, bits=width))
        return name

    def raw(self, size: int, hint: str) -> str:
        """Read ``size`` bytes; give their local name."""
        name = self.name(hint)
        self._run.append(Part(name, size=size))
        return name

    def constant(self, content: bytes, hint: str) -> None:
        """Read bytes that must be the given ones: as numbers when they are few."""
        if len(content) > 16:
            self.refuse_if(f"{self.raw(len(content), hint)} != {content!r}")
            return
        wrong = []
        while content:
            size = next(size for size in (8, 4, 2, 1) if size <= len(content))
            wrong.append(f"{self.bits(8 * size, hint)} != {int.from_bytes(content[:size], 'big'):#x}")
            content = content[size:]
        self.refuse_if(" or ".join(wrong))

    @property
    def running(self) -> bool:
        """Whether a run is being gathered, which the next part of known size would join."""
        return bool(self._run)

    def here(self) -> str:
        """Give the expression of the current position; it holds once the run is settled."""
        return self.here_before(0)

    def here_before(self, size: int) -> str:
        """Give the expression of the position ``size`` bytes before the current one."""
        count = self._ahead + size_of(self._run) - size
        return f"{self._at} + {count}" if self._at and count else self._at or str(count)

    def position(self) -> str:
        """Settle the run and give the expression of the position behind it."""
        self.settle()
        return self.here()

    def move(self, position: str) -> None:
        """Go on at a position, which must be a local name or the end."""
        self.settle()
        self._at, self._ahead = position, 0

    def anchor(self, name: str = "") -> str:
        """Put the position into a local variable that code may change, ``name`` when given, and give its name."""
        place = self.position()
        if not name and place in self._own:
            return place
        name = name or self.name("position")
        if place != name:
            self.line(f"{name} = {place}")
        self._own.add(name)
        self.move(name)
        return name

    def within(self, place: str) -> None:
        """Refuse a place behind the end: here, unless the last position tells as well."""
        if self.late:
            self.owed = True
        else:
            self.refuse_if(f"{place} > {self.end}")

    def position_within(self) -> str:
        """Settle the run and give the position, which is not behind the end, whatever is compared later."""
        place = self.position()
        if self.owed:
            self.refuse_if(f"{place} > {self.end}")
            self.owed = False
        return place

    def rest(self, most: int, hint: str) -> str:
        """Give all bytes up to the end a local name, and go there; refuse more than ``most``."""
        place = self.position_within()
        self._at, self._ahead = self.end, 0
        name = self.let(hint, f"data[{place}:{self.end}]")
        if self.most is None or self.most > most:
            self.refuse_if(f"len({name}) > {most}")
        return name

    def settle(self) -> None:
        """Unpack the run gathered so far."""
        if not self._run:
            return
        parts, self._run = self._run, []
        size = size_of(parts)
        place = self.here()
        if not self.safe:
            self._ahead += size
            self.within(self.here())
            self._ahead -= size
        self.checked = size == self.whole and place == "0"
        unpack_run(self, parts, place)
        self._ahead += size
        behind, self._behind = self._behind, []
        for text in behind:
            self.source.line(text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Indent the code added inside under ``head``."""
        self.settle()
        with self.source.block(head):
            yield
            self.settle()

    @contextmanager
    def region(self, stop: str, most: int | None = None) -> Iterator[None]:
        """Let the code added inside read up to ``stop``, and all of it; then go on there."""
        outer = self.end, self.safe, self.most, self.late, self.owed
        self.settle()
        self.end, self.safe, self.most, self.late, self.owed = stop, False, most, True, False
        yield
        place = self.position()
        if place != stop:
            self.refuse_if(f"{place} != {stop}")
        self.end, self.safe, self.most, self.late, self.owed = outer
        self.move(stop)

    def gathered(self) -> tuple[list[Part], list[str]] | None:
        """Take the run and the lines behind it, for a loop that unpacks it again and again; None without one."""
        if not self._run:
            return None
        taken = self._run, self._behind
        self._run, self._behind = [], []
        return taken


def ahead(place: str, count: int) -> str:
    """Give the expression of the offset ``count`` bytes behind a position."""
    base, plus, so_far = place.rpartition(" + ")
    if place.isdecimal():
        return str(int(place) + count)
    return f"{base} + {int(so_far) + count}" if plus else f"{place} + {count}"


def unpack_run(to: Reader, parts: list[Part], place: str) -> None:
    """Emit the unpacking of a run at an offset."""
    if len(parts) == 1 and parts[0].bits == 8 and not to.checked:
        to.source.line(f"{parts[0].text} = data[{place}]")
        return
    layout, targets, splits = read_layout(to, parts)
    method = "unpack" if to.checked else "unpack_from"
    unpack = to.bind(getattr(struct_of(layout), method), f"{method}_{layout}", f'Struct(">{layout}").{method}')
    to.source.line(f"{_targets(targets)} = {unpack}(data{'' if place == '0' else f', {place}'})")
    for split in splits:
        to.source.line(split)


def _targets(targets: list[str]) -> str:
    return ", ".join(targets) if len(targets) > 1 else f"{targets[0]},"


def read_layout(to: Reader, parts: list[Part]) -> tuple[str, list[str], list[str]]:
    """Give the struct layout of a run, the names to unpack into, and the lines that take words apart."""
    layout, targets, splits = "", [], []
    for group in groups(parts):
        if group[0].size:
            layout += f"{group[0].size}s"
            targets.append(group[0].text)
            continue
        size = sum(part.bits for part in group) // 8
        word = group[0].text if len(group) == 1 else to.name("word")
        codes = CODES.get(size, "")
        layout += codes or f"{size}s"
        names = [word] if len(codes) == 1 else [to.name(word) for _ in codes or "s"]
        targets += names
        if len(codes) > 1:
            splits.append(f"{word} = {_joined(names, codes)}")
        elif not codes:
            splits.append(f'{word} = {to.bind(int.from_bytes, "number_of", "int.from_bytes")}({names[0]}, "big")')
        splits += _split(word, group)
    return layout, targets, splits


def _joined(names: list[str], codes: str) -> str:
    shift = 8 * sum(SIZES[code] for code in codes)
    terms = []
    for name, code in zip(names, codes, strict=True):
        shift -= 8 * SIZES[code]
        terms.append(f"{name} << {shift}" if shift else name)
    return " | ".join(terms)


def _split(word: str, group: list[Part]) -> Iterator[str]:
    if len(group) == 1:
        return
    shift = sum(part.bits for part in group)
    for index, part in enumerate(group):
        shift -= part.bits
        moved = f"{word} >> {shift}" if shift else word
        yield f"{part.text} = {moved}" + (f" & {(1 << part.bits) - 1:#x}" if index else "")


class Writer(Emitter):
    """Emits code that puts an encoding together from numbers, bytes and chunks of any size."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._pieces: list[list[Part] | str] = []

    def _part(self, part: Part) -> None:
        if not self._pieces or isinstance(self._pieces[-1], str):
            self._pieces.append([])
        run = self._pieces[-1]
        if isinstance(run, list):
            run.append(part)

    def bits(self, width: int, number: str, *, fits: bool = False) -> None:
        """Write an int in ``width`` bits; one that does not fit is refused, unless ``fits`` says that it does."""
        self._part(Part(number, bits=width, fits=fits))

    def raw(self, size: int, content: str) -> None:
        """Write bytes: exactly ``size`` of them, or fewer to be filled with zeros."""
        self._part(Part(content, size=size))

    def blank(self, size: int) -> None:
        """Write ``size`` zero bytes."""
        self._part(Part("", size=size, blank=True))

    def constant(self, content: bytes) -> None:
        """Write bytes that are always the same."""
        if not any(content):
            self.blank(len(content))
        elif len(content) in SIZES.values():
            self.bits(8 * len(content), f"{int.from_bytes(content, 'big'):#x}", fits=True)
        else:
            self.raw(len(content), repr(content))

    def chunk(self, content: str) -> None:
        """Write bytes of any number; ``content`` is evaluated once, at the end."""
        self._pieces.append(content)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Indent the code added inside under ``head``."""
        with self.source.block(head):
            yield

    def nested(self) -> Writer:
        """Give a writer for a part whose encoding is needed by itself."""
        return Writer(self.source)

    def finish(self) -> str:
        """Give the expression of all that was written."""
        pieces, self._pieces = self._pieces, []
        terms = [piece if isinstance(piece, str) else pack_run(self, piece) for piece in pieces]
        if len(terms) > 4:
            return f'b"".join(({", ".join(terms)}))'
        return " + ".join(terms) or 'b""'

    def settle(self, hint: str) -> str:
        """Give all that was written so far a local name, and go on behind it."""
        name = self.let(hint, self.finish())
        self.chunk(name)
        return name

    def run(self) -> list[Part] | None:
        """Take what was written when it is one run, for a loop that packs it again and again; else None."""
        if len(self._pieces) == 1 and isinstance(self._pieces[0], list):
            return self._pieces.pop()  # type: ignore[return-value]  # isinstance on the item says so
        return None


def pack_run(to: Writer, parts: list[Part]) -> str:
    """Emit the checks of a run and give the expression that packs it."""
    layout, arguments = write_layout(to, parts)
    if not arguments:
        blank = bytes(size_of(parts))
        return to.bind(blank, f"blank_{len(blank)}", f"{len(blank)} zero bytes")
    pack = to.bind(struct_of(layout).pack, f"pack_{layout}", f'Struct(">{layout}").pack')
    return f"{pack}({', '.join(arguments)})"


def write_layout(to: Writer, parts: list[Part]) -> tuple[str, list[str]]:
    """Emit the range checks that struct does not make; give the struct layout of a run and its arguments."""
    layout, arguments = "", []
    for group in groups(parts):
        if group[0].size:
            layout += f"{group[0].size}{'x' if group[0].blank else 's'}"
            arguments += [] if group[0].blank else [group[0].text]
            continue
        size = sum(part.bits for part in group) // 8
        word = _merged(to, group)
        codes = CODES.get(size, "")
        layout += codes or f"{size}s"
        arguments += _words(to, word, codes, size)
    return layout, arguments


def _merged(to: Writer, group: list[Part]) -> str:
    shift = sum(part.bits for part in group)
    terms = []
    for index, part in enumerate(group):
        shift -= part.bits
        text = part.text
        if index and not part.fits:
            text = _simple(to, text)
            to.refuse_if(f"{text} >> {part.bits}")
        terms.append(f"{text} << {shift}" if shift else text)
    return " | ".join(terms)


def _words(to: Writer, word: str, codes: str, size: int) -> list[str]:
    """Give the arguments that pack one number: whole, in several codes, or as bytes."""
    if len(codes) == 1:
        return [word]
    number = _simple(to, word)
    if not codes:
        return [f'{to.bind(int.to_bytes, "bytes_of", "int.to_bytes")}({number}, {size}, "big")']
    shift = 8 * size
    arguments = []
    for index, code in enumerate(codes):
        shift -= 8 * SIZES[code]
        moved = f"{number} >> {shift}" if shift else number
        arguments.append(moved + (f" & {(1 << 8 * SIZES[code]) - 1:#x}" if index else ""))
    return arguments


def _simple(to: Writer, expression: str) -> str:
    return expression if expression.isidentifier() else to.let("number", expression)
