"""``yohaku applet purse``: purses of an applet on a card, and their receipts in the back office."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.keyfiles import plan_option
from yohaku.cli.parameters import (
    card_option,
    json_option,
    last_try_option,
    secrets_option,
    target_argument,
    yes_option,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yohaku.schema import Applet, Purse, Receipt

Command = TypeVar("Command", bound="Callable[..., None]")
_LOADED = ("export YOHAKU_CARD=emulator:card.img", "yohaku applet load health-points")
_FILLED = (*_LOADED, "yohaku applet purse credit health-points points 300")
_HEAD = ("BOOKING", "", "AMOUNT", "BALANCE", "REFERENCE")

purse_argument = click.argument("name", metavar="PURSE")
amount_argument = click.argument("amount", type=int)
reference_option = click.option(
    "--reference", metavar="HEX", help="8 bytes by which the terminal knows the booking; random by default."
)


def _booking(command: Command) -> Command:
    """Give a command what both kinds of booking take."""
    options = (secrets_option, last_try_option, plan_option, yes_option, json_option)
    for option in reversed((target_argument, purse_argument, amount_argument, reference_option, card_option, *options)):
        command = option(command)
    return command


@click.group(cls=Group, short_help="Book amounts on an applet's purses, read and verify receipts.")
def purse() -> None:
    """Book amounts on the purses of an applet on a card, read balances and logs, verify receipts without a card."""


@purse.command(
    examples=(
        *_FILLED,
        "yohaku applet purse balance health-points points",
        "yohaku applet purse balance health-points points --json",
    )
)
@target_argument
@purse_argument
@card_option
@secrets_option
@last_try_option
@json_option
def balance(target: str, name: str, url: str, secrets_file: str | None, *, last_try: bool, as_json: bool) -> None:
    """Read the balance of a purse."""
    from yohaku.cli.access import unlock
    from yohaku.cli.cards import open_card

    kind, declared = _declared(target, name)
    with open_card(url) as card:
        instance = card.open(kind)
        unlock(card, instance, [declared.read], secrets_file, last_try=last_try)
        state = _bound(instance, declared).read()
    if as_json:
        console.print_json({"purse": state.number.hex(), "sequence": state.sequence, "balance": state.balance})
    else:
        click.echo(f"{state.balance:,}")


@purse.command(
    examples=(
        *_LOADED,
        "yohaku applet purse credit health-points points 300",
        "yohaku applet purse credit health-points points 300 --plan",
    )
)
@_booking
def credit(target: str, name: str, amount: int, reference: str | None, url: str, **options: Any) -> None:
    """Add an amount to a purse, and print the receipt.

    If the link breaks, read the log: the reference is there, or nothing was booked.
    """
    _book("credit", target, name, amount, reference, url, **options)


@purse.command(
    examples=(
        *_FILLED,
        "yohaku applet purse debit health-points points 120 --reference 5348303700000042",
        "yohaku applet purse debit health-points points 80 --json >receipt.json",
        "yohaku applet purse verify health-points points receipt.json --allow-test-keys",
    )
)
@_booking
def debit(target: str, name: str, amount: int, reference: str | None, url: str, **options: Any) -> None:
    """Take an amount from a purse, and print the receipt.

    If the link breaks, read the log: the reference is there, or nothing was booked.
    """
    _book("debit", target, name, amount, reference, url, **options)


def _book(
    verb: str,
    target: str,
    name: str,
    amount: int,
    reference: str | None,
    url: str,
    *,
    secrets_file: str | None,
    last_try: bool,
    plan: bool,
    yes: bool,
    as_json: bool,
) -> None:
    from yohaku.card.purses import check_booking
    from yohaku.cli.access import confirm, unlock
    from yohaku.cli.cards import open_card
    from yohaku.schema import Booking

    kind, declared = _declared(target, name)
    known = _reference(reference)
    check_booking(declared, Booking[verb.upper()], amount, bytes(8) if known is None else known)
    if plan:
        from yohaku.cli.plan import plan_booking

        plan_booking(kind, declared, verb, amount, known, url, secrets_file)
        return
    with open_card(url) as card:
        instance = card.open(kind)
        unlock(card, instance, [declared.rules[verb]], secrets_file, last_try=last_try)
        confirm(card, [f"{verb} {name} of {kind.name} by {amount:,}"], yes=yes)
        receipt: Receipt = getattr(_bound(instance, declared), verb)(amount, reference=known)
    if as_json:
        console.print_json(receipt.to_json())
    else:
        console.table([_row(receipt)], head=_HEAD)


@purse.command(
    examples=(
        *_FILLED,
        "yohaku applet purse log health-points points",
        "yohaku applet purse log health-points points --json",
    )
)
@target_argument
@purse_argument
@card_option
@secrets_option
@last_try_option
@json_option
def log(target: str, name: str, url: str, secrets_file: str | None, *, last_try: bool, as_json: bool) -> None:
    """Read the receipts that a purse keeps, the newest first."""
    from yohaku.cli.access import unlock
    from yohaku.cli.cards import open_card

    kind, declared = _declared(target, name)
    with open_card(url) as card:
        instance = card.open(kind)
        unlock(card, instance, [declared.log], secrets_file, last_try=last_try)
        found: list[Receipt] = _bound(instance, declared).log()
    if as_json:
        console.print_json([one.to_json() for one in found])
    elif found:
        console.table(map(_row, found), head=_HEAD)
    else:
        console.note("no bookings yet")


@purse.command(
    examples=(
        *_FILLED,
        "yohaku applet purse log health-points points --json >receipts.json",
        "yohaku applet purse verify health-points points receipts.json --allow-test-keys",
        "yohaku applet purse verify health-points points receipts.json --allow-test-keys --json",
    )
)
@target_argument
@purse_argument
@click.argument("source")
@secrets_option
@click.option("--allow-test-keys", is_flag=True, help="Take the published test key, which made receipts of no worth.")
@json_option
def verify(
    target: str, name: str, source: str, secrets_file: str | None, *, allow_test_keys: bool, as_json: bool
) -> None:
    """Verify receipts, as a back office does, without a card.

    SOURCE is a receipt or a list of them as JSON: - for stdin, a path, or JSON that starts with {. Exit code 1 when
    one is forged, handed in twice, or does not follow the one before it; bookings in between that are missing are told.
    """
    from yohaku.cli.access import stored_key
    from yohaku.cli.sources import read_json
    from yohaku.schema.audit import audit
    from yohaku.schema.receipts import read_receipts

    kind, declared = _declared(target, name)
    receipts = read_receipts(read_json(source))
    found = audit(
        kind, declared, receipts, stored_key(kind, declared.receipts.name, secrets_file, test=allow_test_keys)
    )
    bad = [finding for finding in found if not finding.is_gap]
    if as_json:
        console.print_json({"receipts": len(receipts), "findings": [finding.to_json() for finding in found]})
    else:
        for finding in found:
            click.echo(str(finding))
    console.note(f"{console.counted(len(receipts), 'receipt')}, {console.counted(len(bad), 'doubt')}")
    if bad:
        click.get_current_context().exit(1)


def _declared(target: str, name: str) -> tuple[type[Applet], Purse]:
    from yohaku.cli.targets import load_target
    from yohaku.errors import UnknownNameError

    kind = load_target(target)
    if name not in kind.purses():
        raise UnknownNameError("purse", name, kind.purses(), where=f" in {kind.name}")
    return kind, kind.purses()[name]


def _bound(instance: Applet, declared: Purse) -> Any:
    return getattr(instance, declared.name)


def _reference(text: str | None) -> bytes | None:
    from yohaku.cli.errors import MalformedError

    if text is None:
        return None
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}\s*)+", text):
        raise MalformedError(f"--reference {text}: write 8 bytes as hex, such as 5348303700000042")
    return bytes.fromhex(text)


def _row(receipt: Receipt) -> Sequence[str]:
    return (
        str(receipt.sequence),
        receipt.booking.name.lower(),
        f"{receipt.amount:,}",
        f"{receipt.balance:,}",
        receipt.reference.hex(),
    )
