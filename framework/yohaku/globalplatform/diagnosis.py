"""What is on a card, which version of which applet, how much room is left, what is wrong and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from yohaku.card.errors import AppletNotInstalledError, StatusError
from yohaku.globalplatform.domain import SecurityDomain
from yohaku.globalplatform.states import LOCKED, Privilege, application_life, card_life, domain_life, privileges
from yohaku.schema import compile_descriptor, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from yohaku.card import Card
    from yohaku.card.fci import Fci
    from yohaku.globalplatform.keys import KeySource
    from yohaku.globalplatform.wire import RegistryEntry
    from yohaku.schema import Applet


class Condition(Enum):
    """In which condition an application is."""

    READY = "ready"
    INCOMPLETE = "incomplete"
    LOCKED = "locked"
    OTHER_VERSION = "other version"
    OTHER_DECLARATION = "other declaration"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    DOMAIN = "security domain"
    REFUSING = "refusing"


@dataclass(frozen=True, slots=True)
class Found:
    """An application on a card.

    Attributes:
        aid: its AID.
        condition: how it is.
        life: its life cycle in words.
        applet: the declaration of this AID; None when none was given.
        version: of the layout on the card; None when it is no container.
        advice: what to do; empty when all is well.
    """

    aid: bytes
    condition: Condition
    life: str
    applet: type[Applet] | None
    version: int | None
    advice: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The state of a card.

    Attributes:
        life: life cycle of the card in words.
        free: free bytes; None when the card does not say.
        key_versions: key version numbers of its security domain.
        found: its applications, in its own order.
        load_files: AID of each load file, and how many instances there are of it.
        advice: what to do about the card as a whole.
    """

    life: str
    free: int | None
    key_versions: tuple[int, ...]
    found: tuple[Found, ...]
    load_files: tuple[tuple[bytes, int], ...]
    advice: tuple[str, ...]


_ADVICE = {
    Condition.INCOMPLETE: "its load was cut short: load it again, which goes on where it stopped, or delete it",
    Condition.LOCKED: "its issuer locked it: unlock it to use it",
    Condition.OTHER_VERSION: "the declaration here is of another version: use that of the card, or migrate",
    Condition.OTHER_DECLARATION: "the declaration here differs under the same version: give it a new one",
    Condition.REFUSING: "it refuses its selection: ask who issued it",
}


def diagnose(
    card: Card, applets: Iterable[type[Applet]], *, keys: KeySource | None = None, allow_test_keys: bool = False
) -> Diagnosis:
    """Examine a card; nothing is changed.

    Args:
        card: the card.
        applets: declarations to compare with what the card holds.
        keys: of the card's security domain; an emulated card needs none.
        allow_test_keys: use published keys on a real card, too.

    Raises:
        AccessDeniedError: the card tells its registry only over a secure channel, and there are no keys.
    """
    known = {bytes(applet.aid): applet for applet in applets}
    domain = SecurityDomain.open(card, keys, allow_test_keys=allow_test_keys)
    issuer = next(iter(domain.issuer()), None)
    entries, files = domain.applications(), domain.load_files()
    told = domain.keys()
    free = domain.free_bytes()
    sources = [entry.load_file for entry in entries]
    return Diagnosis(
        "not told" if issuer is None else card_life(issuer.life),
        free,
        tuple(told.versions) if told else (),
        tuple(_examine(card, entry, known) for entry in entries),
        tuple((entry.aid, sources.count(entry.aid)) for entry in files),
        tuple(_card_advice(card, keys)),
    )


def _card_advice(card: Card, keys: KeySource | None) -> Iterator[str]:
    if not card.is_emulator and keys is not None and keys.is_published:
        yield "the card answers to published test keys: give it keys of its own before it is handed out"
    if not card.is_emulator and keys is None:
        yield "examined without keys: what the card tells to nobody is missing here"


def _examine(card: Card, entry: RegistryEntry, known: Mapping[bytes, type[Applet]]) -> Found:
    if entry.privileges and privileges(entry.privileges) & Privilege.SECURITY_DOMAIN:
        return Found(entry.aid, Condition.DOMAIN, domain_life(entry.life), None, None, "")
    applet = known.get(entry.aid)
    fci = _fci(card, entry.aid)
    condition = _condition(entry, fci, applet)
    version = fci.version if fci is not None and fci.is_container else None
    return Found(entry.aid, condition, application_life(entry.life), applet, version, _ADVICE.get(condition, ""))


def _condition(entry: RegistryEntry, fci: Fci | None, applet: type[Applet] | None) -> Condition:
    if entry.life & LOCKED:
        return Condition.LOCKED
    if fci is None:
        return Condition.REFUSING
    return _container_condition(fci, applet) if fci.is_container else Condition.FOREIGN


def _container_condition(fci: Fci, applet: type[Applet] | None) -> Condition:
    if not fci.is_personalised:
        return Condition.INCOMPLETE
    if applet is None:
        return Condition.UNKNOWN
    if fci.version != applet.version:
        return Condition.OTHER_VERSION
    same = fci.fingerprint == fingerprint(compile_descriptor(applet))
    return Condition.READY if same else Condition.OTHER_DECLARATION


def _fci(card: Card, aid: bytes) -> Fci | None:
    try:
        return card.select(aid).fci
    except (AppletNotInstalledError, StatusError):
        return None
