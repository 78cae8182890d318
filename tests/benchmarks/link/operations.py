"""The operations that are measured on the link, each with its floor and with what a naive program sends.

A command costs 4 bytes of header, Lc with data, Le when an answer is wanted, and 2 bytes of status word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from yohaku import connect
from yohaku.card import Card, Secrets, Traffic
from yohaku.card.copies import stored
from yohaku.globalplatform import load_applet
from yohaku.globalplatform.dgi import file_content
from yohaku.schema import Applet, compile_descriptor
from yohaku_applets.library_card import Borrower, LibraryCard, Loan
from yohaku_applets.local_currency import Entry, Kind, LocalCurrency, Wallet

CHALLENGE, MAC, CIPHER, CRYPTOGRAM_ANSWER, SELECT_ANSWER = 16, 8, 16, 32, 36
"""Bytes of a challenge and of a proof, of a MAC, of a cipher's block, of INITIALIZE UPDATE's answer, of an FCI."""
BLOCK = 255 - MAC
Commands = list[tuple[int, int]]
"""For each command the bytes of its data and of its answer's data."""


@dataclass(frozen=True)
class Cost:
    """Commands and bytes, both ways."""

    commands: int
    bytes: int

    @classmethod
    def of(cls, commands: Commands) -> Cost:
        return cls(len(commands), sum(4 + bool(data) + data + bool(answer) + answer + 2 for data, answer in commands))

    @classmethod
    def measured(cls, traffic: Traffic) -> Cost:
        return cls(traffic.commands, traffic.sent + traffic.received)


@dataclass(frozen=True)
class Operation:
    """One measured operation."""

    name: str
    floor: Cost
    ours: Cost
    naive: Cost
    bare: Cost | None = None
    """Of a load: the floor without the card's proofs and with the secrets in clear."""


def load(applet: type[Applet], contents: dict[str, object] | None = None) -> Card:
    card = connect("emulator:")
    load_applet(card, applet, secrets=Secrets.for_tests(applet), contents=contents or {})  # type: ignore[arg-type]
    return card


def spent(card: Card, work: Callable[[], object]) -> Cost:
    before = card.traffic.snapshot()
    work()
    return Cost.measured(card.traffic - before)


def opening(applet: type[Applet]) -> Commands:
    return [(len(applet.aid), SELECT_ANSWER), (0, CHALLENGE), (CHALLENGE, 0)]


def channel() -> Commands:
    """Select the security domain and open its secure channel."""
    return [(0, 16), (8, CRYPTOGRAM_ANSWER), (16, 0)]


