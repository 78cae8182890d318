"""A card of the old version becomes one of the new version with all that it holds, wherever the power is cut."""

from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yohaku import ALWAYS, NEVER, Applet, CyclicFile, Key, LinearFile, Pin, Record, TransparentFile, field, reserved
from yohaku.card import AppletMismatchError, AppletNotInstalledError, AppletNotReadyError, Card, EmptyFileError, Secrets
from yohaku.card.errors import AccessDeniedError, PinBlockedError, PinWrongError, SecretError, StatusError
from yohaku.fields import Blob, Date, Text, UInt
from yohaku.globalplatform import (
    AlreadyInstalledError,
    NoSpaceError,
    SecurityDomain,
    Step,
    load_applet,
    upgrade_applet,
)
from yohaku.schema import compile_descriptor
from yohaku.schema.evolution import EvolutionError, staging_aid
from yohaku.testing import records
from yohaku_emulator import EmulatedCard, PowerCut
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.memory import OUTCOMES
from yohaku_emulator.profiles import find_profile


class PersonV1(Record):
    name: str = field(Text(12), "氏名")
    year: int = field(UInt(16), "生年")


class Person(Record):
    name: str = field(Text(12), "氏名")
    born: date = field(Date(), "生年月日")
    points: int = field(UInt(16), "点数", default=0)


class Visit(Record):
    on: date = field(Date(), "日")
    _spare = reserved(2)


class NoteV1(Record):
    text: str = field(Text(9), "本文")


class Note(Record):
    text: str = field(Text(9), "本文")
    stars: int = field(UInt(8), "星")


class Photo(Record):
    image: bytes = field(Blob(700), "写真")


class ClubV1(Applet, aid="F0 59 48 4B 54 31", version=1, name="club"):
    """会"""

    desk = Key("受付", tries=5)
    holder = Pin("会員", tries=3, length=(4, 6), reset=desk)
    parent = Pin("保護者", tries=5, length=6)

    person = TransparentFile(PersonV1, "会員", read=holder | desk, update=desk)
    visits = CyclicFile(Visit, "来館", records=4, read=holder | desk, append=desk)
    notes = LinearFile(NoteV1, "覚書", records=3, read=holder & parent | desk, append=desk)
    photo = TransparentFile(Photo, "写真", read=ALWAYS, update=desk)


def with_birthday(old: PersonV1) -> Person:
    return Person(name=old.name, born=date(old.year, 1, 1))


class Club(Applet, version=2, previous=ClubV1):
    """会"""

    office = Key("事務局", bits=256)
    desk = Key("受付", tries=5)
    parent = Pin("保護者", tries=5, length=6)
    holder = Pin("会員", tries=4, length=(4, 8), reset=desk)

    photo = TransparentFile(Photo, "写真", read=ALWAYS, update=desk | office)
    member = TransparentFile(Person, "会員", read=holder | desk, update=desk, size=30).replaces(
        ClubV1.person, by=with_birthday
    )
    visits = CyclicFile(Visit, "来館", records=6, read=holder | desk, append=desk)
    notes = CyclicFile(Note, "覚書", records=2, read=holder | desk, append=desk).replaces(
        ClubV1.notes, by=lambda old: Note(text=old.text, stars=len(old.text))
    )
    extra = TransparentFile(Visit, "追加", read=ALWAYS, update=office)


class Large(Club, version=2, previous=ClubV1):
    """大"""

    more = TransparentFile(Photo, "写真", read=ALWAYS, update=NEVER, size=1400)


DESK, OFFICE = bytes(range(16)), bytes(range(32))
OLD = Secrets({"desk": DESK, "holder": "12345", "parent": "222222"})
NEEDED = Secrets({"desk": DESK, "office": OFFICE})
VISITS = [Visit(on=date(2026, 4, day)) for day in range(1, 7)]
CONTENTS = {
    "person": PersonV1(name="花子", year=1984),
    "visits": VISITS[:5],
    "notes": [NoteV1(text="a"), NoteV1(text="bb"), NoteV1(text="ccc")],
    "photo": Photo(image=bytes(range(1, 101)) * 7),
}


def over(card: EmulatedCard) -> Card:
    return Card(EmulatorLink(card, "test"))


def old_card(profile: str = "generic") -> EmulatedCard:
    """A card of version 1 whose holder has tried a wrong PIN, twice."""
    made = EmulatedCard(profile, seed=3)
    card = over(made)
    load_applet(card, ClubV1, secrets=OLD, contents=CONTENTS)
    club = card.open(ClubV1)
    for _ in range(2):
        with pytest.raises(PinWrongError):
            club.holder.verify("99999")
    return made


@pytest.fixture(scope="module")
def base() -> EmulatedCard:
    return old_card()


