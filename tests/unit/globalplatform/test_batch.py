"""A batch: people from a table, a journal that survives a crash, nobody loaded twice."""

import json

import pytest

from yohaku.card import Card, Secrets
from yohaku.errors import DecodeError
from yohaku.globalplatform import AlreadyInstalledError, LoadError, load_applet
from yohaku.globalplatform.batch import Batch, Entry, Journal, JournalError, State, WrongCardError, read_people
from yohaku_applets.library_card import LibraryCard
from yohaku_emulator import EmulatedCard
from yohaku_emulator.link import EmulatorLink

HEADER = "id,borrower.municipality,borrower.number,borrower.name,borrower.issued,borrower.expires,borrower.status"
ROW = "{},131016,000000000{},name {},2026-04-01,2031-03-31,active"
TABLE = [HEADER, *(ROW.format(f"p{number}", number, number) for number in (1, 2, 3))]
SECRETS = Secrets.for_tests(LibraryCard)
PEOPLE = read_people(LibraryCard, TABLE)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


def chip(seed):
    return EmulatedCard("generic", seed=seed)


def card_of(emulated):
    return Card(EmulatorLink(emulated, "emulated"))


@pytest.fixture
def batch(path):
    with Journal.open(path, LibraryCard) as journal:
        yield Batch(LibraryCard, PEOPLE, journal)


def load(batch, emulated, person=None, **options):
    return batch.load(card_of(emulated), person or batch.pending[0], secrets=SECRETS, **options)


def test_people_come_from_a_table():
    assert [person.id for person in PEOPLE] == ["p1", "p2", "p3"]
    assert PEOPLE[1].contents["borrower"].name == "name 2"
    assert "name 2" not in repr(PEOPLE)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "no table with a header"),
        ([HEADER.removeprefix("id,")], "has no column id"),
        (["id,loans.at"], "is of a record file"),
        (["id,nonsense"], "is no id and no FILE.FIELD of library-card"),
        (["id,wallet.balance"], "is no id and no FILE.FIELD"),
        ([HEADER, "p1,1"], "has 2 cells, the header has 7"),
        ([HEADER, TABLE[1], TABLE[1]], "is there twice @ $.row 3.id"),
        ([HEADER, TABLE[1].removeprefix("p1")], "is empty @ $.row 2.id"),
        ([HEADER, TABLE[1].replace("active", "x"), TABLE[2].replace("2026", "x")], "row 3.borrower.issued"),
        (["id,borrower.number", "p1,1"], "$.header.borrower"),
    ],
)
def test_every_fault_of_a_table_is_told(lines, words):
    with pytest.raises(DecodeError) as caught:
        read_people(LibraryCard, lines)
    assert words in str(caught.value)


def test_everybody_is_loaded_once_and_the_journal_tells(batch, path):
    for number in (1, 2, 3):
        emulated = chip(number)
        assert load(batch, emulated)
        assert card_of(emulated).open(LibraryCard).borrower.read().name == f"name {number}"
    assert batch.pending == []
    assert batch.report().loaded == ("p1", "p2", "p3")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["state"] for line in lines[1:]] == ["begun", "loaded"] * 3


def test_a_batch_is_taken_up_where_it_stopped(path):
    with Journal.open(path, LibraryCard) as journal:
        load(Batch(LibraryCard, PEOPLE, journal), chip(1))
    with Journal.open(path, LibraryCard) as journal:
        batch = Batch(LibraryCard, PEOPLE, journal)
        assert [person.id for person in batch.pending] == ["p2", "p3"]
        assert batch.report().waiting == ("p2", "p3")


def cut_after(writes):
    """A card whose power goes at that page write."""
    emulated = chip(5)
    emulated.power_on()
    emulated.memory.cut_at(writes)
    return emulated


def total_writes():
    emulated = chip(5)
    before = emulated.writes
    load_applet(card_of(emulated), LibraryCard, secrets=SECRETS, contents=PEOPLE[0].contents)
    return emulated.writes - before


