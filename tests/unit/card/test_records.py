"""Record files on the emulated card."""

import pytest

from yohaku import ALWAYS, NEVER, Applet, CyclicFile, LinearFile, Pin, Record, field
from yohaku.card import AccessDeniedError, Card, FileFullError, NoRecordError, Traffic
from yohaku.errors import EncodeError
from yohaku.fields import Blob, UInt


class Item(Record):
    number: int = field(UInt(16))
    filler: bytes = field(Blob(14))


class Books(Applet, aid="F0 59 48 4B 54 02"):
    """試験"""

    owner = Pin(length=4)
    ring = CyclicFile(Item, records=20, read=ALWAYS, append=ALWAYS)
    shelf = LinearFile(Item, records=3, read=ALWAYS, append=ALWAYS, update=ALWAYS, record_size=40)
    exact = LinearFile(Item, records=40, read=ALWAYS, append=ALWAYS)
    shut = LinearFile(Item, records=3, read=owner, append=owner, update=ALWAYS)
    sealed = CyclicFile(Item, records=3, read=ALWAYS, append=NEVER)


def item(number: int) -> Item:
    return Item(number=number, filler=b"x" * 14)


CONTENTS = {
    "shelf": [item(1), item(2)],
    "ring": [item(number) for number in range(25)],
    "exact": [item(number) for number in range(32)],
    "shut": [item(7)],
}
pytestmark = pytest.mark.yohaku(applet=Books, contents=CONTENTS)


@pytest.fixture
def card(yohaku_card: Card) -> Card:
    return yohaku_card


@pytest.fixture
def books(yohaku_applet: Books) -> Books:
    return yohaku_applet


def spent(card: Card, before: Traffic) -> int:
    return (card.traffic - before).commands


def test_records_are_read_by_number_newest_first_in_a_ring(books: Books) -> None:
    assert [books.shelf.read(number).number for number in (1, 2)] == [1, 2]
    assert [books.ring.read(number).number for number in (1, 2, 20)] == [24, 23, 5]


def test_many_records_come_with_each_command(card: Card, books: Books) -> None:
    before = card.traffic.snapshot()
    assert [record.number for record in books.ring] == list(range(24, 4, -1))
    assert spent(card, before) == 2
    assert books.shelf.records() == [item(1), item(2)]
    assert spent(card, before) == 3


def test_a_last_full_answer_asks_once_more(card: Card, books: Books) -> None:
    before = card.traffic.snapshot()
    assert [record.number for record in books.exact] == list(range(32))
    assert spent(card, before) == 3


def test_an_empty_file_has_no_records(books: Books) -> None:
    assert books.sealed.records() == []
    assert len(books.sealed) == 0
    assert books.sealed


def test_records_in_use_are_counted_with_one_command(card: Card, books: Books) -> None:
    before = card.traffic.snapshot()
    assert [len(books.shelf), len(books.ring), len(books.exact), len(books.shut)] == [2, 20, 32, 1]
    assert spent(card, before) == 4


@pytest.mark.parametrize(("number", "status"), [(3, 0x6A83), (0, None), (4, None), (256, None), (-1, None)])
def test_records_that_are_not_there(books: Books, number: int, status: int | None) -> None:
    """Numbers that the file cannot have are not asked for, so no status word says so."""
    for use in (lambda: books.shelf.read(number), lambda: books.shelf.write(number, item(1))):
        with pytest.raises(NoRecordError, match=f"shelf has .*{number}") as refused:
            use()
        assert refused.value.status == status
        assert str(refused.value).endswith("(6A83)") is (status is not None)


def test_a_record_is_written_only_when_it_differs(card: Card, books: Books) -> None:
    before = card.traffic.snapshot()
    books.shelf.write(2, item(2))
    assert books.shelf.update(2, number=2) == item(2)
    assert spent(card, before) == 2
    assert books.shelf.update(2, number=9) == item(9)
    books.shelf.write(1, item(8))
    assert spent(card, before) == 6
    assert books.shelf.records() == [item(8), item(9)]


def test_records_are_appended_until_a_linear_file_is_full(books: Books) -> None:
    books.shelf.append(item(3))
    with pytest.raises(FileFullError, match=r"shelf is full: 3 records; write over one of them \(6A84\)") as refused:
        books.shelf.append(item(4))
    assert refused.value.status == 0x6A84
    assert books.shelf.records() == [item(1), item(2), item(3)]


def test_a_ring_loses_its_oldest(books: Books) -> None:
    books.ring.append(item(99))
    assert [books.ring.read(1), books.ring.read(20)] == [item(99), item(6)]


def test_refusals_name_the_rule(books: Books) -> None:
    with pytest.raises(AccessDeniedError, match="reading record 1 of shut of books needs owner"):
        books.shut.read(1)
    with pytest.raises(AccessDeniedError, match="reading shut of books needs owner"):
        books.shut.records()
    with pytest.raises(AccessDeniedError, match="appending to shut of books needs owner"):
        books.shut.append(item(1))
    with pytest.raises(AccessDeniedError, match="appending to sealed of books is allowed to nobody"):
        books.sealed.append(item(1))
    with pytest.raises(AccessDeniedError, match="writing record 1 of ring of books is allowed to nobody"):
        books.ring.write(1, item(1))


def test_a_record_that_may_not_be_read_is_written(books: Books) -> None:
    books.shut.write(1, item(5))
    books.owner.verify("1234")
    assert books.shut.records() == [item(5)]


def test_wrong_values_are_not_sent(card: Card, books: Books) -> None:
    before = card.traffic.snapshot()
    with pytest.raises(EncodeError):
        books.shelf.append(item(70000))
    with pytest.raises(EncodeError):
        books.shelf.write(1, item(-1))
    assert spent(card, before) == 0
