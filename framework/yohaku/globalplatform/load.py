"""From a declaration to an applet on a card: check all values, install, personalise, verify, or leave nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from yohaku.card.content import to_content
from yohaku.card.copies import stored
from yohaku.card.errors import AppletMismatchError, AppletNotInstalledError, AppletNotReadyError, CardError
from yohaku.card.secrets import check_all
from yohaku.card.session import AppletSession
from yohaku.errors import UnknownNameError, YohakuError
from yohaku.globalplatform.dgi import KEY_VALUE, PIN_VALUE, RECORD, file_content
from yohaku.globalplatform.domain import SecurityDomain
from yohaku.globalplatform.readback import read_back
from yohaku.globalplatform.wire import Dgi
from yohaku.schema import CyclicFile, Record, RecordFile, compile_descriptor, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yohaku.card import Card, Secrets
    from yohaku.card.pipeline import Traffic
    from yohaku.globalplatform.keys import KeySource
    from yohaku.schema import Applet, File

    Contents = Mapping[str, Record | Sequence[Record]]
    Progress = Callable[["Step"], None]


class AlreadyInstalledError(CardError):
    """An applet of this AID is on the card already."""


class LoadError(CardError):
    """A load failed after the instance was made; the message says whether it could be deleted again.

    Attributes:
        is_left: whether a half-loaded instance is still on the card.
    """

    def __init__(self, message: str, *, is_left: bool) -> None:
        self.is_left = is_left
        super().__init__(message)


class ContentError(CardError):
    """A first content is not of the kind that its file holds."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a load is.

    Attributes:
        text: what is being done now.
        done: steps completed.
        total: steps in all.
    """

    text: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did.

    Attributes:
        name: the applet's name.
        aid: its AID.
        descriptor_size: bytes of its descriptor.
        blocks: STORE DATA blocks sent.
        traffic: commands and bytes on the link.
    """

    name: str
    aid: bytes
    descriptor_size: int
    blocks: int
    traffic: Traffic


def load_applet(
    card: Card,
    applet: type[Applet],
    *,
    secrets: Secrets,
    contents: Contents | None = None,
    progress: Progress | None = None,
    keys: KeySource | None = None,
    allow_test_keys: bool = False,
    resume: bool = False,
) -> LoadReport:
    """Load an applet and give its PINs, keys and files their first values, through a secure channel.

    All values are checked before anything is sent, and contents are read back at the end. When a later step fails the
    instance is deleted again.

    Args:
        card: the card.
        applet: the declaration.
        secrets: a value for each PIN and key.
        contents: by file name a record for a transparent file, records for a record file, oldest first; a file
            without contents starts with zero bytes, or with no records.
        progress: called before each step and after the last.
        keys: of the card's security domain; an emulated card needs none, a real one without keys gets clear commands.
        allow_test_keys: use published keys on a real card, too.
        resume: complete a load of this very declaration that was cut short, instead of refusing it.

    Raises:
        SecretError, PinFormatError, EncodeError, ContentError, UnknownNameError: a value is missing or does not fit.
        AlreadyInstalledError: an applet of this AID is there, of this version or another, complete or not.
        NoSpaceError: the card has too little memory.
        AccessDeniedError: the card wants a secure channel, and there are no keys.
        SecureChannelError: the secure channel cannot be opened with these keys.
        LoadError: a later step failed; the message says what became of the instance.
    """
    check_all(applet, secrets)
    secrets.check_allowed(card)
    opener = partial(SecurityDomain.open, card, keys, allow_test_keys=allow_test_keys)
    return _Load(card, applet, secrets, contents or {}, opener).run(progress or _ignore, resume=resume)


def delete_applet(card: Card, aid: bytes, *, keys: KeySource | None = None, allow_test_keys: bool = False) -> None:
    """Delete an applet and all that it holds.

    Raises:
        AppletNotInstalledError: the card has none of this AID.
        AccessDeniedError: the card wants a secure channel, and there are no keys.
        SecureChannelError: the secure channel cannot be opened with these keys.
    """
    SecurityDomain.open(card, keys, allow_test_keys=allow_test_keys).delete(aid)