def test_a_cut_at_any_write_is_mended_on_the_same_card_and_nobody_is_loaded_twice(tmp_path):
    for writes in range(1, total_writes() + 1):
        path = tmp_path / f"{writes}"
        emulated = cut_after(writes)
        with Journal.open(path, LibraryCard) as journal, pytest.raises(Exception, match=r"power|off"):
            load(Batch(LibraryCard, PEOPLE, journal), emulated)
        with Journal.open(path, LibraryCard) as journal:
            batch = Batch(LibraryCard, PEOPLE, journal)
            assert batch.pending[0].id == "p1"
            load(batch, emulated)
            assert card_of(emulated).open(LibraryCard).borrower.read().name == "name 1"
            assert batch.report().loaded == ("p1",)


def test_a_load_that_was_complete_when_the_program_died_is_not_done_again(batch):
    emulated = chip(1)
    load(batch, emulated)
    here = batch._journal.entry("p1").card
    batch._journal.note("p1", Entry(State.BEGUN, here))
    assert not load(batch, emulated)
    assert batch.report().loaded == ("p1",)


def test_a_begun_load_wants_its_card_back(batch):
    batch._journal.note("p2", Entry(State.BEGUN, "aa" * 10))
    assert batch.pending[0].id == "p2"
    assert batch.begun_on(batch.pending[0]) == "aa" * 10
    with pytest.raises(WrongCardError, match="was begun on card aaaa"):
        load(batch, chip(1))
    assert load(batch, chip(1), another_card=True)


def test_a_card_belongs_to_one_person(batch):
    emulated = chip(1)
    load(batch, emulated)
    with pytest.raises(WrongCardError, match="this card is that of p1"):
        load(batch, emulated)
    assert batch.report().waiting == ("p2", "p3")


def test_a_card_with_the_applet_from_elsewhere_is_refused_and_the_person_waits(batch):
    emulated = chip(1)
    load_applet(card_of(emulated), LibraryCard, secrets=SECRETS)
    with pytest.raises(AlreadyInstalledError):
        load(batch, emulated)
    assert "is on this card already" in batch.report().failed["p1"]
    assert batch.pending[0].id == "p1"
    assert load(batch, chip(2))


def test_a_load_error_that_leaves_something_keeps_the_person_on_that_card(batch, monkeypatch):
    def fails(*_, **__):
        raise LoadError("it broke", is_left=True)

    monkeypatch.setattr("yohaku.globalplatform.batch.load_applet", fails)
    with pytest.raises(LoadError):
        load(batch, chip(1))
    assert list(batch.report().begun) == ["p1"]


def test_a_line_that_a_crash_cut_short_is_dropped(path):
    with Journal.open(path, LibraryCard) as journal:
        journal.note("p1", Entry(State.LOADED, "aa"))
        journal.note("p2", Entry(State.LOADED, "bb"))
    whole = path.read_text()
    for cut in range(len(whole)):
        path.write_text(whole[:cut])
        with Journal.open(path, LibraryCard) as journal:
            states = [journal.entry(person).state for person in ("p1", "p2")]
            journal.note("p3", Entry(State.BEGUN, "cc"))
        assert states == sorted(states, key=lambda state: state.value)
        with Journal.open(path, LibraryCard) as journal:
            assert journal.entry("p3").card == "cc"
            assert [journal.entry(person).state for person in ("p1", "p2")] == states


@pytest.mark.parametrize("text", ["nonsense\n", '{"applet": "x"}\n', "[1]\n", '{"applet": "library-card"}\n{}\n'])
def test_another_journal_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(JournalError):
        Journal.open(path, LibraryCard)


def test_a_journal_is_used_by_one_program_at_a_time(path):
    with Journal.open(path, LibraryCard), pytest.raises(JournalError, match="in use"):
        Journal.open(path, LibraryCard)
    Journal.open(path, LibraryCard).close()