@pytest.fixture
def made(base: EmulatedCard) -> EmulatedCard:
    return base.fork()


class Interrupted(Exception):  # noqa: N818 - a person's Ctrl-C, not an error of the program
    """The program was stopped."""


def interrupt_at(text):
    def progress(step):
        if step.text == text:
            raise Interrupted

    return progress


def aids(card: Card) -> list[bytes]:
    return [entry.aid for entry in SecurityDomain.open(card).applications()]


def check_new(card: Card, *, tries: int = 1) -> None:
    """The card holds version 2 and all that version 1 held, tries included, and nothing besides."""
    assert aids(card) == [Club.aid]
    club = card.open(Club)
    assert club.holder.tries_left == tries
    assert club.parent.tries_left == 5
    club.desk.authenticate(DESK)
    assert club.member.read() == Person(name="花子", born=date(1984, 1, 1), points=0)
    assert club.visits.records() == VISITS[4:0:-1]
    assert club.notes.records() == [Note(text="ccc", stars=3), Note(text="bb", stars=2)]
    assert club.photo.read() == CONTENTS["photo"]
    club.holder.verify("12345", last_try=True)
    club.parent.verify("222222")
    club.office.authenticate(OFFICE)
    club.extra.write(VISITS[0])


def test_everything_is_there_afterwards(made):
    card, steps = over(made), []
    report = upgrade_applet(card, Club, secrets=NEEDED, progress=steps.append)
    assert (report.name, report.before, report.after) == ("club", 1, 2)
    assert (report.copied, report.renewed) == (("photo", "visits"), ("member", "notes"))
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1] == Step("club is at version 2", 7, 7)
    check_new(card)


def test_a_second_upgrade_changes_nothing(made):
    card = over(made)
    upgrade_applet(card, Club, secrets=NEEDED)
    writes = made.writes
    report = upgrade_applet(card, Club, secrets=Secrets())
    assert (report.before, report.after, report.copied) == (2, 2, ())
    assert made.writes == writes


def test_an_image_of_the_old_version_opens_under_the_new_schema(made, tmp_path):
    image = tmp_path / "old.card"
    image.write_bytes(made.to_image())
    card = over(EmulatedCard.from_image(image.read_bytes()))
    upgrade_applet(card, Club, secrets=NEEDED)
    check_new(card)


@settings(max_examples=15)
@given(
    person=records(PersonV1).filter(lambda person: 1 <= person.year <= 9999),
    visits=st.lists(records(Visit), max_size=7),
    notes=st.lists(records(NoteV1).filter(lambda note: note.text), max_size=3),
    photo=st.none() | records(Photo),
    tries=st.integers(0, 3),
)
def test_whatever_the_card_holds_comes_through(person, visits, notes, photo, tries):
    made = EmulatedCard()
    card = over(made)
    contents = {"person": person, "visits": visits, "notes": notes} | ({"photo": photo} if photo else {})
    load_applet(card, ClubV1, secrets=OLD, contents=contents)
    card.open(ClubV1)
    for _ in range(3 - tries):
        card.transmit(bytes.fromhex("00200081053939393939"))
    upgrade_applet(card, Club, secrets=NEEDED)
    club = card.open(Club)
    assert club.holder.tries_left == tries
    club.desk.authenticate(DESK)
    assert club.member.read() == with_birthday(person)
    assert club.visits.records() == visits[-4:][::-1]
    assert club.notes.records() == [Note(text=note.text, stars=len(note.text)) for note in notes[-2:][::-1]]
    assert club.photo.read_bytes() == (photo.encode() if photo else bytes(700))


