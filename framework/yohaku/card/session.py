"""One applet selected on one card: what an instance of an applet class is bound to.

It turns status words into sentences that use the declaration's names, and presents PINs and keys for a rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from yohaku.card.credentials import CardKey, CardPin
from yohaku.card.earlier import EarlierRecordFile, EarlierTransparentFile, refuse_missing, refuse_writing
from yohaku.card.errors import AccessDeniedError, AppletMismatchError, AppletNotReadyError, CardError, StatusError
from yohaku.card.files import CardTransparentFile
from yohaku.card.purses import CardPurse
from yohaku.card.records import CardRecordFile
from yohaku.iso7816 import Command, Response, Status
from yohaku.schema import Pin, compile_descriptor, fingerprint
from yohaku.schema.evolution import history, purse_source, source, staging_aid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yohaku.card.card import Card, Selection
    from yohaku.card.fci import Fci
    from yohaku.card.secrets import Secrets
    from yohaku.schema import Applet, Credential, File, Key, Purse, Record, RecordFile, Rule, TransparentFile

R = TypeVar("R", bound="Record")
F = TypeVar("F", bound="File[Any]")
P = TypeVar("P", bound="Pin | Key")


class AppletSession:
    """An applet while the card has it selected.

    Attributes:
        applet: the declaration of what the card holds.
        declared: the declaration that the program uses: the same, or a later version of it.
        selection: the way to the applet.
        presented: names of the PINs and keys that the card accepted in this session.
    """

    def __init__(self, selection: Selection, applet: type[Applet], *, declared: type[Applet] | None = None) -> None:
        self.selection, self.applet, self.declared = selection, applet, declared or applet
        self.presented: set[str] = set()

    @classmethod
    def open(cls, card: Card, applet: type[Applet]) -> AppletSession:
        """Select an applet and check that it was loaded from this very declaration, or from an earlier version of it.

        Raises:
            AppletNotInstalledError: it is not on the card.
            AppletNotReadyError: its load was never completed.
            AppletMismatchError: a version that is not in its history, or another declaration of the same version, is
                on the card.
        """
        selection = card.select(applet.aid, name=applet.name)
        held = next((one for one in history(applet) if one.version == selection.fci.version), applet)
        _check_identity(selection.fci, held)
        return cls(selection, held, declared=applet)

    @classmethod
    def of(cls, instance: Applet) -> AppletSession:
        """Give the session that an applet's instance is bound to.

        Raises:
            CardError: it is bound to something else than a card.
        """
        if not isinstance(instance.session, cls):
            raise CardError(f"this {instance.name} is bound to no card; open it with card.open(...)")
        return instance.session

    def transparent(self, declaration: TransparentFile[R]) -> CardTransparentFile[R]:
        """Give a transparent file on the card."""
        if self.declared is self.applet:
            return CardTransparentFile(self, declaration)
        return EarlierTransparentFile(self, self.declared, declaration, self._earlier(declaration))

    def records(self, declaration: RecordFile[R]) -> CardRecordFile[R]:
        """Give a record file on the card."""
        if self.declared is self.applet:
            return CardRecordFile(self, declaration)
        return EarlierRecordFile(self, self.declared, declaration, self._earlier(declaration))

    def _earlier(self, declaration: F) -> F:
        """Give the file of the version on the card that a declared one goes back to."""
        found = source(self.declared, self.applet.version, declaration.name)
        if found is None:
            refuse_missing(self.applet, self.declared, declaration.name)
        if found.kind is not declaration.kind:
            refuse_writing(self.applet, self.declared)
        return cast("F", found)

    def pin(self, declaration: Pin) -> CardPin:
        """Give a PIN on the card."""
        return CardPin(self, self._held(declaration, self.applet.pins()))

    def key(self, declaration: Key) -> CardKey:
        """Give a key on the card."""
        return CardKey(self, self._held(declaration, self.applet.keys()))

    def purse(self, declaration: Purse) -> CardPurse:
        """Give a purse on the card; of an earlier version too, as its limits and receipts are the card's."""
        found = purse_source(self.declared, self.applet.version, declaration.name)
        if found is None:
            refuse_missing(self.applet, self.declared, declaration.name)
        return CardPurse(self, found)

    def _held(self, declaration: P, held: Mapping[str, P]) -> P:
        """Give the PIN or key of that name in the version on the card."""
        if declaration.name not in held:
            refuse_missing(self.applet, self.declared, declaration.name)
        return held[declaration.name]

    def satisfy(self, rule: Rule, secrets: Secrets, *, last_try: bool = False) -> None:
        """Present what a rule needs, the cheapest way for which values are at hand.

        Fewest presentations first, then keys before PINs; what was presented already, or is a PIN that was disabled,
        costs nothing.

        Raises:
            AccessDeniedError: no alternative has all its values at hand.
            PinWrongError, PinBlockedError, LastTryError, KeyWrongError: as the PINs and keys say.
        """
        ways = self._ways(rule)
        possible = [way for way in ways if all(item.name in secrets for item in way)]
        if not possible:
            raise AccessDeniedError(f"{self.applet.name}: this needs {rule}; given are values for {_listed(secrets)}")
        secrets.check_allowed(self.selection.card)
        for item in min(possible, key=_cost):
            self._present(item, secrets[item.name], last_try=last_try)

    def holds(self, rule: Rule) -> bool:
        """Ask whether a rule holds without presenting more: what was presented counts, and PINs that are disabled."""
        return [] in self._ways(rule)

    def _ways(self, rule: Rule) -> list[list[Credential]]:
        """Give what is still to be presented for each alternative that the version on the card knows."""
        pins, keys = self.applet.pins(), self.applet.keys()
        rows = [row for row in rule.ordered if all(item.name in pins or item.name in keys for item in row)]
        ways = [[item for item in row if item.name not in self.presented] for row in rows]
        if [] in ways:
            return ways
        asked = {item.name for way in ways for item in way} & pins.keys()
        disabled = {name for name in asked if not self.pin(pins[name]).required}
        return [[item for item in way if item.name not in disabled] for way in ways]

    def _present(self, item: Credential, value: bytes, *, last_try: bool) -> None:
        if isinstance(item, Pin):
            self.pin(item).verify(value, last_try=last_try)
        else:
            self.key(self.applet.keys()[item.name]).authenticate(value)

    def send(self, ins: int, p1: int, p2: int, data: bytes = b"", *, expected: int = 0) -> Response:
        """Send a command of class 00 to the applet."""
        return self.selection.send(Command(0x00, ins, p1, p2, data, expected))

    def check(self, response: Response, action: str, rule: Rule | None = None) -> None:
        """Raise unless a command succeeded.

        Args:
            response: what the card answered.
            action: what was being done, such as ``reading loans``.
            rule: who may do it.

        Raises:
            AccessDeniedError: the card wants a PIN or key first.
            StatusError: it refuses for another reason.
        """
        if response.status == Status.SECURITY_STATUS and rule is not None:
            raise AccessDeniedError(f"{action} of {self.applet.name} {_wanted(rule)} (6982)")
        if response.status != Status.OK:
            raise StatusError(f"{action} of {self.applet.name}", response.status)


