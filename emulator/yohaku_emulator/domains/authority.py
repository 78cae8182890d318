"""Whether a security domain may change the card's content: by its privilege, by a token, or by a signed load file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, cast

from yohaku.globalplatform.keys import Algorithm
from yohaku.globalplatform.states import Privilege
from yohaku.globalplatform.tokens import (
    DAP_VERSION,
    RECEIPT_VERSION,
    TOKEN_VERSION,
    MacSigner,
    Receipt,
    receipt_input,
    token_input,
    verify,
)
from yohaku.iso7816 import Status
from yohaku_emulator.domains.applet import DATA, KEYS, STATE, DomainApplet
from yohaku_emulator.domains.keystore import KeyStore
from yohaku_emulator.domains.state import DataObjects, DomainState
from yohaku_emulator.errors import StatusError
from yohaku_emulator.programs import DOMAIN

if TYPE_CHECKING:
    from yohaku.globalplatform.loadfile import Signature
    from yohaku_emulator.domains.keystore import StoredKeys
    from yohaku_emulator.registry import Entry
    from yohaku_emulator.runtime import PersistentArray
    from yohaku_emulator.system import System

_IIN, _CIN = 0x42, 0x45
_log = logging.getLogger(__name__)


def privileges_of(entry: Entry) -> Privilege:
    """Give what an entry may do."""
    return Privilege(int.from_bytes(entry.privileges, "big"))


def has(entry: Entry, privilege: Privilege) -> bool:
    """Whether an entry has a privilege, all bits of it."""
    return privileges_of(entry) & privilege == privilege


class Authority:
    """What one security domain may do, and whom it must ask."""

    __slots__ = ("_entry", "_system")

    def __init__(self, system: System, entry: Entry) -> None:
        self._system, self._entry = system, entry

    @property
    def is_delegated(self) -> bool:
        """Whether the domain works on the issuer's behalf, command by command."""
        return has(self._entry, Privilege.DELEGATED_MANAGEMENT)

    def check(self, p1: int, p2: int, unsigned: bytes, token: bytes) -> None:
        """Hold the domain to its privileges.

        Args:
            p1: of the command.
            p2: of the command.
            unsigned: data of the command without its token field.
            token: the token; empty when there is none.

        Raises:
            StatusError: 6985, it may not manage content; 6A80, a token that nobody asked for; 6982, a wrong one.
        """
        if has(self._entry, Privilege.AUTHORIZED_MANAGEMENT):
            if token:
                raise StatusError(Status.WRONG_DATA)
            return
        if not self.is_delegated:
            raise StatusError(Status.CONDITIONS)
        key = self._key(self._system.registry.issuer, TOKEN_VERSION)
        if key is None or not verify(key.algorithm, key.keys[0], token_input(p1, p2, unsigned), token):
            _log.info("a delegated command was refused: its token is not the issuer's")
            raise StatusError(Status.SECURITY_STATUS)

    def check_load_file(self, signatures: list[Signature], digest: bytes, owner: Entry) -> None:
        """Hold a load file to the signatures that it must have, and those that it has to their keys.

        Raises:
            StatusError: 6985, one is missing; 6982, one is wrong; 6A80, one is over a hash that was not announced.
        """
        if signatures and not digest:
            raise StatusError(Status.WRONG_DATA)
        for signature in signatures:
            self._check_signature(signature, digest)
        signed = {signature.domain for signature in signatures}
        everybody = self._system.registry.applications
        wanted = {each.aid for each in everybody if each.program == DOMAIN and has(each, Privilege.MANDATED_DAP)}
        if has(owner, Privilege.DAP_VERIFICATION):
            wanted.add(owner.aid)
        if not wanted <= signed:
            _log.info("load refused: it must be signed for %s", ", ".join(aid.hex() for aid in wanted - signed))
            raise StatusError(Status.CONDITIONS)

    def _check_signature(self, signature: Signature, digest: bytes) -> None:
        domain = self._system.registry.entries.get(signature.domain)
        if domain is None or domain.program != DOMAIN or not has(domain, Privilege.DAP_VERIFICATION):
            raise StatusError(Status.WRONG_DATA)
        key = self._key(domain, DAP_VERSION)
        if key is None or not verify(key.algorithm, key.keys[0], digest, signature.signature):
            _log.info("load refused: the signature for %s is wrong", signature.domain.hex())
            raise StatusError(Status.SECURITY_STATUS)

    def receipt(self, *what: bytes) -> bytes:
        """Confirm a delegated change; one byte 00 where the issuer's domain has no key for receipts.

        Raises:
            StatusError: 6985, the confirmation counter has come to its end.
        """
        issuer = self._system.registry.issuer
        key = self._key(issuer, RECEIPT_VERSION)
        if not self.is_delegated or key is None or key.algorithm not in set(Algorithm):
            return b"\x00"
        counter = DomainState(self._array(issuer, STATE), self._system).next_confirmation()
        card = self._unique(issuer)
        signer = MacSigner(key.keys[0], Algorithm(key.algorithm))
        return Receipt(signer.sign(receipt_input(counter, card, *what)), counter, card).to_bytes()

    def _unique(self, issuer: Entry) -> bytes:
        stored, printed = DataObjects(self._array(issuer, DATA)), self._system.profile.objects
        return b"".join(stored.get(tag) or printed.get(tag, b"") for tag in (_IIN, _CIN))

    def _key(self, domain: Entry, version: int) -> StoredKeys | None:
        return KeyStore(self._array(domain, KEYS)).find(version)

    def _array(self, domain: Entry, number: int) -> PersistentArray:
        return cast("DomainApplet", self._system.wake(domain)).context.arrays[number]


GRANTED: Final = (
    Privilege.SECURITY_DOMAIN
    | Privilege.DAP_VERIFICATION
    | Privilege.MANDATED_DAP
    | Privilege.DELEGATED_MANAGEMENT
    | Privilege.TRUSTED_PATH
    | Privilege.AUTHORIZED_MANAGEMENT
    | Privilege.GLOBAL_LOCK
    | Privilege.GLOBAL_DELETE
)
"""Privileges that this card can give; to ask for another is refused."""
FOR_APPLICATIONS: Final = Privilege.GLOBAL_LOCK | Privilege.GLOBAL_DELETE
"""Those of them that are of use to an application that is no security domain."""


def is_possible(wanted: Privilege) -> bool:
    """Whether privileges go together (6.6.2.1): content is managed by right or by token, DAP is for domains."""
    both = Privilege.AUTHORIZED_MANAGEMENT in wanted and wanted & Privilege(0x20_00_00)
    bits_of_domains = wanted & Privilege(0x61_00_00)
    return not wanted & ~GRANTED and not both and (not bits_of_domains or Privilege.SECURITY_DOMAIN in wanted)