class TestPowerCuts:
    """At every page write of an upgrade, in every outcome."""

    def test_a_cut_leaves_the_old_a_staged_or_the_new_card_and_a_second_run_ends_well(self, base, record_property):
        total = self.writes(base)
        for n in range(1, total + 1):
            for seed, outcome in enumerate(OUTCOMES):
                self.cut(base.fork(), n, outcome, seed)
        record_property("cut_points", 3 * total)
        assert total > 50

    def cut(self, made, n, outcome, seed):
        card = over(made)
        made.memory.cut_at(n, outcome, seed=n * 31 + seed)
        with pytest.raises(PowerCut):
            upgrade_applet(card, Club, secrets=NEEDED)
        made.memory.cut_at(0)
        card = over(made)
        self.check_between(card)
        upgrade_applet(card, Club, secrets=NEEDED)
        check_new(card)

    @staticmethod
    def check_between(card):
        """Some complete instance holds the holder's PIN with one try left, and none holds more."""
        complete = 0
        for aid in aids(card):
            fci = card.select(aid).fci
            if fci.is_personalised:
                complete += 1
                response = card.transmit(bytes.fromhex("00200081" if fci.version == 1 else "00200082"))
                assert response == b"\x63\xc1"
        assert complete >= 1

    def test_tries_spent_after_a_cut_are_not_given_back(self, base):
        """The old instance is there again, its PIN gets blocked, and the staging instance knows nothing of it."""
        for n in (40, 60, 80):
            made = base.fork()
            made.memory.cut_at(n)
            with pytest.raises(PowerCut):
                upgrade_applet(over(made), Club, secrets=NEEDED)
            card = over(made)
            if ClubV1.aid not in aids(card) or card.select(ClubV1.aid).fci.version != 1:
                continue
            with pytest.raises(PinBlockedError):
                card.open(ClubV1).holder.verify("99999", last_try=True)
            upgrade_applet(card, Club, secrets=NEEDED)
            assert card.open(Club).holder.tries_left == 0
            return
        pytest.fail("no cut left the old instance")

    def test_cuts_of_the_second_run_too(self, base):
        for n in range(5, self.writes(base), 7):
            made = base.fork()
            made.memory.cut_at(n, "mixed", seed=n)
            with pytest.raises(PowerCut):
                upgrade_applet(over(made), Club, secrets=NEEDED)
            for again in (n % 11 + 1, n % 5 + 3):
                made.memory.cut_at(again, OUTCOMES[n % 3], seed=n)
                with suppress(PowerCut):
                    upgrade_applet(over(made), Club, secrets=NEEDED)
            made.memory.cut_at(0)
            upgrade_applet(over(made), Club, secrets=NEEDED)
            check_new(over(made))

    @staticmethod
    def writes(base):
        whole = base.fork()
        before = whole.writes
        upgrade_applet(over(whole), Club, secrets=NEEDED)
        return whole.writes - before


class TestNothingIsChanged:
    @pytest.fixture
    def unchanged(self, made):
        yield made
        card = over(made)
        assert aids(card) == [ClubV1.aid]
        club = card.open(ClubV1)
        club.desk.authenticate(DESK)
        assert club.person.read() == CONTENTS["person"]
        assert club.notes.records() == CONTENTS["notes"]

    def test_when_a_new_secret_is_missing(self, unchanged):
        with pytest.raises(SecretError, match="club needs a value for office, new in this version"):
            upgrade_applet(over(unchanged), Club, secrets=Secrets({"desk": DESK}))

    def test_when_a_file_cannot_be_read(self, unchanged):
        with pytest.raises(AccessDeniedError, match=r"holder \| desk"):
            upgrade_applet(over(unchanged), Club, secrets=Secrets({"office": OFFICE}))

    def test_when_a_record_cannot_become_a_new_one(self, unchanged, monkeypatch):
        monkeypatch.setattr(Club.member, "converter", lambda _: 1 / 0)
        with pytest.raises(EvolutionError, match="making member new failed"):
            upgrade_applet(over(unchanged), Club, secrets=NEEDED)

    def test_when_a_pin_does_not_fit_the_new_version(self, unchanged, monkeypatch):
        monkeypatch.setattr(Club.holder, "shortest", 6)
        with pytest.raises(StatusError, match="personalising"):
            upgrade_applet(over(unchanged), Club, secrets=NEEDED)

    def test_when_the_version_is_unknown(self, unchanged, monkeypatch):
        monkeypatch.setattr(Club, "previous", None)
        with pytest.raises(EvolutionError, match="version 1 is unknown to this program, which knows 2"):
            upgrade_applet(over(unchanged), Club, secrets=NEEDED)


