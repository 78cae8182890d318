"""A real pcscd with Debian's virtual reader, and an emulated card in it."""

import contextlib
import fcntl
import os
import shutil
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
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.vpcd import InsertedCard

READER = "Virtual PCD 00 00"
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
    told = "it was not so"
    while time.monotonic() < deadline:
        try:
            if done():
                return
        except CardError as error:
            told = str(error)
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen in {seconds} s: {told}")


class Service:
    """The pcscd that this test run started, or the one that was there before."""

    def __init__(self, program: str | None) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the tests may stop it."""
        return self._program is not None

    def start(self) -> None:
        if self._program:
            command = [self._program, "--foreground"]
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: READER in list_readers(), f"a reader named {READER!r}")

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)


@pytest.fixture(scope="session")
def pcscd() -> Iterator[Service]:
    """Have pcscd run with the virtual readers; one test run at a time, as there is one pcscd on a machine."""
    if absent := missing():
        if os.environ.get("CI"):
            pytest.fail(f"missing: {absent}; {PACKAGES}")
        pytest.skip(f"missing: {absent}; {PACKAGES}")
    with (Path(gettempdir()) / "yohaku-pcscd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        service = Service(None if is_running() else shutil.which("pcscd", path=os.environ["PATH"] + ":/usr/sbin"))
        service.start()
        yield service
        service.stop()


def is_running() -> bool:
    with contextlib.suppress(CardError):
        list_readers()
        return True
    return False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker run all tests that share the service, before xdist looks which belong together.

    Otherwise another worker that gets one of them waits for the first until that ends.
    """
    for item in items:
        if "pcscd" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("pcscd"))


class CardInReader:
    """An emulated card in the virtual reader, served by a thread until it is pulled."""

    def __init__(self, card: EmulatedCard) -> None:
        self.card = card
        self._inserted = InsertedCard(EmulatorLink(card, "emulator:"))
        self._thread = threading.Thread(target=self._inserted.serve, daemon=True)
        self._thread.start()

    @property
    def commands(self) -> int:
        """How many commands it answered."""
        return self._inserted.commands

    def pull(self) -> None:
        self._inserted.pull()
        self._thread.join(5)

    def insert_again(self) -> "CardInReader":
        """Put the same card, which was pulled or lost its power, into the reader once more."""
        return CardInReader(self.card)


@pytest.fixture
def emptied(pcscd: None) -> Callable[[], None]:  # noqa: ARG001 - the service must run
    """Give what waits until the service itself saw that no card is there.

    Only ask for states meanwhile: a program that connects and leaves has the service reset a card that is gone, note
    that none is there, and miss the next card when that comes before its own look at the reader.
    """
    return lambda: wait_for(lambda: is_empty(READER), "an empty reader")


@pytest.fixture
def inserted(emptied: Callable[[], None], request: pytest.FixtureRequest) -> Iterator[CardInReader]:
    """Insert a fresh emulated card in the first virtual reader; pull it afterwards. A parameter is its profile."""
    from yohaku.reader import open_link

    def present() -> bool:
        open_link(READER).close()
        return True

    emptied()
    card = CardInReader(EmulatedCard(getattr(request, "param", "generic")))
    try:
        wait_for(present, "a card in the reader")
        yield card
    finally:
        card.pull()
        emptied()


def is_empty(reader: str) -> bool:
    """Ask the service whether it saw that no card is there; between that and a card it may know neither."""
    from smartcard import scard

    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        _, states = scard.SCardGetStatusChange(context, 0, [(reader, scard.SCARD_STATE_UNAWARE)])
        return bool(states[0][1] & scard.SCARD_STATE_EMPTY)
    finally:
        scard.SCardReleaseContext(context)
