"""Old bytes are read as new records along an applet's history, and what cannot be is said."""

from datetime import date

import pytest

from yohaku import (
    ALWAYS,
    Applet,
    CyclicFile,
    Key,
    Pin,
    Purse,
    PurseLimits,
    PurseLog,
    Record,
    TransparentFile,
    YohakuError,
    field,
    reserved,
)
from yohaku.errors import DecodeError, EncodeError
from yohaku.fields import Date, Text, UInt
from yohaku.schema.checks import check
from yohaku.schema.evolution import (
    EvolutionError,
    at_version,
    file_steps,
    history,
    is_migrated,
    origin,
    purse_source,
    read_as,
    renewed_content,
    source,
)


class PersonV1(Record):
    """人"""

    name: str = field(Text(12), "氏名", example="高松", personal=True)
    year: int = field(UInt(16), "生年", example=1990, personal=True)
    _spare = reserved(4)


class PersonV2(Record):
    """人"""

    name: str = field(Text(12), "氏名", example="高松", personal=True)
    born: date = field(Date(), "生年月日", example=date(1990, 1, 1), personal=True)
    _spare = reserved(2)


class PersonV3(Record):
    """人"""

    name: str = field(Text(12), "氏名", example="高松", personal=True)
    born: date = field(Date(), "生年月日", example=date(1990, 1, 1), personal=True)
    points: int = field(UInt(16), "点数", example=0)
    _spare = reserved(2)


class Visit(Record):
    """来館"""

    on: date = field(Date(), "日", example=date(2026, 4, 1))


def first_of_january(old: PersonV1) -> PersonV2:
    return PersonV2(name=old.name, born=date(old.year, 1, 1))


class ClubV1(Applet, aid="D3 92 F0 01 23 01", version=1):
    """会

    For members of a club.
    """

    desk = Key("受付")
    holder = Pin("会員", reset=desk)
    person = TransparentFile(PersonV1, "会員", read=holder | desk, update=desk)
    visits = CyclicFile(Visit, "来館", records=4, read=holder | desk, append=desk)


class ClubV2(Applet, version=2, previous=ClubV1, name="club"):
    """会

    For members of a club.
    """

    desk = Key("受付")
    holder = Pin("会員", reset=desk)
    member = TransparentFile(PersonV2, "会員", read=holder | desk, update=desk).replaces(
        ClubV1.person, by=first_of_january
    )
    visits = CyclicFile(Visit, "来館", records=4, read=holder | desk, append=desk)


class Club(Applet, version=3, previous=ClubV2):
    """会

    For members of a club.
    """

    desk = Key("受付")
    holder = Pin("会員", reset=desk)
    member = TransparentFile(PersonV3, "会員", read=holder | desk, update=desk)
    visits = CyclicFile(Visit, "来館", records=6, read=holder | desk, append=desk)
    best = TransparentFile(Visit, "最良", read=holder | desk, update=desk)


OLD = PersonV1(name="花子", year=1984)


def test_the_history_goes_back_to_the_first_version():
    assert history(Club) == (Club, ClubV2, ClubV1)
    assert at_version(Club, 1) is ClubV1
    with pytest.raises(EvolutionError, match="version 7 is unknown to this program, which knows 3, 2, 1"):
        at_version(Club, 7)


def test_a_file_goes_back_by_name_or_by_what_it_replaces():
    assert origin(Club, "member") is ClubV2.member
    assert source(Club, 1, "member") is ClubV1.person
    assert source(Club, 3, "member") is Club.member
    assert source(Club, 1, "best") is None
    assert origin(ClubV1, "person") is None


def test_old_bytes_become_new_values_step_by_step():
    assert read_as(ClubV2, 1, "member", OLD.encode()) == PersonV2(name="花子", born=date(1984, 1, 1))
    assert read_as(Club, 1, "member", OLD.encode()) == PersonV3(name="花子", born=date(1984, 1, 1), points=0)
    assert read_as(Club, 2, "member", PersonV2(name="x", born=date(2000, 2, 3)).encode()).points == 0
    visit = Visit(on=date(2026, 4, 1))
    assert read_as(Club, 1, "visits", visit.encode()) == visit


def test_filler_behind_a_record_is_none_of_it():
    assert read_as(Club, 1, "member", OLD.encode() + bytes(9)).name == "花子"
    with pytest.raises(DecodeError, match="holds bytes behind the record that are not zero"):
        read_as(Club, 1, "member", OLD.encode() + b"\0\1")


def test_new_contents_fill_the_new_file():
    assert renewed_content(Club, 1, "member", OLD.encode()) == bytes.fromhex("e88ab1e5ad900000000000001984010100000000")
    assert renewed_content(Club, 1, "member", bytes(18)) == bytes(20)


def test_a_record_of_zeros_is_a_record_and_made_new():
    class Count(Record):
        """数"""

        number: int = field(UInt(8), "数")

    def version(number, previous=None, by=None):
        log = CyclicFile(Count, "数", records=2, read=ALWAYS, append=ALWAYS)
        body = {"log": log.replaces(previous.log, by=by) if previous else log}
        return type("Counts", (Applet,), body, aid="D3 92 F0 01 23 02", version=number, previous=previous)

    new = version(2, version(1), lambda old: Count(number=old.number + 1))
    assert renewed_content(new, 1, "log", b"\0") == b"\1"


