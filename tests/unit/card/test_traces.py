import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from yohaku import connect
from yohaku.card import Card, Exchange, Secrets
from yohaku.card.traces import Explainer, Outcome, TraceEntry, TraceError, Tracer, read_trace, replay, secret_positions
from yohaku.globalplatform import load_applet
from yohaku_applets.library_card import Borrower, LibraryCard, Loan

SECRETS = Secrets.for_tests(LibraryCard)
SELECT = "00a4040006f059484b000100"


@pytest.fixture
def card() -> Iterator[Card]:
    with connect("emulator:") as fresh:
        contents = {"borrower": Borrower.example(), "loans": [Loan.example()] * 2}
        load_applet(fresh, LibraryCard, secrets=SECRETS, contents=contents)
        yield fresh


def use(card: Card) -> None:
    library = card.open(LibraryCard)
    library.holder.verify("1234")
    library.counter.authenticate(SECRETS["counter"])
    library.borrower.update(name="丸亀　太郎")
    library.loans.append(Loan.example().replace(branch=9))
    library.loans.records()


def traced(card: Card, **options: Any) -> list[str]:
    lines: list[str] = []
    tracer = Tracer(lines.append, clock=lambda: datetime(2026, 4, 1, tzinfo=UTC), **options)
    card.observers.append(tracer)
    use(card)
    card.observers.remove(tracer)
    return lines


def show(command: str, response: str = "9000", *, explainer: Explainer | None = None) -> str:
    entry = TraceEntry(bytes.fromhex(command), bytes.fromhex(response))
    return (explainer or Explainer()).explain(entry).meaning


def test_a_trace_tells_no_pin(card: Card) -> None:
    lines = traced(card, explainer=Explainer([LibraryCard]))
    told = [json.loads(line) for line in lines]
    assert all(line.endswith("\n") for line in lines)
    assert told[2] == {
        "time": "2026-04-01T00:00:00+00:00",
        "command": "0020008104xxxxxxxx",
        "response": "9000",
        "meaning": "VERIFY holder",
    }
    assert "002000810431323334" in "".join(traced(card, with_secrets=True))


def test_a_load_tells_neither_pins_nor_keys() -> None:
    from dataclasses import replace as changed

    from yohaku_emulator.card import EmulatedCard
    from yohaku_emulator.link import EmulatorLink
    from yohaku_emulator.profiles import find_profile

    open_card = changed(find_profile("generic"), management="open")
    lines: list[str] = []
    with Card(EmulatorLink(EmulatedCard(open_card), "open")) as card:
        card.observers.append(Tracer(lines.append))
        load_applet(card, LibraryCard, secrets=SECRETS, contents={"borrower": Borrower.example()})
    text = "".join(lines)
    assert SECRETS["counter"].hex() not in text
    assert b"1234".hex() not in json.loads(lines[5])["command"][10:]
    store = next(line for line in lines if "STORE DATA" in line)
    assert "xxxx" in store


@pytest.mark.parametrize(
    ("command", "hidden"),
    [
        ("0020008104 31323334", range(5, 9)),
        ("0024008108 3132333435363738", range(5, 13)),
        ("102C028102 3132", range(5, 7)),
        ("0026008104 31323334", range(5, 9)),
        ("0028008104 31323334", range(5, 9)),
        ("0027008106 5F0004313233", range(5, 11)),
        ("0029008106 5F0004313233", range(5, 11)),
        ("0021008106 5F0004313233", range(5, 11)),
        ("0020008100 0002 3132", range(7, 9)),
        ("00200081", range(0)),
        ("002000810433", range(5, 6)),
        ("80D8000003 010203", range(5, 8)),
        ("80E2880009 010102AABB 030101CC", {8, 9}),
        ("80E288000A 020102AABB 0301010203", {8, 9, 14}),
        ("84E2880002 AABB", {5, 6}),
        ("00E2000C02 AABB", range(0)),
        ("00D6810002 AABB", range(0)),
    ],
)
def test_the_secret_bytes_of_a_command(command: str, hidden: Any) -> None:
    assert set(secret_positions(bytes.fromhex(command))) == set(hidden)


