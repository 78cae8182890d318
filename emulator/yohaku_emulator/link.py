"""An emulated card behind a card URL: in memory, or kept in an image file that one process at a time may use."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Self

from yohaku_emulator.card import EmulatedCard
from yohaku_emulator.errors import LinkError
from yohaku_emulator.faults import FaultyLink
from yohaku_emulator.url import CardUrl

if TYPE_CHECKING:
    from types import TracebackType


class EmulatorLink:
    """A connection to an emulated card (what ``yohaku.card`` asks of a link), switched on.

    Attributes:
        card: the card itself.
        atr: its answer to reset.
        name: what to call this card in messages.
        is_emulator: True; a real reader's link says False.
    """

    is_emulator: bool = True

    def __init__(self, card: EmulatedCard, name: str, file: ImageFile | None = None) -> None:
        self.card, self.name, self._file = card, name, file
        self._saved = card.writes
        self.atr = card.power_on()
        self._save()

    @property
    def carries_extended(self) -> bool:
        """Whether extended APDUs can travel: not over T=0, which has one length byte (ISO/IEC 7816-3:2006 12.2)."""
        return self.card.profile.protocols[0] != 0

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU and return the response; a change of the memory is on disk before the answer is given.

        Raises:
            PowerCut: the power went; what the memory then holds is on disk too.
            LinkError: the image file cannot be written; the card goes on without it.
        """
        try:
            return self.card.transmit(command)
        finally:
            self._save()

    def reset(self) -> bytes:
        """Switch the card off and on; return its answer to reset."""
        try:
            self.atr = self.card.power_on()
        finally:
            self._save()
        return self.atr

    def _save(self) -> None:
        if self.card.writes != self._saved and self._file is not None:
            self._file.write(self.card.to_image())
        self._saved = self.card.writes

    def close(self) -> None:
        """Switch the card off and let other processes have the file; harmless when repeated."""
        self.card.power_off()
        if self._file is not None:
            self._file.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ImageFile:
    """An image file under an exclusive lock, which lies on a file of the same name with ``.lock`` added.

    The image itself cannot carry the lock: a rename replaces it at every change. The lock file goes with the lock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_path = path.with_name(path.name + ".lock")
        self._lock = self._acquire()
        while not self._current():
            os.close(self._lock)
            self._lock = self._acquire()

    def _current(self) -> bool:
        """Say whether the locked file is still the one of that name: its last owner may have removed it meanwhile."""
        try:
            return os.fstat(self._lock).st_ino == self._lock_path.stat().st_ino
        except FileNotFoundError:
            return False

    def _acquire(self) -> int:
        try:
            lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LinkError(f"cannot use card image {self.path}: {error.strerror}; does its folder exist?") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise LinkError(
                f"card image {self.path} is in use by another process; wait for it, or copy the file"
            ) from None
        return lock

    def read(self) -> bytes | None:
        """Return the file's bytes, None when there is no file yet."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LinkError(f"cannot read card image {self.path}: {error.strerror}") from None

    def write(self, data: bytes) -> None:
        """Replace the file in one step; a reader finds the old bytes or the new ones."""
        try:
            with NamedTemporaryFile(dir=self.path.parent, prefix=f".{self.path.name}.", delete=False) as file:
                try:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).replace(self.path)
                    _flush_folder(self.path.parent)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise LinkError(f"cannot write card image {self.path}: {error.strerror}") from None

    def release(self) -> None:
        """Give the lock up; harmless when repeated."""
        if self._lock >= 0:
            with suppress(OSError):
                self._lock_path.unlink()
            os.close(self._lock)
            self._lock = -1


def _flush_folder(folder: Path) -> None:
    """Make a rename durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_link(rest: str) -> EmulatorLink | FaultyLink:
    """Open what follows ``emulator:`` in a card URL and switch the card on.

    Args:
        rest: a path of an image file, or nothing for a fresh card in memory; options may follow, as `CardUrl` says:
            what card to make where none exists, and how it is to fail.

    Raises:
        ImageError: the file is not a usable card; it was left untouched.
        LinkError: unknown option, file in use or out of reach.
        UnknownNameError: there is no profile of that name.
    """
    url = CardUrl.parse(rest)
    link = _opened(url, "emulator:" + rest)
    link.card.memory.cut_at(url.cut, url.outcome, url.seed)
    return link if url.fail is None else FaultyLink(link, at=url.at, failure=url.fail)


def _opened(url: CardUrl, name: str) -> EmulatorLink:
    if not url.place:
        return EmulatorLink(_fresh(url), name)
    file = ImageFile(Path(url.place).expanduser())
    try:
        return EmulatorLink(_card(file, url), name, file)
    except BaseException:
        file.release()
        raise


def open_copy(rest: str) -> EmulatorLink:
    """Open a copy in memory of the card that ``open_link`` would open; it never fails, the file stays as it is.

    Raises:
        ImageError, LinkError, UnknownNameError: as ``open_link``.
    """
    url = CardUrl.parse(rest)
    path = Path(url.place).expanduser()
    if url.place and path.exists():
        return EmulatorLink(read_image(path), "emulator:" + rest)
    return EmulatorLink(_fresh(url), "emulator:" + rest)


def read_image(path: Path) -> EmulatedCard:
    """Open the card of an image file, off and without the lock: nothing will be written.

    Raises:
        ImageError: the file is not a usable card.
        LinkError: it cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LinkError(f"cannot read card image {path}: {error.strerror}") from None
    return EmulatedCard.from_image(data, name=str(path))


def _fresh(url: CardUrl) -> EmulatedCard:
    return EmulatedCard(url.profile or "generic", seed=url.seed)


def _card(file: ImageFile, url: CardUrl) -> EmulatedCard:
    data = file.read()
    if data is None:
        return _fresh(url)
    card = EmulatedCard.from_image(data, name=str(file.path))
    if url.profile and url.profile != card.profile.name:
        raise LinkError(f"card image {file.path} is a {card.profile.name!r} card; leave ?profile={url.profile} out")
    return card
