"""A real pcscd with Debian's virtual reader, and an emulated card in it."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import gettempdir

import pytest

from yohaku.card import CardError
from yohaku.reader import list_readers
from yohaku_emulator.card import EmulatedCard

READER = "Virtual PCD 00 00"
PORT = 0x8C7B
POWER_OFF, POWER_ON, RESET, GET_ATR = 0, 1, 2, 4
PACKAGES = "apt install pcscd vsmartcard-vpcd libpcsclite-dev swig gcc opensc pcsc-tools, and pip install pyscard"


def missing() -> str:
    """Name what is not installed."""
    programs = [name for name in ("opensc-tool", "scriptor") if not shutil.which(name)]
    if not shutil.which("pcscd", path=os.environ["PATH"] + ":/usr/sbin"):
        programs.append("pcscd")
    if not list(Path("/usr/lib/pcsc/drivers/serial").glob("libifdvpcd.so*")):
        programs.append("vsmartcard-vpcd")
    try:
        import smartcard  # noqa: F401 - whether it is there is the question
    except ImportError:
        programs.append("pyscard")
    return ", ".join(programs)


def wait_for(done: Callable[[], bool], what: str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(CardError):
            if done():
                return
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen in {seconds} s")


@pytest.fixture(scope="session")
def pcscd() -> Iterator[None]:
    """Have pcscd run with the virtual readers; one test run at a time, as there is one pcscd on a machine."""
    if absent := missing():
        if os.environ.get("CI"):
            pytest.fail(f"missing: {absent}; {PACKAGES}")
        pytest.skip(f"missing: {absent}; {PACKAGES}")
    with (Path(gettempdir()) / "yohaku-pcscd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with running_service():
            wait_for(lambda: READER in list_readers(), f"a reader named {READER!r}")
            yield


@contextlib.contextmanager
def running_service() -> Iterator[None]:
    """Use the pcscd that runs, or start one and end it afterwards."""
    with contextlib.suppress(CardError):
        list_readers()
        yield
        return
    program = shutil.which("pcscd", path=os.environ["PATH"] + ":/usr/sbin")
    assert program
    with subprocess.Popen([program, "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


class CardInReader:
    """An emulated card that dials the virtual reader and answers until it is pulled."""

    def __init__(self, card: EmulatedCard) -> None:
        self.card = card
        self._socket = socket.create_connection(("127.0.0.1", PORT), timeout=5)
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def pull(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while (head := self._exactly(2)) and (message := self._exactly(int.from_bytes(head, "big"))):
            answer = self._answer(message)
            if answer:
                self._socket.sendall(len(answer).to_bytes(2, "big") + answer)

    def _answer(self, message: bytes) -> bytes:
        if len(message) > 1:
            return self.card.transmit(message)
        if message[0] == GET_ATR:
            return self.card.profile.atr
        if message[0] == POWER_OFF:
            self.card.power_off()
        elif message[0] in {POWER_ON, RESET}:
            self.card.power_on()
        return b""

    def _exactly(self, size: int) -> bytes:
        """Read ``size`` bytes, acknowledged at once: vpcd sends two parts, and Nagle waits 40 ms between them."""
        data = b""
        while len(data) < size:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            part = self._socket.recv(size - len(data))
            if not part:
                return b""
            data += part
        return data


@pytest.fixture
def inserted(pcscd: None) -> Iterator[CardInReader]:  # noqa: ARG001 - the service must run
    """Insert a fresh emulated card in the first virtual reader; pull it afterwards."""
    from yohaku.reader import open_link

    def present() -> bool:
        open_link(READER).close()
        return True

    def gone() -> bool:
        return is_empty(READER)

    wait_for(gone, "an empty reader")
    card = CardInReader(EmulatedCard())
    try:
        wait_for(present, "a card in the reader")
        yield card
    finally:
        card.pull()
        wait_for(gone, "an empty reader")


def is_empty(reader: str) -> bool:
    """Ask the service whether it saw that no card is there; between that and a card it may know neither."""
    from smartcard import scard

    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        _, states = scard.SCardGetStatusChange(context, 0, [(reader, scard.SCARD_STATE_UNAWARE)])
        return bool(states[0][1] & scard.SCARD_STATE_EMPTY)
    finally:
        scard.SCardReleaseContext(context)