def test_an_entry_survives_json_and_its_repr_tells_nothing() -> None:
    entry = TraceEntry(bytes.fromhex("00200081043132333435"[:18]), b"\x90\x00", datetime(2026, 4, 1, tzinfo=UTC))
    assert "31323334" not in repr(entry)
    again = TraceEntry.from_json(entry.masked().to_json())
    assert again == entry.masked()
    assert again.hidden == {5, 6, 7, 8}
    assert again.command == bytes.fromhex("002000810400000000")


def test_files_are_decoded_as_far_as_they_are_known(card: Card) -> None:
    explainer = Explainer([LibraryCard])
    told = [explainer.explain(entry) for entry in read_trace(traced(card))]
    by_meaning = {one.meaning: one for one in told}
    read = by_meaning["READ BINARY borrower, 64 bytes from 0"]
    assert read.records == (("borrower", Borrower.example()),)
    (written,) = [one for one in told if one.meaning.startswith("UPDATE BINARY borrower")]
    assert written.records[0][1] == Borrower.example().replace(name="丸亀　太郎")
    (appended,) = [one for one in told if one.meaning.startswith("APPEND RECORD loans")]
    assert appended.records == (("loans, a new record", Loan.example().replace(branch=9)),)
    listed = by_meaning["READ RECORD loans, records 1 to the last"]
    assert [title for title, _ in listed.records] == ["loans record 1", "loans record 2", "loans record 3"]


def test_a_part_of_a_file_is_told_by_its_place() -> None:
    explainer = Explainer([LibraryCard])
    show(SELECT, explainer=explainer)
    entry = TraceEntry(bytes.fromhex("00D6810403AABBCC"), b"\x90\x00")
    assert explainer.explain(entry).notes == ("borrower: bytes 4 to 6 of 64",)


def test_what_an_erasure_leaves_is_not_guessed() -> None:
    explainer = Explainer([LibraryCard])
    show(SELECT, explainer=explainer)
    explainer.explain(TraceEntry(bytes.fromhex("00B0810040"), Borrower.example().encode().ljust(64) + b"\x90\x00"))
    show("000E8100", explainer=explainer)
    entry = TraceEntry(bytes.fromhex("00D6810403AABBCC"), b"\x90\x00")
    assert explainer.explain(entry).notes == ("borrower: bytes 4 to 6 of 64",)


def test_bytes_that_are_no_record_are_told() -> None:
    explainer = Explainer([LibraryCard])
    show(SELECT, explainer=explainer)
    entry = TraceEntry(bytes.fromhex("00B0810040"), b"\xff" * 64 + b"\x90\x00")
    assert "fault" in explainer.explain(entry).notes[0]


@pytest.mark.parametrize(
    ("command", "meaning"),
    [
        (SELECT, "SELECT application F059484B0001"),
        ("00A4040000", "SELECT the card's default application"),
        ("00A4020C020003", "SELECT file file 3"),
        ("00A4000002 3F00", "SELECT 3F00, P1 00"),
        ("00B0000010", "READ BINARY (no file is selected), 16 bytes from 0"),
        ("00200081", "VERIFY PIN 1: how many tries are left?"),
        ("002600810431323334", "DISABLE VERIFICATION REQUIREMENT: ask no more for PIN 1"),
        ("002800810431323334", "ENABLE VERIFICATION REQUIREMENT: ask again for PIN 1"),
        ("00280081", "ENABLE VERIFICATION REQUIREMENT: how many tries has PIN 1"),
        ("002C0381", "RESET RETRY COUNTER: give all tries back to PIN 1"),
        ("0088008110" + "00" * 16 + "10", "INTERNAL AUTHENTICATE: the card proves that it has key 1"),
        ("00CA00C500", "GET DATA 00C5"),
        ("0C20008104AABBCCDD", "VERIFY under secure messaging, 4 bytes"),
        ("00FE0000", "instruction FE"),
        ("000E8100", "ERASE BINARY"),
        ("00D700010754010053026162", "UPDATE BINARY (odd instruction)"),
        ("80F24002024F0000", "GET STATUS of applications"),
        ("80E60C0000", "INSTALL for install and make selectable"),
        ("80E28801080101023132040100", "STORE DATA block 1, the last: value of PIN 1, record of file 1"),
        ("84E2000102AABB", "STORE DATA block 1: 2 bytes, in the secure channel"),
        ("8482330000", "EXTERNAL AUTHENTICATE: the secure channel is open"),
        ("80FE0000", "instruction FE of class 80"),
        ("00A4", "no APDU: a command APDU has at least 4 bytes, this has 2"),
    ],
)
def test_what_commands_mean(command: str, meaning: str) -> None:
    assert show(command) == meaning


