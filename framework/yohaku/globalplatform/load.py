"""From a declaration to an applet on a card: check all values, install, personalise with proof, or leave nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from yohaku.card.content import to_content
from yohaku.card.copies import stored
from yohaku.card.errors import AppletMismatchError, AppletNotInstalledError, AppletNotReadyError, CardError, StatusError
from yohaku.card.secrets import check_all
from yohaku.card.session import AppletSession
from yohaku.errors import UnknownNameError, YohakuError
from yohaku.globalplatform.container import install_container
from yohaku.globalplatform.dgi import KEY_VALUE, PIN_VALUE, RECORD, file_content
from yohaku.globalplatform.digest import digest_of
from yohaku.globalplatform.domain import SecurityDomain
from yohaku.globalplatform.readback import read_back
from yohaku.globalplatform.scp import CONTENT_MANAGEMENT
from yohaku.globalplatform.wire import Dgi
from yohaku.iso7816 import Status
from yohaku.schema import CyclicFile, Record, RecordFile, compile_descriptor, fingerprint
from yohaku.schema.evolution import LONGEST_AID, staging_aid

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
    reads_back: bool = False,
) -> LoadReport:
    """Load an applet and give its PINs, keys and files their first values, through a secure channel.

    All values are checked before anything is sent. The last block names a digest of what the applet shall hold, and
    the card, which compares it with its memory, becomes ready only then. When a later step fails the instance is
    deleted again.

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
        reads_back: also read out again what was written, as far as anybody may read it.

    Raises:
        SecretError, PinFormatError, EncodeError, ContentError, UnknownNameError: a value is missing or does not fit.
        AlreadyInstalledError: an applet of this AID is there, of this version or another, complete or not.
        ContainerTooOldError: the card's container does not know what the applet declares.
        NoSpaceError: the card has too little memory.
        AccessDeniedError: the card wants a secure channel, and there are no keys.
        SecureChannelError: the secure channel cannot be opened with these keys.
        LoadError: a later step failed; the message says what became of the instance.
    """
    check_all(applet, secrets)
    secrets.check_allowed(card)
    records = contents or {}
    encoded = dict(_encoded(applet, records))
    load = _Load(card, applet, secrets, encoded, _opener(card, keys, allow_test_keys=allow_test_keys))
    load.reads_back = reads_back
    load.verify = lambda: read_back(AppletSession.open(card, applet), records, secrets)
    return load.run(progress or _ignore, resume=resume)


def load_bytes(
    card: Card, applet: type[Applet], *, secrets: Secrets, contents: Mapping[str, Sequence[bytes]]
) -> LoadReport:
    """Load an applet onto an emulated card with contents that need be no records, to try on it what may follow.

    Args:
        card: the card.
        applet: the declaration.
        secrets: a value for each PIN and key.
        contents: by file name the bytes of a transparent file as the only item, or records, oldest first.

    Raises:
        YohakuError: as `load_applet` says.
    """
    check_all(applet, secrets)
    secrets.check_allowed(card)
    opener = _opener(card, None, allow_test_keys=False)
    return _Load(card, applet, secrets, contents, opener).run(_ignore, resume=False)


def delete_applet(card: Card, aid: bytes, *, keys: KeySource | None = None, allow_test_keys: bool = False) -> None:
    """Delete an applet and all that it holds.

    Raises:
        AppletNotInstalledError: the card has none of this AID.
        AccessDeniedError: the card wants a secure channel, and there are no keys.
        SecureChannelError: the secure channel cannot be opened with these keys.
    """
    _opener(card, keys, allow_test_keys=allow_test_keys)().delete(aid)


def _opener(card: Card, keys: KeySource | None, *, allow_test_keys: bool) -> Callable[[], SecurityDomain]:
    """Give what opens the domain as far as content management needs it: no answer tells anything secret."""
    return partial(SecurityDomain.open, card, keys, at_most=CONTENT_MANAGEMENT, allow_test_keys=allow_test_keys)


class _Load:
    """One load on its way.

    Attributes:
        reads_back: whether contents are read out again; they are when the card cannot prove what it holds.
        verify: reads them out and compares them.
    """

    def __init__(
        self,
        card: Card,
        applet: type[Applet],
        secrets: Secrets,
        contents: Mapping[str, Sequence[bytes]],
        open_domain: Callable[[], SecurityDomain],
    ) -> None:
        self.card, self.applet, self.open_domain = card, applet, open_domain
        self.items = [*_secret_items(applet, secrets), *_content_items(applet, contents)]
        self.proof = digest_of(applet, contents)
        self.descriptor = compile_descriptor(applet)
        self.reads_back = False
        self.verify: Callable[[], None] = _nothing

    def run(self, progress: Progress, *, resume: bool) -> LoadReport:
        before = self.card.traffic.snapshot()
        name, aid, steps = self.applet.name, self.applet.aid, 4 if self.reads_back else 3
        progress(Step(f"looking for {name}", 0, steps))
        is_begun = self._look(resume=resume)
        domain = self.open_domain()
        if is_begun:
            progress(Step(f"going on with {name}", 1, steps))
        else:
            progress(Step(f"installing {name}", 1, steps))
            install_container(domain, self.applet, aid, self.descriptor)
        try:
            progress(Step(f"personalising {name}", 2, steps))
            blocks = self._personalise(domain, progress, steps)
            if self.reads_back:
                progress(Step(f"reading {name}", steps - 1, steps))
                self.verify()
        except BaseException as error:
            is_left, outcome = self._roll_back()
            if isinstance(error, YohakuError):
                raise LoadError(f"loading {name}: {error}; {outcome}", is_left=is_left) from error
            raise
        progress(Step(f"{name} is ready", steps, steps))
        return LoadReport(name, aid, len(self.descriptor), blocks, self.card.traffic - before)

    def _personalise(self, domain: SecurityDomain, progress: Progress, steps: int) -> int:
        """Send contents and proof; a container of version 1.0 knows no proof, so it is read back afterwards."""

        def sent(done: int, blocks: int) -> None:
            progress(Step(f"personalising {self.applet.name}, block {done} of {blocks}", 2, steps))

        aid = self.applet.aid
        try:
            return domain.personalise(aid, [*self.items, self.proof], progress=sent)
        except StatusError as error:
            if error.status != Status.REFERENCE_NOT_FOUND:
                raise
        self.reads_back = True
        return domain.personalise(aid, self.items, progress=sent)

    def _look(self, *, resume: bool) -> bool:
        """Refuse what is there already, and say whether it is the beginning of this very load."""
        try:
            held = AppletSession.open(self.card, self.applet).applet
        except AppletNotInstalledError:
            self._look_for_upgrade()
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

    def _look_for_upgrade(self) -> None:
        """Refuse to load over what an interrupted upgrade left; a shorter AID selects that by being its beginning."""
        if len(self.applet.aid) < LONGEST_AID:
            return
        aid = staging_aid(self.applet.aid)
        try:
            fci = self.card.select(aid, name=self.applet.name).fci
        except AppletNotInstalledError:
            return
        if fci.is_personalised:
            raise AlreadyInstalledError(
                f"{self.applet.name}: an upgrade was interrupted, and what the card holds waits under AID "
                f"{aid.hex(' ').upper()}; run the upgrade again"
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


def _encoded(applet: type[Applet], contents: Contents) -> Iterator[tuple[str, list[bytes]]]:
    """Encode first contents: the bytes of a transparent file as the only item, or the records of another."""
    files = applet.files()
    for name, content in contents.items():
        if name not in files:
            raise UnknownNameError("file", name, files, where=f" in {applet.name}")
        yield name, _bytes(files[name], content)


def _bytes(file: File[Any], content: Record | Sequence[Record]) -> list[bytes]:
    if isinstance(file, RecordFile):
        return [to_content(record, file.record_size, file.name) for record in _several(file, content)]
    return [stored(file, to_content(_one(file, content), file.room, file.name))]


def _content_items(applet: type[Applet], encoded: Mapping[str, Sequence[bytes]]) -> Iterator[Dgi]:
    for name, content in encoded.items():
        file = applet.file(name)
        for part in content:
            if isinstance(file, RecordFile):
                yield Dgi(RECORD | file.sfi, part)
            else:
                yield from file_content(file.sfi, part)


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


def _nothing() -> None:
    """Check nothing."""


def _ignore(_step: Step) -> None:
    """Report nothing."""
