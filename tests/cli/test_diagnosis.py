"""What the doctor says of readers and cards, in every state that they can be in."""

from collections.abc import Callable
from typing import Any

import pytest

from yohaku import connect
from yohaku.card import Secrets
from yohaku.cli.diagnosis import Check, reader_checks
from yohaku.globalplatform import load_applet
from yohaku.reader import ReaderState, ReaderSupportMissingError
from yohaku_applets.library_card import LibraryCard

EMPTY = ReaderState("ACME", has_card=False, is_mute=False, is_taken=False, is_shared=False, atr=b"")


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Check]]:
    def checks(*states: ReaderState, card: Any = None) -> list[Check]:
        monkeypatch.setattr("yohaku.reader.reader_states", lambda: list(states))
        monkeypatch.setattr("yohaku.card.connect", lambda _url: card)
        return list(reader_checks())[2:]

    return checks


def state(**changes: Any) -> ReaderState:
    from dataclasses import replace

    return replace(EMPTY, has_card=True, atr=b"\x3b\x00", **changes)


def test_each_reader_is_told_with_its_fix(look: Any) -> None:
    assert look() == [
        Check("readers", "absent", "none connected", "plug one in; if it is in, look for its driver"),
    ]
    found = look(EMPTY, state(is_mute=True), state(is_taken=True))
    assert [(check.state, check.detail) for check in found] == [
        ("ok", "no card in it"),
        ("absent", "the card in it gives no answer"),
        ("absent", "another program holds the card in it"),
    ]
    assert found[1].fix.startswith("turn it over")
    assert found[2].fix == "end that program, or add ?wait=30 to the card URL"


def test_a_card_is_told_with_what_it_holds(look: Any) -> None:
    card = connect("emulator:")
    (check,) = look(state(), card=card)
    assert check.detail == "a card, ATR 3B 00, holds none of the applets installed here"
    card = connect("emulator:")
    load_applet(card, LibraryCard, secrets=Secrets.for_tests(LibraryCard))
    (check,) = look(state(), card=card)
    assert (check.state, check.detail) == ("ok", "a card, ATR 3B 00, holds library-card version 1")


def test_a_card_that_cannot_be_used_and_missing_support_are_told(look: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from yohaku.reader import ReaderBusyError

    class Busy:
        def __enter__(self) -> None:
            raise ReaderBusyError("connecting to ACME: another program holds the card; end it")

        def __exit__(self, *_: object) -> None:
            """Nothing was opened."""

    (check,) = look(state(), card=Busy())
    assert check.fix == "end it"
    assert check.detail == "a card that cannot be used: connecting to ACME: another program holds the card"

    def missing() -> list[ReaderState]:
        raise ReaderSupportMissingError("readers need pyscard; pip install it")

    monkeypatch.setattr("yohaku.reader.reader_states", missing)
    assert list(reader_checks())[-1] == Check("readers", "absent", "readers need pyscard", "pip install it")


def test_a_service_that_does_not_run_is_told_apart_from_one_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yohaku.reader.reader_states", list)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert next(reader_checks()) == Check(
        "pcscd", "absent", "the PC/SC service is not installed", "apt install pcscd libccid"
    )