class _Load:
    """One load on its way."""

    def __init__(
        self,
        card: Card,
        applet: type[Applet],
        secrets: Secrets,
        contents: Contents,
        open_domain: Callable[[], SecurityDomain],
    ) -> None:
        self.card, self.applet, self.open_domain = card, applet, open_domain
        self.secrets, self.contents = secrets, contents
        self.items = [*_secret_items(applet, secrets), *_content_items(applet, contents)]
        self.descriptor = compile_descriptor(applet)

    def run(self, progress: Progress, *, resume: bool) -> LoadReport:
        before = self.card.traffic.snapshot()
        name, aid = self.applet.name, self.applet.aid
        progress(Step(f"looking for {name}", 0, 4))
        is_begun = self._look(resume=resume)
        domain = self.open_domain()
        if is_begun:
            progress(Step(f"going on with {name}", 1, 4))
        else:
            progress(Step(f"installing {name}", 1, 4))
            domain.install(aid, self.descriptor)
        try:
            progress(Step(f"personalising {name}", 2, 4))
            blocks = domain.personalise(aid, self.items)
            progress(Step(f"verifying {name}", 3, 4))
            read_back(AppletSession.open(self.card, self.applet), self.contents, self.secrets)
        except BaseException as error:
            is_left, outcome = self._roll_back()
            if isinstance(error, YohakuError):
                raise LoadError(f"loading {name}: {error}; {outcome}", is_left=is_left) from error
            raise
        progress(Step(f"{name} is ready", 4, 4))
        return LoadReport(name, aid, len(self.descriptor), blocks, self.card.traffic - before)

    def _look(self, *, resume: bool) -> bool:
        """Refuse what is there already, and say whether it is the beginning of this very load."""
        try:
            held = AppletSession.open(self.card, self.applet).applet
        except AppletNotInstalledError:
            return False
        except AppletNotReadyError as error:
            if resume and self._is_mine():
                return True
            raise AlreadyInstalledError(str(error)) from error
        except AppletMismatchError as error:
            raise AlreadyInstalledError(f"{error}; nothing was changed") from error
        raise AlreadyInstalledError(
            f"{self.applet.name} version {held.version} is on this card already; nothing was changed. "
            + ("" if held is self.applet else "Upgrade it, which keeps what it holds. ")
            + "Delete it first to load it anew; that loses what it holds"
        )

    def _is_mine(self) -> bool:
        fci = self.card.select(self.applet.aid).fci
        return fci.fingerprint == fingerprint(self.descriptor)

    def _roll_back(self) -> tuple[bool, str]:
        """Delete the half-loaded instance; say whether it is still there, and how that went."""
        try:
            self.open_domain().delete(self.applet.aid)
        except YohakuError as error:
            return True, f"the half-loaded instance could not be deleted again ({error}): delete it before the next try"
        return False, "the half-loaded instance was deleted again, the card is as before"


def _secret_items(applet: type[Applet], secrets: Secrets) -> Iterator[Dgi]:
    for name, pin in applet.pins().items():
        yield Dgi(PIN_VALUE | pin.reference, secrets[name])
    for name, key in applet.keys().items():
        yield Dgi(KEY_VALUE | key.reference, secrets[name])


def _content_items(applet: type[Applet], contents: Contents) -> Iterator[Dgi]:
    files = applet.files()
    for name, content in contents.items():
        if name not in files:
            raise UnknownNameError("file", name, files, where=f" in {applet.name}")
        yield from _file_items(files[name], content)


def _file_items(file: File[Any], content: Record | Sequence[Record]) -> Iterator[Dgi]:
    if not isinstance(file, RecordFile):
        yield from file_content(file.sfi, stored(file, to_content(_one(file, content), file.room, file.name)))
        return
    for record in _several(file, content):
        yield Dgi(RECORD | file.sfi, to_content(record, file.record_size, file.name))


def _one(file: File[Any], content: Record | Sequence[Record]) -> Record:
    if isinstance(content, Record) and isinstance(content, file.record):
        return content
    raise ContentError(f"{file.name} starts with one {file.record.__name__}, not with {_kind(content)}")


def _several(file: RecordFile[Any], content: Record | Sequence[Record]) -> Sequence[Record]:
    if not isinstance(content, Sequence) or not all(isinstance(item, file.record) for item in content):
        raise ContentError(f"{file.name} starts with a list of {file.record.__name__}, not with {_kind(content)}")
    if len(content) > file.records and not isinstance(file, CyclicFile):
        raise ContentError(f"{file.name} has room for {file.records} records, not for {len(content)}")
    return content


def _kind(content: object) -> str:
    return "a list of something else" if isinstance(content, Sequence) else f"a {type(content).__name__}"


def _ignore(_step: Step) -> None:
    """Report nothing."""
