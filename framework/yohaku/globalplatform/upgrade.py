"""From one version of an applet on a card to the next, safe against a power cut at any point.

PINs and keys cannot be read out of a card, so they never leave it: a *staging* instance takes them over inside the
card, then the new instance takes them over from there. At any moment one complete instance holds everything:

1. the staging instance is installed under the staging AID and filled: PINs with their tries, keys and unchanged files
   by the card itself, changed files by the host; its last block seals it;
2. the old instance is deleted;
3. the new instance is installed under the applet's AID, takes everything over from the staging instance, is sealed;
4. the staging instance is deleted.

An upgrade that was cut short is done again by the same call. While the old instance is there it is what counts, so a
staging instance beside it is thrown away: tries that were spent or records that were added meanwhile are not lost.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from yohaku.card.copies import stored
from yohaku.card.errors import AppletMismatchError, AppletNotInstalledError, AppletNotReadyError, SecretError
from yohaku.card.secrets import key_bytes, pin_bytes
from yohaku.card.session import AppletSession
from yohaku.errors import YohakuError
from yohaku.globalplatform.container import install_container
from yohaku.globalplatform.dgi import (
    ADOPT_KEY,
    ADOPT_PIN,
    KEY_VALUE,
    PIN_VALUE,
    RECORD,
    adopted,
    adopted_bytes,
    adopted_purse,
    adopted_records,
    file_content,
)
from yohaku.globalplatform.domain import NoSpaceError, SecurityDomain
from yohaku.globalplatform.load import Step
from yohaku.globalplatform.scp import CONTENT_MANAGEMENT
from yohaku.globalplatform.wire import Dgi
from yohaku.schema import CyclicFile, RecordFile, TransparentFile, compile_descriptor, fingerprint
from yohaku.schema.evolution import EvolutionError, at_version, file_steps, purse_source, renewed_content, staging_aid
from yohaku.schema.profiles import content_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku.card import Card, Secrets
    from yohaku.card.fci import Fci
    from yohaku.card.pipeline import Traffic
    from yohaku.globalplatform.keys import KeySource
    from yohaku.schema import Applet, File
    from yohaku.schema.evolution import FileStep

    Progress = Callable[[Step], None]

_STEPS = 7


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """What an upgrade did.

    Attributes:
        name: the applet's name.
        before: version that the card held; None when an interrupted upgrade was finished, whose old instance is gone.
        after: version that the card holds now.
        copied: files that the card copied by itself.
        renewed: files whose contents the host made new.
        traffic: commands and bytes on the link.
    """

    name: str
    before: int | None
    after: int
    copied: tuple[str, ...]
    renewed: tuple[str, ...]
    traffic: Traffic


def upgrade_applet(
    card: Card,
    applet: type[Applet],
    *,
    secrets: Secrets,
    last_try: bool = False,
    progress: Progress | None = None,
    keys: KeySource | None = None,
    allow_test_keys: bool = False,
) -> UpgradeReport:
    """Make the applet on a card the version of this declaration, with all that it holds.

    Nothing is changed before every old content was read and made new. Call it again after a power cut: it goes on
    where it must. On a card that holds this version already it removes at most what an interrupted upgrade left.

    Args:
        card: the card.
        applet: the declaration; its history must have the version that the card holds.
        secrets: values of PINs and keys that are new in this version, and of those that reading changed files needs.
        last_try: whether to present a PIN that has one try left.
        progress: called before each step and after the last.
        keys: of the card's security domain; an emulated card needs none, a real one without keys gets clear commands.
        allow_test_keys: use published keys on a real card, too.

    Raises:
        AppletNotInstalledError: neither the applet nor the staging instance of an interrupted upgrade is there.
        AppletNotReadyError: a load of the applet was never completed; there is nothing to upgrade.
        AppletMismatchError: the card holds another declaration of its version, or the AID is another application's.
        EvolutionError, DecodeError, EncodeError: old contents cannot become new ones; nothing was changed.
        SecretError, AccessDeniedError, PinWrongError, KeyWrongError: values are missing or wrong; nothing was changed.
        NoSpaceError: old and new do not fit beside each other; nothing was changed.
    """
    secrets.check_allowed(card)
    opener = partial(SecurityDomain.open, card, keys, at_most=CONTENT_MANAGEMENT, allow_test_keys=allow_test_keys)
    return _Upgrade(card, applet, secrets, progress or _ignore, opener, last_try=last_try).run()


class _Upgrade:
    """One upgrade on its way."""

    def __init__(
        self,
        card: Card,
        applet: type[Applet],
        secrets: Secrets,
        progress: Progress,
        open_domain: Callable[[], SecurityDomain],
        *,
        last_try: bool,
    ) -> None:
        self.card, self.applet, self.secrets, self.last_try = card, applet, secrets, last_try
        self._open_domain = open_domain
        self.descriptor = compile_descriptor(applet)
        self.staging = staging_aid(applet.aid)
        self._progress = progress

    def run(self) -> UpgradeReport:
        before = self.card.traffic.snapshot()
        self._tell("looking at the card", 0)
        held, staged = self._look(self.applet.aid), self._look(self.staging)
        version, steps = None, []
        if held is None or not held.is_personalised:
            self._resume(held, staged)
        else:
            old = self._declaration_of(held)
            version = old.version
            if staged is not None:
                self._delete(self.staging, 1)
            if version != self.applet.version:
                steps = self._stage(old)
                self._delete(self.applet.aid, 4)
                self._finish()
        self._tell(f"{self.applet.name} is at version {self.applet.version}", _STEPS)
        copied = (*(step.file.name for step in steps if step.copied), *self._purses_of(version))
        renewed = tuple(step.file.name for step in steps if not step.copied and step.source is not None)
        traffic = self.card.traffic - before
        return UpgradeReport(self.applet.name, version, self.applet.version, copied, renewed, traffic)

    def _purses_of(self, version: int | None) -> list[str]:
        """Name the purses that an upgrade from an old version takes over; none when there was nothing to do."""
        if version is None or version == self.applet.version:
            return []
        return [name for name in self.applet.purses() if purse_source(self.applet, version, name)]

    def _tell(self, text: str, done: int) -> None:
        self._progress(Step(text, done, _STEPS))

    def _tell_blocks(self, step: int, done: int, blocks: int) -> None:
        self._tell(f"building version {self.applet.version}, block {done} of {blocks}", step)

    def _declaration_of(self, held: Fci) -> type[Applet]:
        """Give the declaration of the version that the card holds, after checking that it is that one."""
        old = at_version(self.applet, held.version or 0)
        AppletSession.open(self.card, old)
        return old

    def _look(self, aid: bytes) -> Fci | None:
        """Ask what is installed under an AID; a card may answer with another one that only begins like it."""
        try:
            fci = self.card.select(aid, name=self.applet.name).fci
        except AppletNotInstalledError:
            return None
        if fci.aid != aid:
            return None
        if not fci.is_container:
            raise AppletMismatchError(f"{self.applet.name}: AID {_spaced(aid)} is another application's on this card")
        return fci

    def _resume(self, held: Fci | None, staged: Fci | None) -> None:
        """Go on when the old instance is gone, or say why that cannot be."""
        if staged is None or not staged.is_personalised:
            if held is None and staged is None:
                raise AppletNotInstalledError(f"{self.applet.name} is not on this card: load it")
            raise AppletNotReadyError(
                f"the load of {self.applet.name} was never completed, so there is nothing to upgrade: delete it and "
                "load it anew"
            )
        if staged.version != self.applet.version or staged.fingerprint != fingerprint(self.descriptor):
            raise AppletMismatchError(
                f"{self.applet.name}: an upgrade to version {staged.version} was interrupted; finish it with the "
                "program that began it"
            )
        if held is not None:
            self._delete(self.applet.aid, 4)
        self._finish()

    def _stage(self, old: type[Applet]) -> list[FileStep]:
        """Read what must be made new, then build the staging instance beside the old one, or leave nothing of it."""
        steps = file_steps(self.applet, old.version)
        items = [*_kept_secrets(old, self.applet, old.aid), *self._new_secrets(old), *self._contents(old, steps)]
        items += _kept_purses(self.applet, old.version, old.aid)
        self._tell(f"building version {self.applet.version} beside version {old.version}", 3)
        domain = self._open_domain()
        free = domain.free_bytes()
        install_container(domain, self.applet, self.staging, self.descriptor)
        try:
            self._require_room(old, free, domain.free_bytes())
            domain.personalise(self.staging, items, progress=partial(self._tell_blocks, 3))
        except YohakuError:
            with suppress(YohakuError):
                self._delete(self.staging, 3)
            raise
        return steps

    def _new_secrets(self, old: type[Applet]) -> Iterator[Dgi]:
        """Give the first values of PINs and keys that the old version has not.

        Raises:
            SecretError, PinFormatError: a value is missing, or does not fit.
        """
        known = {*old.pins(), *old.keys()}
        pins = {name: pin for name, pin in self.applet.pins().items() if name not in known}
        keys = {name: key for name, key in self.applet.keys().items() if name not in known}
        if missing := [name for name in (*pins, *keys) if name not in self.secrets]:
            raise SecretError(f"{self.applet.name} needs a value for {', '.join(missing)}, new in this version")
        for name, pin in pins.items():
            yield Dgi(PIN_VALUE | pin.reference, pin_bytes(pin, self.secrets[name]))
        for name, key in keys.items():
            yield Dgi(KEY_VALUE | key.reference, key_bytes(key, self.secrets[name]))

    def _contents(self, old: type[Applet], steps: list[FileStep]) -> Iterator[Dgi]:
        session = AppletSession.open(self.card, old)
        for step in steps:
            if step.source is None:
                continue
            if step.copied:
                yield from _copied(old.aid, step.source, step.file)
            else:
                yield from self._renewed(session, step.source, step.file)

    def _renewed(self, session: AppletSession, source: File[Any], file: File[Any]) -> Iterator[Dgi]:
        """Read a file, make its contents new, and give the groupings that write them."""
        self._tell(f"reading {source.name}", 2)
        session.satisfy(source.read, self.secrets, last_try=self.last_try)
        version = session.applet.version
        if isinstance(source, RecordFile) and isinstance(file, RecordFile):
            raw = session.records(source).records_bytes()
            oldest_first = raw[::-1] if isinstance(source, CyclicFile) else raw
            made = [renewed_content(self.applet, version, file.name, one) for one in oldest_first]
            if len(made) > file.records and not isinstance(file, CyclicFile):
                raise EvolutionError(f"{file.name} has room for {file.records} records, the card holds {len(made)}")
            yield from (Dgi(RECORD | file.sfi, one) for one in made[-file.records :])
        elif isinstance(source, TransparentFile) and isinstance(file, TransparentFile):
            content = renewed_content(self.applet, version, file.name, session.transparent(source).read_bytes())
            yield from file_content(file.sfi, stored(file, content))
        else:
            raise EvolutionError(
                f"{file.name} is {file.kind.name.lower()}, {source.name} was not: no upgrade does that"
            )

    def _require_room(self, old: type[Applet], before: int | None, after: int | None) -> None:
        """Refuse unless the new instance fits once more when the old one is gone."""
        if before is None or after is None:
            return
        freed = content_bytes(old)
        lacking = (before - after) - (after + freed)
        if lacking > 0:
            raise NoSpaceError(
                f"upgrading {self.applet.name} needs {lacking} more free bytes for a moment; nothing was changed"
            )

    def _finish(self) -> None:
        """Move everything from the staging instance to the new one, and remove the staging instance."""
        self._tell(f"installing version {self.applet.version}", 5)
        domain = self._open_domain()
        domain.install(self.applet.aid, self.descriptor)
        files = self.applet.files().values()
        contents = [item for file in files for item in _copied(self.staging, file, file)]
        contents += _kept_purses(self.applet, self.applet.version, self.staging)
        items = [*_kept_secrets(self.applet, self.applet, self.staging), *contents]
        domain.personalise(self.applet.aid, items, progress=partial(self._tell_blocks, 5))
        AppletSession.open(self.card, self.applet)
        self._delete(self.staging, 6)

    def _delete(self, aid: bytes, done: int) -> None:
        self._tell(f"deleting {_spaced(aid)}", done)
        self._open_domain().delete(aid)


def _kept_secrets(old: type[Applet], new: type[Applet], aid: bytes) -> Iterator[Dgi]:
    """Give the groupings that take over PINs and keys of the same name from the instance ``aid``."""
    old_pins, old_keys = old.pins(), old.keys()
    for name, pin in new.pins().items():
        if name in old_pins:
            yield adopted(ADOPT_PIN, aid, bytes((old_pins[name].reference, pin.reference)))
    for name, key in new.keys().items():
        if name in old_keys:
            yield adopted(ADOPT_KEY, aid, bytes((old_keys[name].reference, key.reference)))


def _kept_purses(applet: type[Applet], version: int, aid: bytes) -> Iterator[Dgi]:
    """Give the groupings that take over money and log of each purse from the instance ``aid``, of an old version."""
    for name, purse in applet.purses().items():
        source = purse_source(applet, version, name)
        if source is not None:
            yield from adopted_purse(aid, source.sfi, purse.sfi, source.entries)


def _copied(aid: bytes, source: File[Any], file: File[Any]) -> Iterator[Dgi]:
    if isinstance(source, RecordFile):
        yield from adopted_records(aid, source.sfi, file.sfi, source.record_size, source.records)
    else:
        yield from adopted_bytes(aid, source.sfi, file.sfi, source.size)


def _spaced(aid: bytes) -> str:
    return aid.hex(" ").upper()


def _ignore(_step: Step) -> None:
    """Report nothing."""
