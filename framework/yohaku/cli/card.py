"""``yohaku card``: what a card is and holds, and raw commands to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.keyfiles import keys_option, test_keys_option
from yohaku.cli.parameters import card_option, json_option, yes_option
from yohaku.cli.trace import trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yohaku.card import Card
    from yohaku.codec import Json
    from yohaku.iso7816 import Response

_FINE = frozenset({0x90, 0x61, 0x62})
"""First bytes of status words that tell of no failure; 63 tells of a wrong PIN (ISO/IEC 7816-4:2020 table 6)."""


@click.group(cls=Group, short_help="Ask a card what it is and holds; send it raw commands.")
def card() -> None:
    """Ask a card what it is and holds; send it raw commands."""


@card.command(
    examples=(
        "yohaku card info",
        "yohaku card info --card emulator:card.img --json",
    )
)
@card_option
@keys_option
@test_keys_option
@json_option
def info(url: str, key_file: str | None, *, allow_test_keys: bool, as_json: bool) -> None:
    """Tell what a card is, what is free on it and which applications it has."""
    from yohaku.cli.cards import open_card
    from yohaku.cli.inventory import inventory, print_inventory
    from yohaku.cli.keyfiles import card_keys

    with open_card(url) as connected:
        facts = _facts(connected)
        found = inventory(connected, card_keys(connected, key_file), allow_test_keys=allow_test_keys)
    if as_json:
        console.print_json({**facts, "applications": [item.to_json() for item in found]})
        return
    console.table([(name.replace("_", " "), _text(value)) for name, value in facts.items()])
    click.echo()
    print_inventory(found)


def _facts(connected: Card) -> dict[str, Any]:
    from yohaku.globalplatform import SecurityDomain
    from yohaku.iso7816 import Atr

    atr = Atr.from_bytes(connected.atr)
    return {
        "name": connected.name,
        "emulated": connected.is_emulator,
        "atr": atr.raw.hex(),
        "protocols": [f"T={number}" for number in atr.protocols],
        "free_bytes": SecurityDomain.select(connected).free_bytes(),
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return "not told" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


card.add_command(trace)


@card.command(examples=("yohaku card keys", "yohaku card keys --json"))
@card_option
@json_option
def keys(url: str, *, as_json: bool) -> None:
    """List the keys of the card's own security domain: versions, kinds and lengths, not the keys."""
    from yohaku.cli.domain import show_keys

    show_keys(url, b"", as_json=as_json)


@card.command(
    examples=(
        "yohaku card apdu 00A4040000",
        "yohaku card apdu 80CAFF2100 --json",
        "printf '00A4040000\\n80CAFF2100\\n' | yohaku card apdu -",
    )
)
@click.argument("commands", metavar="HEX...", nargs=-1, required=True)
@card_option
@yes_option
@json_option
def apdu(commands: Sequence[str], url: str, *, yes: bool, as_json: bool) -> None:
    """Send raw command APDUs; print each response and what its status word means.

    HEX is one command; - reads commands from stdin, one on each line, so that a PIN need not stand in the shell's
    history. Ends with exit code 4 when the last status word is an error.
    """
    from yohaku.card import StatusError
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card
    from yohaku.cli.errors import UsageError
    from yohaku.cli.sources import read_lines

    raw = [_command(line) for argument in commands for line in read_lines(argument) if line.strip()]
    if not raw:
        raise UsageError("stdin has no command")
    with open_card(url) as connected:
        if not connected.is_emulator:
            confirm(connected, [f"{console.counted(len(raw), 'raw command')} to {connected.name}"], yes=yes)
        responses = [_send(connected, command, is_shown=not as_json) for command in raw]
    if as_json:
        console.print_json([_exchange(*pair) for pair in zip(raw, responses, strict=True)])
    if responses[-1].status >> 8 not in _FINE:
        raise StatusError("the last command", responses[-1].status)


def _command(text: str) -> bytes:
    from yohaku.cli.errors import UsageError

    try:
        return bytes.fromhex(text)
    except ValueError:
        raise UsageError("a command is hex, such as 00A4040000, or - to read commands from stdin") from None


def _send(connected: Card, command: bytes, *, is_shown: bool) -> Response:
    from yohaku.iso7816 import Response, describe

    response = Response.from_bytes(connected.transmit(command))
    if is_shown:
        click.echo("".join(f"{part} " for part in (console.spaced(response.data),) if part) + describe(response.status))
    return response


def _exchange(command: bytes, response: Response) -> Json:
    from yohaku.iso7816 import describe

    return {
        "command": command.hex(),
        "data": response.data.hex(),
        "status": f"{response.status:04x}",
        "meaning": describe(response.status).partition(" (")[2].removesuffix(")"),
    }
