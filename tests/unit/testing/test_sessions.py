"""Sessions hold the emulated card against its model, and every way to break an invariant is told as such."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yohaku.card import open_link
from yohaku.testing import (
    BitFlip,
    Invariant,
    InvariantBroken,
    LinkDrop,
    LinkTruncate,
    Model,
    PowerCut,
    Session,
    Stage,
    apdus,
    applets,
    apply,
    run,
    sessions,
)
from yohaku.testing.faults import DroppedError, FaultError, fork
from yohaku.testing.steps import (
    AppendRecord,
    AskTries,
    Authenticate,
    Book,
    ChangePin,
    EraseBinary,
    HostRead,
    HostWrite,
    Login,
    Move,
    ReadBinary,
    ReadReceipts,
    ReadRecord,
    RequirePin,
    Reset,
    ResetPin,
    SearchRecord,
    Send,
    UpdateBinary,
    UpdateRecord,
    Verify,
)
from yohaku_applets.library_card import Borrower, LibraryCard

QUICK = settings(deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(data=st.data())
def test_random_sessions_with_an_applet_of_every_part_break_nothing(everything, data):
    everything.run(data.draw(sessions(everything.applet)))


@settings(QUICK, max_examples=20)
@given(data=st.data())
def test_random_sessions_with_any_applet_break_nothing(data):
    applet = data.draw(applets())
    Stage(applet, open_link("emulator:")).run(data.draw(sessions(applet)))


@QUICK
@given(data=st.data())
def test_the_model_foretells_every_command(everything, data):
    commands = data.draw(st.lists(apdus(everything.applet, channels=2), max_size=30))
    everything.run(Session((Login(), *map(Send, commands))))


def test_every_step_does_what_its_name_says(everything):
    session = Session(
        (
            Login(),
            UpdateBinary("small", 0, b"\1\2"),
            UpdateBinary("large", 0, bytes(range(256)) + bytes(44)),
            ReadBinary("large", 250),
            EraseBinary("large", 0, 100),
            AppendRecord("log", b"ab"),
            AppendRecord("list", b"cd"),
            UpdateRecord("list", 1, b"ce"),
            SearchRecord("list", b"e"),
            ReadRecord(None, 0),
            ChangePin("owner", b"99999"),
            RequirePin("owner", required=False),
            Reset(),
            UpdateBinary("small", 0, b"\3\4"),
            Move(1),
            AskTries("owner"),
            Move(0),
            HostRead("small"),
        )
    )
    done = everything.run(session)
    answers = {step: event.response for event in done.log if (step := event.step)}
    refused = [step for step, answer in answers.items() if answer[-2:] != b"\x90\x00"]
    assert refused == []
    assert answers[9] == b"\1\x90\x00"
    assert answers[10] == b"ce\x90\x00"
    file = done.model.instances[bytes(everything.applet.aid)].files[1]
    assert file.body == b"\3\4"


def test_purses_book_and_a_lie_about_a_balance_is_found(everything, lying):
    session = Session(
        (Login(), Book("coins", 500), Book("coins", 1, credit=False), ReadReceipts("coins"), Book("coins", 501))
    )
    done = everything.run(session)
    assert done.log[-1].response[-2:] == b"\x90\x00"
    answers = {event.step: event.response for event in done.log}
    assert answers[3][12:16] == (499).to_bytes(4, "big")
    assert len(answers[4]) == 2 * 45 + 2
    assert answers[5] == b"\x6a\x80"

    def richer(command, answer):
        return answer[:15] + b"\xff" + answer[16:] if command[1] == 0x54 and answer[-2:] == b"\x90\x00" else answer

    with pytest.raises(InvariantBroken, match=r"CONTENT broken in step 3 \(Book\('coins', credit=False\)\)"):
        everything.run(session, wrap=lying(richer))


def test_a_run_needs_no_stage(library):
    link = fork(library.link)
    run(Session((ReadBinary("borrower"), Verify("holder", b"0000"), AskTries("holder"))), link, LibraryCard)


def test_contents_are_where_the_model_has_them():
    stage = Stage(LibraryCard, open_link("emulator:"), contents={"borrower": Borrower.example()})
    done = stage.run(Session((ReadBinary("borrower", size=65), HostRead("borrower"))))
    assert done.log[0].response[:-2] == Borrower.example().encode()


def no_right(command, answer):
    return b"\x90\x00" if command[1] == 0xD6 and answer == b"\x69\x82" else answer


def other_status(command, answer):
    return b"\x12\x34" if command[1] == 0xB0 else answer


def failing(command, answer):
    return b"\x6f\x00" if command[1] == 0xB0 else answer


def counter_stands(command, answer):
    return b"\x63\xc2" if command[1] == 0x20 and answer == b"\x63\xc1" else answer


def other_memory(command, answer):
    return answer[:-3] + b"\0\x90\x00" if command[:4] == bytes.fromhex("80CAFF21") else answer


def other_content(command, answer):
    return b"\xff" + answer[1:] if command[1] == 0xB0 and answer[-2:] == b"\x90\x00" else answer


def short_challenge(command, answer):
    return answer[1:] if command[1] == 0x84 else answer


class CrashError(Exception):
    pass


def crashes(command, answer):
    if command[1] == 0xB0:
        raise CrashError("planted")
    return answer


READ, WRITE, WRONG = ReadBinary("borrower"), UpdateBinary("borrower"), Verify("holder", b"0000")


@pytest.mark.parametrize(
    ("lie", "steps", "invariant", "step"),
    [
        (no_right, (READ, WRITE), Invariant.ACCESS, 2),
        (other_status, (READ,), Invariant.STATUS_WORDS, 1),
        (failing, (READ,), Invariant.STATUS_WORDS, 1),
        (counter_stands, (WRONG, READ, WRONG), Invariant.RETRY_COUNTERS, 3),
        (other_memory, (Login(), WRITE), Invariant.QUOTA, 3),
        (other_content, (READ,), Invariant.CONTENT, 1),
        (other_content, (Login(), WRITE, Reset(), READ), Invariant.DURABILITY, 4),
        (short_challenge, (Authenticate("counter"),), Invariant.CONTENT, 1),
        (crashes, (WRONG, READ), Invariant.HOST_ERRORS, 2),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_what_is_broken_is_told_with_its_step(library, lying, lie, steps, invariant, step):
    with pytest.raises(InvariantBroken) as caught:
        library.run(Session(steps), wrap=lying(lie))
    assert (caught.value.invariant, caught.value.step) == (invariant, step)
    assert str(caught.value).startswith(f"{invariant.name} broken in step {step} (")


def test_the_host_may_raise_nothing_else(library, monkeypatch):
    monkeypatch.setattr(Borrower, "decode_from", lambda raw: [][len(raw)])
    with pytest.raises(InvariantBroken, match=r"HOST_ERRORS.*IndexError"):
        library.run(Session((HostRead("borrower"),)))


def test_what_the_host_reads_is_what_the_card_holds(library, monkeypatch):
    decode, seen = Borrower.decode_from, []

    def wrong_at_first(raw):
        seen.append(raw)
        record, rest = decode(raw)
        return (record.replace(number="9999999999") if len(seen) == 1 else record), rest

    monkeypatch.setattr(Borrower, "decode_from", wrong_at_first)
    session = Session((HostWrite("borrower", Borrower.example(), login=True), HostRead("borrower")))
    with pytest.raises(InvariantBroken, match=r"CONTENT.*9999999999"):
        library.run(session)


def test_a_secret_in_an_error_is_found(library, monkeypatch):
    from yohaku.card import AccessDeniedError, AppletSession

    def leaks(_session, _rule, secrets, **_):
        raise AccessDeniedError(f"the key is {secrets['counter'].hex()}")

    monkeypatch.setattr(AppletSession, "satisfy", leaks)
    with pytest.raises(InvariantBroken, match=r"SECRECY.*value of counter") as caught:
        library.run(Session((HostRead("loans", login=True),)))
    assert library.secrets["counter"].hex() not in str(caught.value)


def test_no_message_shows_a_pin(library, lying):
    lie = lying(lambda command, answer: b"\x6f\x00" if command[1] in {0x20, 0x24} else answer)
    for step in (Verify("holder", b"7319"), ChangePin("holder", b"7319"), ResetPin("holder", b"7319")):
        with pytest.raises(InvariantBroken) as caught:
            library.run(Session((Authenticate("counter"), step, AskTries("holder"))), wrap=lie)
        shown = f"{caught.value} {caught.value!r} {step!r} {caught.value.start.instances!r}"
        assert "7319" not in shown
        assert b"7319".hex() not in shown


@pytest.mark.parametrize("write", range(1, 8))
@pytest.mark.parametrize("outcome", ["old", "new", "mixed"])
def test_a_power_cut_at_any_write_leaves_old_or_new(library, write, outcome):
    library.run(Session((Login(), PowerCut(write=write, outcome=outcome), AppendRecord("loans", b"x" * 16))))


def test_a_torn_write_is_found(library, lying):
    """The card forgets the last byte of what was appended when power was lost since."""
    lost = []

    def forgets(command, answer):
        lost.extend(b"\xa4" if command[1] == 0xA4 and lost else b"a" if command[1] == 0xE2 else b"")
        torn = command[1] == 0xB2 and len(lost) > 1 and answer[-2:] == b"\x90\x00"
        return b"\0" + answer[1:] if torn else answer

    with pytest.raises(InvariantBroken) as caught:
        library.run(Session((Login(), AppendRecord("loans", b"x" * 16))), wrap=lying(forgets))
    assert caught.value.invariant is Invariant.DURABILITY
    assert caught.value.step == 3
    assert "the look at the end" in str(caught.value)


@pytest.mark.parametrize(
    "fault", [LinkDrop(), LinkDrop(after=True), LinkTruncate(), BitFlip(), BitFlip(where="command")]
)
def test_faults_of_the_link_leave_the_host_with_its_own_errors(library, fault):
    library.run(Session((Login(), fault, HostRead("loans", login=True), HostRead("borrower"), AskTries("holder"))))


def test_a_fault_happens_once_and_when_it_is_due(library):
    link = apply(LinkDrop(command=2, after=True), fork(library.link))
    ask = bytes.fromhex("00200081")
    assert link.transmit(ask) == b"\x63\xc3"
    with pytest.raises(DroppedError):
        link.transmit(ask)
    assert link.transmit(ask) == b"\x63\xc3"


def test_power_is_refused_where_there_is_no_card():
    class NoCard:
        name = "pcsc:Some Reader"

    with pytest.raises(FaultError, match="Some Reader cannot do PowerCut"):
        apply(PowerCut(), NoCard())


def test_a_run_changes_neither_the_model_nor_the_card_it_starts_from(library):
    before = library.model.copy()
    library.run(Session((Login(), UpdateBinary("borrower"), Verify("holder", b"0000"))))
    assert library.model == before
    assert library.run(Session((AskTries("holder"),))).log[-1].response == b"\x63\xc3"


def test_models_differ_by_what_they_hold():
    one, other = Model.of(LibraryCard), Model.of(LibraryCard)
    assert one == other
    other.predict(bytes.fromhex("00A40400 06 F059484B0001 00"))
    assert one != other


class Unforked:
    """A link that has a card behind it, but no copy of it to give."""

    is_emulator = True

    def __init__(self):
        self._link = open_link("emulator:")
        self.name, self.transmit, self.reset = self._link.name, self._link.transmit, self._link.reset

    @property
    def atr(self):
        return self._link.atr

    def close(self):
        self._link.close()


def test_a_card_that_cannot_be_forked_is_loaded_anew_for_each_session(everything):
    stage = Stage(everything.applet, Unforked())
    written = stage.run(Session((Login(), UpdateBinary("small", 0, b"\1\2"), Book("coins", 5), ReadReceipts("coins"))))
    assert written.log[-1].response[-2:] == b"\x90\x00"
    assert written.model.instances[bytes(everything.applet.aid)].files[1].body == b"\1\2"
    again = stage.run(Session((ReadBinary("small"), AskTries("owner"), Reset(), ReadBinary("small"))))
    assert [event.response.hex() for event in again.log if event.step in {1, 4} and event.command] == ["00009000"] * 2
    with pytest.raises(FaultError, match="emulated"):
        stage.run(Session((PowerCut(1, 1),)))


def test_a_lie_of_a_card_that_cannot_be_forked_is_found(everything):
    link = Unforked()
    stage, honest = Stage(everything.applet, link), link.transmit
    stage.run(Session((ReadBinary("small"),)))

    def lie(command):
        answer = honest(command)
        return b"\0\1" + answer[2:] if command[1] == 0xB0 and len(answer) == 4 else answer

    link.transmit = lie
    with pytest.raises(InvariantBroken) as found:
        stage.run(Session((Login(), ReadBinary("small"))))
    assert (found.value.invariant, found.value.step) == (Invariant.CONTENT, 2)
