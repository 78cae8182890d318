"""Reader links against a service that is a script: sharing, resets, removal, protocols, waiting."""

import sys
from types import ModuleType
from typing import Any

import pytest

# ruff: noqa: N802 - the functions have the service's names
from yohaku.card import LinkError, NoCardError
from yohaku.reader import (
    CardResetError,
    ReaderBusyError,
    ReaderChoiceError,
    WaitedTooLongError,
    list_readers,
    open_link,
    reader_states,
    wait_for_card,
)

BUSY, RESET, REMOVED, NO_CARD, TIMEOUT = 0x8010000B, 0x80100068, 0x80100069, 0x8010000C, 0x8010000A
CONTACT, CONTACTLESS = bytes.fromhex("3B00"), bytes.fromhex("3B80800101")


class Scard(ModuleType):
    """A PC/SC service with one reader, in which things happen on request."""

    SCARD_SCOPE_USER, SCARD_STATE_UNAWARE, SCARD_STATE_CHANGED = 0, 0, 2
    SCARD_STATE_PRESENT, SCARD_STATE_EXCLUSIVE, SCARD_STATE_INUSE, SCARD_STATE_MUTE = 0x20, 0x80, 0x100, 0x200
    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1, SCARD_PCI_T0, SCARD_PCI_T1 = 1, 2, "t0", "t1"
    SCARD_SHARE_EXCLUSIVE, SCARD_SHARE_SHARED, SCARD_LEAVE_CARD, SCARD_RESET_CARD = 1, 2, 0, 1

    def __init__(self) -> None:
        super().__init__("scard")
        self.calls: list[tuple[Any, ...]] = []
        self.atr, self.flags = CONTACT, 0x20
        self.names = ["ACME 00"]
        self.fail: dict[str, list[int]] = {}
        self.waits = 0
        self.answer = [0x90, 0]

    def _code(self, name: str, *told: Any) -> int:
        self.calls.append((name, *told))
        codes = self.fail.get(name)
        return codes.pop(0) if codes else 0

    def SCardEstablishContext(self, _scope: int) -> tuple[int, int]:
        return self._code("establish"), 7

    def SCardReleaseContext(self, _context: int) -> int:
        return self._code("release context")

    def SCardListReaders(self, _context: int, _groups: list[str]) -> tuple[int, list[str]]:
        return 0, self.names

    def SCardGetStatusChange(self, _context: int, wait: int, states: list[Any]) -> tuple[int, list[Any]]:
        if wait:
            self.waits += 1
            self.on_wait()
        return (TIMEOUT if wait else 0), [(name, self.flags, list(self.atr)) for name, _ in states]

    def on_wait(self) -> None:
        """Be replaced by what happens meanwhile."""

    def SCardConnect(self, _context: int, _reader: str, mode: int, protocols: int) -> tuple[int, int, int]:
        active = 1 if protocols & 1 else 2
        return self._code("connect", mode, protocols), 9, active

    def SCardReconnect(self, _card: int, mode: int, protocols: int, first: int) -> tuple[int, int]:
        return self._code("reconnect", mode, protocols, first), 1 if protocols & 1 else 2

    def SCardTransmit(self, _card: int, header: str, command: list[int]) -> tuple[int, list[int]]:
        return self._code("transmit", header, bytes(command)), self.answer

    def SCardStatus(self, _card: int) -> tuple[Any, ...]:
        return (self.fail.get("status") or [0]).pop(0), "", 0, 0, list(self.atr)

    def SCardBeginTransaction(self, _card: int) -> int:
        return self._code("begin")

    def SCardEndTransaction(self, _card: int, _after: int) -> int:
        return self._code("end")

    def SCardDisconnect(self, _card: int, _after: int) -> int:
        return self._code("disconnect")

    def named(self, *names: str) -> list[tuple[Any, ...]]:
        return [call for call in self.calls if call[0] in names]


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> Scard:
    made, package = Scard(), ModuleType("smartcard")
    package.scard = made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "smartcard", package)
    monkeypatch.setitem(sys.modules, "smartcard.scard", made)
    return made


def test_a_card_is_taken_alone_and_needs_no_transaction(scard: Scard) -> None:
    link = open_link("acme")
    link.transmit(b"\x00\xa4\x04\x00")
    link.release()
    link.close()
    link.close()
    names = [call[0] for call in scard.calls]
    assert names == ["establish", "connect", "transmit", "disconnect", "release context"]
    assert scard.named("connect") == [("connect", scard.SCARD_SHARE_EXCLUSIVE, 1)]


def test_a_shared_card_is_kept_from_the_first_command_until_released(scard: Scard) -> None:
    scard.fail["connect"] = [BUSY]
    link = open_link("")
    for _ in range(2):
        link.transmit(b"\x00\xa4\x04\x00")
    link.release()
    link.release()
    link.transmit(b"\x00\xa4\x04\x00")
    link.close()
    names = [call[0] for call in scard.calls[3:]]
    assert names == [
        "begin",
        "transmit",
        "transmit",
        "end",
        "begin",
        "transmit",
        "end",
        "disconnect",
        "release context",
    ]


def test_share_can_be_chosen(scard: Scard) -> None:
    open_link("?share=shared").close()
    assert scard.named("connect")[0][1] == scard.SCARD_SHARE_SHARED
    scard.fail["connect"] = [BUSY]
    with pytest.raises(ReaderBusyError, match="another program holds the card"):
        open_link("?share=exclusive")


@pytest.mark.parametrize("query", ["?sharing=shared", "?share=mine", "?wait=soon", "?wait=-1"])
def test_options_that_are_none_are_named(scard: Scard, query: str) -> None:
    with pytest.raises(ReaderChoiceError, match="in the card URL; "):
        open_link(query)
    assert scard.calls == []