def _check_identity(fci: Fci, applet: type[Applet]) -> None:
    name, descriptor = applet.name, compile_descriptor(applet)
    if fci.is_container and fci.aid == staging_aid(applet.aid) and fci.is_personalised:
        raise AppletNotReadyError(
            f"{name}: an upgrade was interrupted, and what the card holds waits under AID {fci.aid.hex(' ').upper()}; "
            "run the upgrade again"
        )
    if not fci.is_container or fci.aid != applet.aid:
        raise AppletMismatchError(f"{name}: the card has another application under AID {applet.aid.hex(' ').upper()}")
    if not fci.is_personalised:
        raise AppletNotReadyError(f"{name} is on the card, but its load was never completed; delete it, load it again")
    if fci.version != applet.version:
        raise AppletMismatchError(
            f"{name}: the card holds version {fci.version}, this program declares version {applet.version}; "
            "use the declaration of that version, or delete the applet and load it again"
        )
    if fci.fingerprint != fingerprint(descriptor):
        raise AppletMismatchError(
            f"{name}: the card holds version {fci.version} with other files, PINs, keys or rules (fingerprint "
            f"{fci.fingerprint.hex()}, declared {fingerprint(descriptor).hex()}); give the changed declaration "
            "a new version, or delete the applet and load it again"
        )


def _wanted(rule: Rule) -> str:
    if not rule.alternatives:
        return "is allowed to nobody"
    return f"needs {rule}; verify the PIN or authenticate with the key first"


def _cost(way: list[Credential]) -> tuple[int, int]:
    return len(way), sum(isinstance(item, Pin) for item in way)


def _listed(secrets: Secrets) -> str:
    return ", ".join(secrets) or "nothing"