def test_what_is_not_there_yet_says_so():
    with pytest.raises(EvolutionError, match="version 1 has no best, it was added in version 3"):
        read_as(Club, 1, "best", bytes(4))
    with pytest.raises(EvolutionError, match="version 9 is unknown"):
        read_as(Club, 9, "best", bytes(4))


def test_bytes_that_are_no_old_record_are_refused_as_that():
    with pytest.raises(DecodeError, match="PersonV1"):
        read_as(Club, 1, "member", b"\xff" * 18)


def test_only_files_with_a_function_on_their_way_are_migrated():
    assert is_migrated(Club, 1, "member")
    assert not is_migrated(Club, 2, "member")
    assert not is_migrated(Club, 1, "visits")
    assert not is_migrated(Club, 1, "best")


def test_the_card_copies_what_stays_as_it_is():
    steps = {step.file.name: step for step in file_steps(Club, 1)}
    assert (steps["member"].source, steps["member"].copied) == (ClubV1.person, False)
    assert (steps["visits"].source, steps["visits"].copied) == (ClubV1.visits, True)
    assert (steps["best"].source, steps["best"].copied) == (None, False)
    assert all(step.copied for step in file_steps(Club, 3))


def applet_with(function=None, *, record=PersonV2, **options):
    desk = Key("受付")
    file = TransparentFile(record, "会員", read=desk, update=desk, **options)
    if function:
        file.replaces(ClubV1.person, by=function)
    visits = CyclicFile(Visit, "来館", records=4, read=desk, append=desk)
    body = {
        "desk": desk, "holder": Pin("会員", reset=desk), "person": file, "visits": visits, "__doc__": "会\n\nA club.",
    }  # fmt: skip
    body["visits"] = CyclicFile(Visit, "来館", records=4, read=desk | body["holder"], append=desk)
    return type("Club", (Applet,), body, version=2, previous=ClubV1)


class TestFunctionsThatFail:
    def test_whatever_they_raise_names_the_file(self):
        with pytest.raises(EvolutionError, match="making person new failed: ZeroDivisionError"):
            read_as(applet_with(lambda _: 1 / 0), 1, "person", OLD.encode())

    def test_they_must_give_a_record_of_the_file(self):
        with pytest.raises(EvolutionError, match="gave a PersonV1, not a PersonV2"):
            read_as(applet_with(lambda old: old), 1, "person", OLD.encode())

    def test_what_they_give_must_encode(self):
        broken = applet_with(lambda old: PersonV2(name="x" * 13, born=date(old.year, 1, 1)))
        with pytest.raises(EncodeError, match="takes 13 bytes"):
            renewed_content(broken, 1, "person", OLD.encode())


class TestChecks:
    @staticmethod
    def rules(applet):
        return [(finding.rule, finding.where) for finding in check(applet) if finding.rule.startswith("UPGRADE")]

    def test_a_history_without_a_gap_has_no_finding(self):
        assert self.rules(Club) == self.rules(ClubV2) == self.rules(applet_with(first_of_january)) == []

    def test_a_changed_file_without_a_function_is_found(self):
        assert self.rules(applet_with()) == [("UPGRADE_MISSING", "club.person")]
        (finding,) = [one for one in check(applet_with()) if one.rule == "UPGRADE_MISSING"]
        assert ".replaces(ClubV1.person, by=...)" in finding.message

    def test_a_function_that_fails_for_the_example_is_found(self):
        assert self.rules(applet_with(lambda _: 1 / 0)) == [("UPGRADE_FAILS", "club.person")]

    def test_lost_files_and_secrets_are_found(self):
        class Lost(Applet, version=2, previous=ClubV1, name="club"):
            """会"""

            counter = Key("受付")
            visits = CyclicFile(Visit, "来館", records=4, read=counter, append=counter)

        assert self.rules(Lost) == [("UPGRADE_DROPS_FILE", "club"), ("UPGRADE_DROPS_SECRET", "club")]
        assert any("person" in finding.message for finding in check(Lost))

    def test_a_lost_purse_is_found_and_one_of_another_name_is_continued(self):
        def shop(name, version, previous=None):
            till, office = Key("端末"), Key("精算鍵")
            purse = Purse("財布", limits=PurseLimits(9), receipts=office, read=till, credit=till, debit=till,
                          log=PurseLog(1, till))  # fmt: skip
            body = {"till": till, "office": office, name: purse, "__doc__": "店\n\nA shop."}
            options = {"previous": previous} if previous else {"aid": "F0 59 48 4B 54 31"}
            return type("Shop", (Applet,), body, version=version, **options)

        first = shop("purse", 1)
        lost = shop("money", 2, first)
        assert self.rules(lost) == [("UPGRADE_DROPS_PURSE", "shop")]
        lost.money.replaces(first.purse)
        assert self.rules(lost) == self.rules(shop("purse", 2, first)) == []
        assert purse_source(lost, 1, "money") is first.purse


def test_every_error_is_yohakus_own():
    assert issubclass(EvolutionError, YohakuError)
    assert Club.member.read != ALWAYS