def test_a_reset_while_nothing_was_ours_is_no_fault(scard: Scard) -> None:
    link = open_link("?share=shared")
    scard.fail["begin"] = [RESET]
    assert link.transmit(b"\x00\xa4\x04\x00") == b"\x90\x00"
    assert [call[0] for call in scard.calls[2:]] == ["begin", "reconnect", "begin", "transmit"]
    assert scard.named("reconnect")[0][3] == scard.SCARD_LEAVE_CARD


def test_resets_while_connecting_are_waited_out_up_to_a_limit(scard: Scard) -> None:
    scard.fail["status"] = [RESET, RESET]
    assert open_link("?share=shared").atr == CONTACT
    assert len(scard.named("reconnect")) == 2
    scard.fail["status"] = [RESET] * 50
    with pytest.raises(CardResetError):
        open_link("?share=shared")


def test_a_reset_in_between_is_told_and_the_link_goes_on(scard: Scard) -> None:
    link = open_link("")
    scard.fail["transmit"] = [RESET]
    with pytest.raises(CardResetError, match="another program reset the card; open it again"):
        link.transmit(b"\x00\xa4\x04\x00")
    assert link.transmit(b"\x00\xa4\x04\x00") == b"\x90\x00"


def test_a_card_that_was_out_and_is_in_again_is_connected_by_a_reset(scard: Scard) -> None:
    link = open_link("?share=shared")
    scard.fail["transmit"], scard.fail["reconnect"] = [REMOVED], [REMOVED]
    with pytest.raises(NoCardError, match="the card was taken away"):
        link.transmit(b"\x00\xa4\x04\x00")
    scard.atr = CONTACTLESS
    assert link.reset() == CONTACTLESS
    assert [call[1:] for call in scard.named("connect")] == [(2, 1), (2, 2)], "contactless: T=1 only"
    assert link.transmit(b"\x00\xa4\x04\x00") == b"\x90\x00"


def test_a_card_that_stays_out_says_so(scard: Scard) -> None:
    link = open_link("")
    scard.fail["reconnect"], scard.fail["connect"] = [REMOVED], [NO_CARD]
    with pytest.raises(LinkError, match="no card is in the reader; insert one"):
        link.reset()


def test_a_contactless_card_is_asked_for_t1_whenever_it_is_connected(scard: Scard) -> None:
    scard.atr = CONTACTLESS
    link = open_link("")
    link.transmit(bytes.fromhex("00A4040002AABB00"))
    link.reset()
    assert scard.named("connect", "reconnect") == [("connect", 1, 2), ("reconnect", 1, 2, 1)]
    assert scard.named("transmit") == [("transmit", "t1", bytes.fromhex("00A4040002AABB00"))]


def test_t0_sends_no_expected_length_after_data(scard: Scard) -> None:
    link = open_link("")
    link.transmit(bytes.fromhex("00A4040002AABB00"))
    assert scard.named("transmit") == [("transmit", "t0", bytes.fromhex("00A4040002AABB"))]


def test_states_are_told_without_connecting(scard: Scard) -> None:
    scard.flags = 0x20 | 0x80
    (state,) = reader_states()
    assert (state.name, state.has_card, state.is_taken, state.is_shared) == ("ACME 00", True, True, False)
    assert state.atr == CONTACT
    assert list_readers() == ["ACME 00"]
    assert not scard.named("connect")


def test_waiting_tells_what_is_wanted_until_the_card_comes(scard: Scard) -> None:
    scard.names, scard.flags = [], 0x10
    told: list[str] = []

    def happen() -> None:
        if scard.waits == 1:
            scard.names = ["ACME 00"]
        if scard.waits == 2:
            scard.flags = 0x20 | 0x200
        if scard.waits == 3:
            scard.flags = 0x20

    scard.on_wait = happen  # type: ignore[method-assign]
    assert wait_for_card("acme", progress=lambda waiting: told.append(waiting.text)) == "ACME 00"
    assert told[0] == "plug in a reader with 'acme' in its name"
    assert told[1] == "insert a card into ACME 00"
    assert told[2].startswith("the card in ACME 00 gives no answer")


def test_waiting_ends(scard: Scard) -> None:
    scard.flags = 0x10
    with pytest.raises(WaitedTooLongError, match=r"insert a card into ACME 00: waited 0\.01 seconds"):
        wait_for_card(timeout=0.01)
    with pytest.raises(NoCardError):
        open_link("?wait=0.01")


def test_waiting_goes_on_while_another_program_holds_the_card(scard: Scard) -> None:
    scard.fail["connect"] = [BUSY, BUSY, NO_CARD, 0]
    open_link("?wait=5&share=exclusive").close()
    assert len(scard.named("connect")) == 4


def test_waiting_for_another_program_is_told_now_and_then(scard: Scard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yohaku.reader.waiting.STEP", 0.0)
    scard.fail["connect"] = [BUSY, BUSY, 0]
    told: list[str] = []
    open_link("?wait=5&share=exclusive", progress=lambda waiting: told.append(waiting.text)).close()
    assert told == ["connecting to ACME 00: another program holds the card; end it, or wait until it is done"] * 2


def test_a_link_tells_that_it_waits_for_a_card(scard: Scard) -> None:
    scard.flags = 0x10
    told: list[str] = []
    scard.on_wait = lambda: setattr(scard, "flags", 0x20)  # type: ignore[method-assign]
    open_link("?wait=5", progress=lambda waiting: told.append(waiting.text)).close()
    assert told == ["insert a card into ACME 00"]


def test_no_answer_at_all_is_a_broken_link(scard: Scard) -> None:
    scard.answer = []
    with pytest.raises(LinkError, match="the link to the card broke"):
        open_link("").transmit(b"\x00\xa4\x04\x00")
