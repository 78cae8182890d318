"""The card's side of the virtual reader's protocol, against a driver that this test plays."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from yohaku_emulator import vpcd
from yohaku_emulator.card import EmulatedCard
from yohaku_emulator.errors import LinkError, PowerCut
from yohaku_emulator.link import EmulatorLink

SELECT_ISD = bytes.fromhex("00A4040000")
OFF, ON, RESET, ATR = b"\x00", b"\x01", b"\x02", b"\x04"


class Driver:
    """The driver's end of the connection."""

    def __init__(self, connection, inserted):
        self.connection, self.inserted = connection, inserted

    def send(self, message, *, pieces=1):
        raw = len(message).to_bytes(2, "big") + message
        size = -(-len(raw) // pieces)
        for at in range(0, len(raw), size):
            self.connection.sendall(raw[at : at + size])

    def answer(self):
        size = int.from_bytes(self.connection.recv(2, socket.MSG_WAITALL), "big")
        return self.connection.recv(size, socket.MSG_WAITALL)

    def ask(self, message, **options):
        self.send(message, **options)
        return self.answer()


@pytest.fixture
def driver(monkeypatch):
    with inserted(monkeypatch, EmulatedCard()) as found:
        yield found


@contextmanager
def inserted(monkeypatch, card):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(vpcd, "PORT", server.getsockname()[1])
        with vpcd.InsertedCard(EmulatorLink(card, "emulator:")) as made:
            thread = threading.Thread(target=made.serve, daemon=True)
            thread.start()
            connection, _ = server.accept()
            connection.settimeout(5)
            with connection:
                yield Driver(connection, made)
            thread.join(5)
            assert not thread.is_alive()


def test_commands_are_answered_after_power_up(driver):
    driver.send(ON)
    assert driver.ask(ATR) == driver.inserted.link.atr
    assert driver.ask(SELECT_ISD)[-2:] == b"\x90\x00"
    assert driver.inserted.commands == 1


def test_a_message_may_come_in_pieces(driver):
    driver.send(ON)
    assert driver.ask(SELECT_ISD, pieces=7)[-2:] == b"\x90\x00"


def test_polls_for_the_atr_change_nothing(driver):
    driver.send(ON)
    driver.ask(bytes.fromhex("0070000001"))
    for _ in range(5):
        assert driver.ask(ATR) == driver.inserted.link.atr
    assert driver.ask(bytes.fromhex("01A4040000"))[-2:] == b"\x90\x00", "the opened channel is still open"


def test_a_reset_forgets_what_was_open(driver):
    driver.send(ON)
    driver.ask(bytes.fromhex("0070000001"))
    driver.send(RESET)
    assert driver.ask(bytes.fromhex("01A4040000"))[-2:] == b"\x68\x81"


def test_power_off_keeps_the_card_in_the_reader(driver):
    driver.send(ON)
    driver.send(OFF)
    assert driver.ask(ATR) == driver.inserted.link.atr
    driver.send(ON)
    assert driver.ask(SELECT_ISD)[-2:] == b"\x90\x00"


@pytest.mark.parametrize("raw", ["0000", "00A404", "FFFFFFFFFFFFFF", "00A40400050102"])
def test_no_answer_is_empty(driver, raw):
    driver.send(ON)
    assert len(driver.ask(bytes.fromhex(raw))) == 2


def test_a_card_whose_power_goes_leaves_the_reader(monkeypatch):
    class Torn(EmulatorLink):
        def transmit(self, command):
            raise PowerCut(f"cut during {command.hex()}")

    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(vpcd, "PORT", server.getsockname()[1])
        made = vpcd.InsertedCard(Torn(EmulatedCard(), "emulator:"))
        thread = threading.Thread(target=made.serve, daemon=True)
        thread.start()
        connection, _ = server.accept()
        with connection:
            connection.settimeout(5)
            Driver(connection, made).send(SELECT_ISD)
            assert connection.recv(1) == b""
        thread.join(5)
        assert not thread.is_alive()


def test_without_a_driver_it_says_what_to_install(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setattr(vpcd, "PORT", port)
    with pytest.raises(LinkError, match="apt install pcscd vsmartcard-vpcd"):
        vpcd.InsertedCard(EmulatorLink(EmulatedCard(), "emulator:"))


@pytest.fixture
def staying(monkeypatch):
    """A card that stays in a slot, the sentences that it told, and the port that its driver listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setattr(vpcd, "PORT", port)
    monkeypatch.setattr(vpcd, "AGAIN", 0.01)
    told = []
    with vpcd.StayingCard(EmulatorLink(EmulatedCard(), "emulator:"), told=told.append) as made:
        thread = threading.Thread(target=made.serve, daemon=True)
        thread.start()
        yield made, told, port
        made.pull()
        thread.join(5)
        assert not thread.is_alive()


def wait_for(told, count):
    deadline = time.monotonic() + 5
    while len(told) < count:
        assert time.monotonic() < deadline, told
        time.sleep(0.01)


@contextmanager
def driver_on(port, made):
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(5)
        connection, _ = server.accept()
    with connection:
        connection.settimeout(5)
        yield Driver(connection, made)


def test_a_card_waits_for_its_reader_and_comes_back_when_the_reader_does(staying):
    made, told, port = staying
    wait_for(told, 1)
    time.sleep(0.05)
    for round_ in (1, 2):
        with driver_on(port, made) as driver:
            driver.send(ON)
            if round_ == 1:
                driver.ask(bytes.fromhex("0070000001"))
            else:
                assert driver.ask(bytes.fromhex("01A4040000"))[-2:] == b"\x68\x81", "the channel went with the power"
            assert driver.ask(SELECT_ISD)[-2:] == b"\x90\x00"
        wait_for(told, 2 * round_ + 1)
    waiting, inside = told[0], told[1]
    assert waiting.endswith("start pcscd; waiting for it")
    assert inside == "emulator: is in slot 0, as pcsc:Virtual PCD 00 00"
    assert told == [waiting, inside, waiting, inside, waiting], "said once for each wait"
    assert made.commands == 4


def test_a_pull_ends_a_wait_and_a_visit(staying):
    made, told, port = staying
    with driver_on(port, made) as driver:
        driver.send(ON)
        driver.ask(SELECT_ISD)
        made.pull()
        assert driver.connection.recv(1) == b""
    made.pull()
    assert told[-1].startswith("emulator: is in slot 0")


def test_a_card_whose_power_went_does_not_come_back(monkeypatch):
    class Torn(EmulatorLink):
        def transmit(self, command):
            raise PowerCut(f"cut during {command.hex()}")

    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(vpcd, "PORT", server.getsockname()[1])
        made = vpcd.StayingCard(Torn(EmulatedCard(), "emulator:"), told=lambda _text: None)
        thread = threading.Thread(target=made.serve, daemon=True)
        thread.start()
        connection, _ = server.accept()
        with connection:
            Driver(connection, made).send(SELECT_ISD)
        thread.join(5)
        assert not thread.is_alive()