class TestOtherCards:
    def test_the_applet_is_not_there(self):
        with pytest.raises(AppletNotInstalledError, match="club is not on this card: load it"):
            upgrade_applet(over(EmulatedCard()), Club, secrets=NEEDED)

    def test_its_load_was_cut_short(self):
        card = over(EmulatedCard())
        SecurityDomain.open(card).install(ClubV1.aid, compile_descriptor(ClubV1))
        with pytest.raises(AppletNotReadyError, match="never completed, so there is nothing to upgrade"):
            upgrade_applet(card, Club, secrets=NEEDED)

    def test_an_upgrade_to_another_version_was_interrupted(self, made):
        card = over(made)
        domain = SecurityDomain.open(card)
        domain.install(staging_aid(Club.aid), compile_descriptor(ClubV1))
        domain.personalise(staging_aid(Club.aid), [])
        SecurityDomain.open(card).delete(Club.aid)
        with pytest.raises(AppletMismatchError, match="an upgrade to version 1 was interrupted"):
            upgrade_applet(card, Club, secrets=NEEDED)

    def test_between_old_and_new_nothing_is_opened_or_loaded_over_what_waits(self, made):
        card = over(made)
        with pytest.raises(Interrupted):
            upgrade_applet(card, Club, secrets=NEEDED, progress=interrupt_at("installing version 2"))
        for applet in (ClubV1, Club):
            with pytest.raises(AppletNotReadyError, match=r"an upgrade was interrupted.*run the upgrade again"):
                card.open(applet)
        with pytest.raises(AlreadyInstalledError, match="an upgrade was interrupted"):
            load_applet(card, ClubV1, secrets=OLD)
        report = upgrade_applet(card, Club, secrets=Secrets())
        assert (report.before, report.after) == (None, 2)
        check_new(card)

    @pytest.mark.parametrize("aid", [Club.aid, Club.aid.ljust(16, b"\1")], ids=len)
    def test_nothing_is_loaded_beside_what_waits_whatever_the_aid(self, aid, monkeypatch):
        monkeypatch.setattr(ClubV1, "aid", aid)
        card = over(EmulatedCard())
        domain = SecurityDomain.open(card)
        domain.install(staging_aid(aid), compile_descriptor(ClubV1))
        domain.personalise(staging_aid(aid), [])
        with pytest.raises(AlreadyInstalledError, match=f"waits under AID {staging_aid(aid).hex(' ').upper()}"):
            load_applet(card, ClubV1, secrets=OLD)
        assert aids(card) == [staging_aid(aid)]

    @pytest.mark.parametrize(("pages", "message"), [(20, "too little memory"), (28, "needs .* more free bytes")])
    def test_there_is_no_room_for_both(self, pages, message):
        """With 20 pages the staging instance does not fit, with 28 the new one would not fit beside it."""
        profile = replace(find_profile("generic"), free_bytes=pages * 124)
        made = EmulatedCard(profile)
        card = over(made)
        load_applet(card, ClubV1, secrets=OLD, contents=CONTENTS)
        with pytest.raises(NoSpaceError, match=message):
            upgrade_applet(card, Large, secrets=NEEDED)
        assert aids(card) == [ClubV1.aid]
        card.open(ClubV1).desk.authenticate(DESK)


def test_a_staging_aid_is_one_byte_longer_or_another():
    assert staging_aid(bytes(6)) == bytes(6) + b"\xff"
    assert staging_aid(bytes(16)) == bytes(15) + b"\x80"
    assert staging_aid(staging_aid(bytes(16))) == bytes(16)


def test_a_load_over_an_earlier_version_advises_an_upgrade(made):
    secrets = Secrets({"desk": DESK, "office": OFFICE, "holder": "1234", "parent": "222222"})
    with pytest.raises(AlreadyInstalledError, match=r"club version 1 is on this card already.*Upgrade it"):
        load_applet(over(made), Club, secrets=secrets)


class TestReadingAnEarlierVersion:
    """A program of version 2 reads a card of version 1 as values of version 2."""

    @pytest.fixture
    def club(self, made):
        club = over(made).open(Club)
        club.desk.authenticate(DESK)
        return club

    def test_files_are_read_as_new_values(self, club):
        assert club.member.read() == Person(name="花子", born=date(1984, 1, 1), points=0)
        assert club.visits.records() == VISITS[4:0:-1]
        assert club.visits.read(1) == VISITS[4]
        assert len(club.visits) == 4
        assert club.photo.read() == CONTENTS["photo"]

    def test_pins_and_keys_are_those_of_the_card(self, club):
        assert (club.holder.tries_left, club.parent.tries_left) == (1, 5)
        club.holder.verify("12345", last_try=True)

    def test_nothing_is_written(self, club, made):
        writes = made.writes
        for write in (
            lambda: club.photo.write(CONTENTS["photo"]),
            lambda: club.member.update(points=3),
            lambda: club.visits.append(VISITS[0]),
            lambda: club.visits.write(1, VISITS[0]),
            lambda: club.visits.update(1, on=date(2026, 5, 1)),
        ):
            with pytest.raises(
                AppletMismatchError, match="the card holds version 1, which version 2 reads and does not"
            ):
                write()
        assert made.writes == writes

    def test_what_was_added_later_is_not_there(self, club):
        for use in (lambda: club.extra, lambda: club.office):
            with pytest.raises(AppletMismatchError, match="is not in version 1, which the card holds; upgrade"):
                use()

    def test_a_file_never_written_is_empty(self):
        card = over(EmulatedCard())
        load_applet(card, ClubV1, secrets=OLD)
        club = card.open(Club)
        club.desk.authenticate(DESK)
        assert club.visits.records() == []
        with pytest.raises(EmptyFileError, match="member is empty"):
            club.member.read()

    def test_a_version_outside_the_history_is_refused(self, made, monkeypatch):
        monkeypatch.setattr(Club, "previous", None)
        with pytest.raises(AppletMismatchError, match="the card holds version 1, this program declares version 2"):
            over(made).open(Club)
