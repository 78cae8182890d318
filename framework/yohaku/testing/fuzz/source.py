"""Findings written down as pytest modules: short, with nothing but the input and the check that fails on it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yohaku.testing.fuzz.finding import Reason

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Call:
    """How a test calls the check of a part.

    Attributes:
        check: an import line that brings the check, such as ``from yohaku.testing.fuzz.checks import check_bytes``.
        before: arguments before the input, as source.
        imports: further import lines that the arguments need.
        setup: lines between the imports and the test.
        text: whether the input is text, and is written as such.
    """

    check: str
    before: str = ""
    imports: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    text: bool = False

    @property
    def function(self) -> str:
        """The check's name."""
        return self.check.rsplit(" ", 1)[-1]

    def expression(self) -> str:
        """Write the call."""
        return f"{self.function}({self.before + ', ' if self.before else ''}DATA)"


def write_test(target: str, part: str, call: Call, reason: Reason, data: bytes, digest: str) -> str:
    """Write a pytest module that fails for ``reason`` until the fault is mended."""
    head = f"Found by `yohaku fuzz {target}`, part {part}: {reason}."
    told = (
        "\n".join(textwrap.wrap(_plain(head), _WIDTH))
        + "\n\n"
        + "\n".join(textwrap.wrap(_plain(reason.message), _WIDTH))
    )
    standard = sorted(line for line in call.imports if "yohaku" not in line)
    ours = sorted({call.check, *(line for line in call.imports if "yohaku" in line)})
    groups = ["\n".join(standard)] if standard else []
    groups += ["\n".join(ours), *(["\n".join(call.setup)] if call.setup else [])]
    groups += [_commented(reason.script)] if reason.script.strip() else []
    groups.append(f"DATA = {_text(data) if call.text else _hex(data)}")
    body = f"def test_finding_{digest}() -> None:\n    {call.expression()}\n"
    return f'"""{told.strip()}\n"""\n\n' + "\n\n".join(groups) + f"\n\n\n{body}"


def _commented(script: str) -> str:
    return "\n".join(line if line.startswith("#") else f"# {line}" for line in map(_plain, script.strip().splitlines()))


def _plain(text: str) -> str:
    """Make a sentence fit into a docstring: no quotes that end it, no backslashes, nothing unprintable."""
    safe = "".join(letter if letter.isprintable() else f"<{ord(letter):04X}>" for letter in text)
    return safe.replace("\\", "/").replace('"""', "'''").rstrip('"')


def _hex(data: bytes) -> str:
    digits = data.hex()
    if len(digits) <= _WIDTH - 30:
        return f'bytes.fromhex("{digits}")'
    lines = [digits[at : at + _WIDTH - 20] for at in range(0, len(digits), _WIDTH - 20)]
    return "bytes.fromhex(\n" + "\n".join(f'    "{line}"' for line in lines) + "\n)"


def _text(data: bytes) -> str:
    """Write bytes that are text as text, line by line."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _hex(data)
    lines = text.splitlines(keepends=True)
    if len(lines) <= 1:
        return f"{_literal(text)}.encode()"
    return "(\n" + "\n".join(f"    {_literal(line)}" for line in lines) + "\n).encode()"


def _literal(text: str) -> str:
    """Write a text in double quotes where that needs no more backslashes."""
    written = ascii(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in text else written
