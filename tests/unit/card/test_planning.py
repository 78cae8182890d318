from collections.abc import Iterator

import pytest

from yohaku import connect
from yohaku.card import AccessDeniedError, Card, Secrets, open_link
from yohaku.card.planning import PlanLink
from yohaku.globalplatform import load_applet
from yohaku_applets.library_card import Borrower, LibraryCard, Loan


@pytest.fixture
def link(tmp_path: object) -> Iterator[PlanLink]:
    url = f"emulator:{tmp_path}/card.img"
    with connect(url) as card:
        contents = {"borrower": Borrower.example()}
        load_applet(card, LibraryCard, secrets=Secrets.for_tests(LibraryCard), contents=contents)
    made = PlanLink(open_link(url))
    yield made
    made.close()


def test_what_changes_is_withheld_and_what_reads_is_sent(link: PlanLink) -> None:
    card = Card(link)
    library = card.open(LibraryCard)
    library.borrower.update(name="丸亀　太郎")
    library.holder.verify("9999")
    library.loans.append(Loan.example())
    assert [command[1] for command in link.withheld] == [0xD6, 0x20, 0xE2]
    assert card.open(LibraryCard).borrower.read() == Borrower.example()
    assert card.open(LibraryCard).holder.tries_left == 3
    assert (link.atr, link.is_emulator) == (card.atr, True)


def test_what_wants_a_pin_cannot_be_read(link: PlanLink) -> None:
    library = Card(link).open(LibraryCard)
    library.holder.verify("1234")
    with pytest.raises(AccessDeniedError):
        library.loans.records()


@pytest.mark.parametrize(
    "command", ["80E60C0000", "84F24002024F0000", "10D6810001AA", "0020008101AA", "00", "00D68100"]
)
def test_anything_not_known_to_read_is_withheld(link: PlanLink, command: str) -> None:
    assert link.transmit(bytes.fromhex(command)) == b"\x90\x00"
    assert link.withheld == [bytes.fromhex(command)]