def encrypted(size: int) -> int:
    """Give the bytes of so many encrypted ones, which are padded to whole blocks (SCP03, 4.1.4)."""
    return (size // CIPHER + 1) * CIPHER


def load_and_personalise() -> Operation:
    """Load the library card with its first borrower; at the floor only PINs and keys are encrypted."""
    with connect("emulator:") as card:
        secrets, contents = Secrets.for_tests(LibraryCard), {"borrower": Borrower.example()}
        ours = spent(card, lambda: load_applet(card, LibraryCard, secrets=secrets, contents=contents))
    aid, descriptor = len(LibraryCard.aid), len(compile_descriptor(LibraryCard))
    install = (1 + 7) + (1 + 8) + (1 + aid) + 2 + (1 + 2 + descriptor) + 1 + MAC
    values = sum(3 + len(value) for value in secrets.values())
    file = LibraryCard.file("borrower")
    content = file_content(file.sfi, stored(file, Borrower.example().encode()))
    record = sum(len(part.to_bytes()) for part in content)
    whole = sum(file.size for file in LibraryCard.files().values())
    person = 2 + 1 + aid + 3 + MAC
    begin = [*channel(), (install, MAC), (person, MAC)]
    return Operation(
        "load the library card and personalise it",
        Cost.of([*begin, *blocks(encrypted(values) + record)]),
        ours,
        Cost.of([*begin, *blocks(encrypted(values)), *blocks(whole + 5 * (whole // BLOCK + 1))]),
        Cost.of([*channel(), (install, 0), (person, 0), (values + record + MAC, 0)]),
    )


def blocks(size: int) -> Commands:
    """Cut contents to protected commands, each with the card's proof that it has done it."""
    return [(min(BLOCK, size - at) + MAC, MAC) for at in range(0, size, BLOCK)]


def read_one_record() -> Operation:
    """Read one of twenty loans, the PIN included."""
    with load(LibraryCard, {"loans": [Loan.example()] * 20}) as card:

        def work() -> None:
            library = card.open(LibraryCard)
            library.holder.verify("1234")
            assert library.loans.read(1) == Loan.example()

        ours = spent(card, work)
    size = LibraryCard.file("loans").room
    begin = [(len(LibraryCard.aid), SELECT_ANSWER), (4, 0)]
    return Operation(
        "select, present the PIN, read one loan of twenty",
        Cost.of([*begin, (0, size)]),
        ours,
        Cost.of([*begin, *[(0, size)] * 20]),
    )


def change_one_field() -> Operation:
    """Renew a card whose record was shown to the clerk before."""
    with load(LibraryCard, {"borrower": Borrower.example()}) as card:
        library = card.open(LibraryCard)
        library.counter.authenticate(Secrets.for_tests(LibraryCard)["counter"])
        shown = library.borrower.read()
        ours = spent(card, lambda: library.borrower.update(expires=shown.expires.replace(year=shown.expires.year + 5)))
    return Operation(
        "change the date of expiry after reading the record",
        Cost.of([(1, 0)]),
        ours,
        Cost.of([(LibraryCard.file("borrower").size, 0)]),
    )


def visit() -> Operation:
    """The whole visit at the counter."""
    with load(LibraryCard, {"borrower": Borrower.example()}) as card:

        def work() -> None:
            library = card.open(LibraryCard)
            library.counter.authenticate(Secrets.for_tests(LibraryCard)["counter"])
            shown = library.borrower.read()
            library.borrower.update(expires=shown.expires.replace(year=shown.expires.year + 5))

        ours = spent(card, work)
    size = LibraryCard.file("borrower").size
    begin = [*opening(LibraryCard), (0, size)]
    return Operation(
        "select, authenticate, read, change the date of expiry",
        Cost.of([*begin, (1, 0)]),
        ours,
        Cost.of([*begin, (size, 0)]),
    )


def pay() -> Operation:
    """Pay with the local currency: balance and counter change, the log grows."""
    with load(LocalCurrency, {"wallet": Wallet.example(), "log": [Entry.example()] * 20}) as card:

        def work() -> None:
            currency = card.open(LocalCurrency)
            currency.shop.authenticate(Secrets.for_tests(LocalCurrency)["shop"])
            wallet = currency.wallet.read()
            balance, number = wallet.balance - 1200, wallet.counter + 1
            currency.wallet.update(balance=balance, counter=number)
            at = datetime(2026, 4, 2, 1, 0, tzinfo=UTC)
            currency.log.append(Entry(at=at, kind=Kind.PAY, amount=1200, balance=balance, shop=1024, number=number))

        ours = spent(card, work)
    wallet, entry = LocalCurrency.file("wallet").size, LocalCurrency.file("log").room
    begin = [*opening(LocalCurrency), (0, wallet)]
    log = LocalCurrency.file("log").size
    changed = 4  # the two low bytes of the balance to the low byte of the counter: 12 C0 00 02 -> 0E 10 00 03
    return Operation(
        "pay: select, authenticate, read the wallet, write it, log it",
        Cost.of([*begin, (changed, 0), (entry, 0)]),
        ours,
        Cost.of([*begin, (wallet, 0), *[(min(255, log - at), 0) for at in range(0, log, 255)]]),
    )


def operations() -> list[Operation]:
    return [load_and_personalise(), read_one_record(), change_one_field(), visit(), pay()]
