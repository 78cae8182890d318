"""Generated Python as text: names, the objects that they stand for, lines, and the function that comes of them.

It knows nothing of field types. The same calls give the same text, so the source of a codec is deterministic.
"""

from __future__ import annotations

import keyword
import linecache
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import CodeType

INDENT = "    "
RESERVED = (
    *("data", "end", "value", "encode", "decode", "decode_from", "Exception"),
    *(
        "abs",
        "bool",
        "bytes",
        "dict",
        "float",
        "int",
        "len",
        "list",
        "max",
        "min",
        "range",
        "str",
        "sum",
        "tuple",
        "type",
    ),
)
"""Names that generated functions use themselves: of their frame, and Python's own."""


class Source:
    """The text of one function, and the objects that its global names stand for.

    Args:
        title: the name of the file in tracebacks.
        reserved: names that the text uses for something else.

    Attributes:
        title: what tracebacks call the file, such as ``<yohaku Borrower.decode>``.
        objects: objects by the global name that the text uses.
        notes: what each global name stands for, in words.
    """

    def __init__(self, title: str, reserved: Iterable[str] = RESERVED) -> None:
        self.title = title
        self.objects: dict[str, object] = {}
        self.notes: dict[str, str] = {}
        self.lines: list[str] = []
        self._taken: set[str] = set(reserved)
        self._bound: dict[int, str] = {}
        self._depth = 0

    def name(self, hint: str) -> str:
        """Give a name that nothing else in the text has, as close to ``hint`` as can be."""
        base = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in hint).strip("_") or "part"
        base = f"_{base}" if base[0].isdigit() or keyword.iskeyword(base) else base
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        return name

    def bind(self, thing: object, hint: str, note: str) -> str:
        """Give the global name of an object; the same object has one name."""
        known = self._bound.get(id(thing))
        if known is not None:
            return known
        name = self.name(hint)
        self._bound[id(thing)] = name
        self.objects[name], self.notes[name] = thing, note
        return name

    def line(self, text: str) -> None:
        """Add a line at the current indentation."""
        self.lines.append(f"{INDENT * self._depth}{text}")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Indent the lines added inside under ``head``."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def capture(self) -> Iterator[list[str]]:
        """Collect the lines added inside instead of adding them; whoever has them adds them again."""
        outer, depth = self.lines, self._depth
        self.lines, self._depth = [], 0
        yield self.lines
        self.lines, self._depth = outer, depth

    @property
    def text(self) -> str:
        """The whole text, opened by what each global name stands for."""
        notes = [f"# {name}: {note}" for name, note in self.notes.items()]
        return "\n".join([*notes, *self.lines, ""])

    def function(self, name: str, code: Callable[[str, str], CodeType]) -> Callable[..., Any]:
        """Make the function that the text defines under ``name``; ``code`` compiles a text under a title."""
        text = self.text
        linecache.cache[self.title] = (len(text), None, text.splitlines(keepends=True), self.title)
        namespace: dict[str, Any] = dict(self.objects)
        exec(code(text, self.title), namespace)  # noqa: S102 - the text was written here, from field types only
        made: Callable[..., Any] = namespace[name]
        return made