@pytest.mark.parametrize(
    "log",
    [
        "> 00 A4 04 00 00\n< 6F 00 90 00 : Normal processing.\n",
        "00A4040000\n6F009000\n",
        "# a comment\nC-APDU: 00A4040000\n\nR-APDU: 6F009000\n",
        "12:00:01 APDU: 00 A4 04 00 00\n12:00:02 SW: x\nResponse: 6F 00 90 00\n",
        "A>> T=1 (4+0001) 00A40400 00\nA<< (0002+2) (27ms) 6F00 9000\n",
        "Sending: 0x00,0xA4,0x04,0x00,0x00\nReceived: 6F00 (SW1=0x90, SW2=0x00)\n",
        "-> 00A4040000\n<- 6F009000\n",
        '{"command": "00a4040000", "response": "6f009000"}\n',
    ],
)
def test_logs_of_other_programs_are_read(log: str) -> None:
    (entry,) = read_trace(log.splitlines())
    assert (entry.command.hex(), entry.response.hex()) == ("00a4040000", "6f009000")


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("> 00A4040000\n> 00A4040000\n", "line 1: no response to this command before line 2"),
        ("< 9000\n", "line 1: a response without a command before it"),
        ("> 00A4040000\n", "line 1: no response to this command"),
        ('{"command": "00a4040000"}\n', "line 1 is no trace entry"),
        ('{"command": "00a4040000", "response": "9000"}\n{"comm', "line 2 is no trace entry"),
        ('{"command": "0", "response": "9000"}\n', "line 1 is no trace entry"),
    ],
)
def test_what_is_wrong_with_a_log_names_the_line(log: str, said: str) -> None:
    with pytest.raises(TraceError, match=said):
        read_trace(log.splitlines())


def test_a_card_in_the_same_state_answers_the_same(card: Card) -> None:
    entries = read_trace(traced(card))
    with connect("emulator:?seed=5") as other:
        contents = {"borrower": Borrower.example(), "loans": [Loan.example()] * 2}
        load_applet(other, LibraryCard, secrets=SECRETS, contents=contents)
        done = list(replay(other, entries, applets=[LibraryCard], secrets=lambda _: SECRETS))
        assert {one.outcome for one in done} == {Outcome.SAME}
        random = [one for one in done if one.reason]
        assert [one.entry.command[1] for one in random] == [0x84]
        assert random[0].response != random[0].entry.response
        changed = list(replay(other, entries, applets=[LibraryCard], secrets=lambda _: SECRETS))
    assert [one.entry.command[1] for one in changed if one.outcome is Outcome.DIFFERENT] == [0xB0, 0xB2]


def test_what_cannot_be_sent_again_is_skipped_with_the_reason(card: Card) -> None:
    entries = read_trace(traced(card))
    secure = TraceEntry(bytes.fromhex("84E2000102AABB"), b"\x90\x00")
    done = list(replay(card, [secure, *entries], applets=[LibraryCard]))
    skipped = [(one.entry.command[1], one.reason) for one in done if one.outcome is Outcome.SKIPPED]
    assert skipped == [
        (0xE2, "secure channel: its session keys are not in the trace"),
        (0x20, "hidden in the trace, and no value is known"),
        (0x82, "no value of the key is known"),
    ]


def test_a_tracer_takes_any_exchange() -> None:
    lines: list[str] = []
    Tracer(lines.append)(Exchange(b"\x00", b""))
    assert json.loads(lines[0])["command"] == "00"
