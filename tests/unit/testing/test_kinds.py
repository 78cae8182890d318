"""The model knows the kinds of cards: T=0, extended APDUs, JICSAP's status words; one of another kind is told apart."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yohaku.card import open_link
from yohaku.iso7816 import Status
from yohaku.testing import InvariantBroken, Session, Stage, apdus, run, sessions
from yohaku.testing.faults import fork
from yohaku.testing.steps import AskTries, Book, Login, ReadBinary, ReadReceipts, Send, UpdateBinary, Verify
from yohaku.testing.wire import Kind

KINDS = {
    "t0": {"is_t0": True},
    "extended": {"channels": 20, "command": 2_057, "response": 2_050},
    "jicsap": {"blocked": Status.REFERENCE_UNUSABLE},
    "small": {"channels": 1},
}
CHECKS = list(HealthCheck)


@pytest.fixture(scope="module", params=KINDS)
def stage(request, everything):
    return Stage(everything.applet, open_link(f"emulator:?profile={request.param}"))


def test_a_card_is_asked_for_its_kind(stage, request):
    kind = request.node.callspec.params["stage"]
    assert stage.model.kind == Kind(**KINDS[kind])
    (command,) = stage.model.outside
    assert command == bytes.fromhex("80caff2112" if kind == "t0" else "80caff2100")


@settings(max_examples=settings.default.max_examples // 2, deadline=None, suppress_health_check=CHECKS)
@given(data=st.data())
def test_random_sessions_on_any_kind_of_card_break_nothing(stage, data):
    stage.run(data.draw(sessions(stage.applet, longest=stage.model.kind.command)))


@settings(max_examples=settings.default.max_examples // 2, deadline=None, suppress_health_check=CHECKS)
@given(data=st.data())
def test_every_command_is_foretold(stage, data):
    commands = apdus(stage.applet, channels=2, longest=stage.model.kind.command)
    stage.run(Session((Login(), *map(Send, data.draw(st.lists(commands, max_size=30))))))


WRONG = Verify("clerk", b"!!!!")
LONG = Send(bytes.fromhex("00b0820000012c"))


@pytest.mark.parametrize(
    ("stage", "steps"),
    [("t0", (ReadBinary("small"),)), ("extended", (Login(), LONG)), ("jicsap", (WRONG, WRONG, WRONG))],
    indirect=["stage"],
)
def test_a_model_of_another_kind_is_found_out(stage, steps):
    other = stage.model.copy()
    other.kind = Kind(other.kind.channels)
    with pytest.raises(InvariantBroken) as found:
        run(Session(steps), fork(stage.link), stage.applet, model=other)
    assert found.value.step == len(steps)


def answers(stage, *steps):
    events = stage.run(Session(steps)).log
    return [event.response for event in events if event.command and 0 < event.step <= len(steps)]


@pytest.mark.parametrize("stage", ["t0"], indirect=True)
def test_what_waits_behind_a_command_of_t0_is_fetched(stage):
    booked, receipt = answers(stage, Login(), Book("coins", 5))[-2:]
    assert booked == bytes.fromhex("6120")
    assert (len(receipt), receipt[-2:]) == (34, b"\x90\x00")
    wrong, right = answers(stage, ReadBinary("small"))
    assert (wrong, right) == (bytes.fromhex("6c02"), bytes(2) + b"\x90\x00")
    assert answers(stage, Login(), Book("coins", 5), ReadReceipts("coins"))[-2] == bytes.fromhex("6c2d")


@pytest.mark.parametrize("stage", ["jicsap"], indirect=True)
def test_a_blocked_pin_answers_as_jicsap_wants(stage):
    found = answers(stage, WRONG, WRONG, WRONG, AskTries("clerk"))
    assert [answer.hex() for answer in found] == ["63c1", "63c0", "6984", "63c0"]


@pytest.mark.parametrize("stage", ["extended"], indirect=True)
def test_a_long_answer_comes_whole(stage):
    whole = UpdateBinary("large", 0, bytes(range(256)) + bytes(44))
    assert answers(stage, Login(), whole, LONG)[-1] == bytes(range(256)) + bytes(44) + b"\x90\x00"
