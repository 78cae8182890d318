"""The scripts that a failure shows: what to type to see a codec fail, and what to send to see a card do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yohaku.card.traces import Explainer, TraceEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yohaku.card import Card, Exchange
    from yohaku.schema import Applet, Record


class Transcript:
    """What a card was sent and answered, of which the last part can be shown as APDUs with their meaning.

    Only cards with published test values are written down so: nothing here is masked.
    """

    def __init__(self, card: Card, applet: type[Applet]) -> None:
        self._applet = applet
        self._exchanges: list[Exchange] = []
        card.observers.append(self._exchanges.append)

    def clear(self) -> None:
        """Forget what was sent so far."""
        self._exchanges.clear()

    def __str__(self) -> str:
        return apdu_script(((one.command, one.response) for one in self._exchanges), self._applet)


class Program:
    """What a test did with an applet on a card, as Python that does it on an emulated card.

    Attributes:
        lines: statements, in which ``card``, ``applet`` and ``secrets`` are known.
    """

    def __init__(self, applet: type[Applet]) -> None:
        self._applet = applet
        self.lines: list[str] = []

    def enter(self) -> None:
        """Begin anew by opening the applet."""
        self.lines = [f"applet = card.open({self._name})"]

    def send(self, command: bytes) -> None:
        """Send a command and show its answer."""
        self.lines.append(f'print(card.transmit(bytes.fromhex("{command.hex()}")).hex())')

    def cut(self, command: bytes, arguments: str) -> str:
        """Give the program that sends one more command, in which the power is cut."""
        more = (
            f"link.card.memory.cut_at({arguments})",
            "try:",
            f'    card.transmit(bytes.fromhex("{command.hex()}"))',
            "except Exception as error:",
            "    print(error)",
            "card.reset()",
            f"applet = card.open({self._name})",
        )
        return self._text("Card, Secrets, open_link", "Card(link := open_link('emulator:'))", [*self.lines, *more])

    @property
    def _name(self) -> str:
        return self._applet.__qualname__

    def __str__(self) -> str:
        return self._text("Secrets, connect", 'connect("emulator:")', self.lines)

    def _text(self, names: str, connected: str, lines: list[str]) -> str:
        if "<" in self._name:
            return ""
        head = (
            f"from {self._applet.__module__} import {self._name.split('.')[0]}",
            f"from yohaku.card import {names}",
            "from yohaku.globalplatform import load_applet",
            "from yohaku.testing.suite.cards import examples",
            "",
            f"secrets = Secrets.for_tests({self._name})",
            f"with {connected} as card:",
            f"    load_applet(card, {self._name}, secrets=secrets, contents=examples({self._name}))",
        )
        return "\n".join([*head, *(f"    {line}" for line in lines), "", ""])


def apdu_script(exchanges: Iterable[tuple[bytes, bytes]], applet: type[Applet]) -> str:
    """Write commands and answers in hex, each with what it means."""
    explainer = Explainer((applet,))
    lines: list[str] = []
    for command, response in exchanges:
        explained = explainer.explain(TraceEntry(command, response))
        lines += [f"# {explained.meaning}: {explained.status}", f"> {_spaced(command)}", f"< {_spaced(response)}"]
    return "\n".join(lines)


def python_script(record: type[Record], *lines: str) -> str:
    """Write Python that imports a record class and does something with it."""
    return "\n".join([f"from {record.__module__} import {record.__qualname__.split('.')[0]}", "", *lines])


def from_value(record: Record, *lines: str) -> str:
    """Write Python that makes a record from its JSON, which every value has."""
    try:
        shown: Any = record.to_json()
    except Exception as error:  # noqa: BLE001 - a broken codec is what scripts are about
        return python_script(type(record), f"# its to_json raises {error!r}: {record!r}")
    return python_script(type(record), f"record = {type(record).__qualname__}.from_json({shown!r})", *lines)


def from_bytes(kind: type[Record], raw: bytes, *lines: str) -> str:
    """Write Python that decodes bytes as a record."""
    return python_script(kind, f'record = {kind.__qualname__}.decode(bytes.fromhex("{raw.hex()}"))', *lines)


def _spaced(raw: bytes) -> str:
    return raw.hex(" ").upper()
