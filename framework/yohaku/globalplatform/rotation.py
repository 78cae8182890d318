"""Keys of a security domain put, exchanged and removed, so that there is always a set that is known to work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from yohaku.card.errors import CardError
from yohaku.errors import YohakuError
from yohaku.globalplatform import ciphers
from yohaku.globalplatform.domain import DGI_FORMAT, ENCRYPTED, PERSONALISATION, SecurityDomain
from yohaku.globalplatform.keydata import (
    KEY_TEMPLATES,
    KEY_VALUE,
    SEVERAL_KEYS,
    KeyField,
    KeyReference,
    KeyTemplate,
    PutKeyRequest,
)
from yohaku.globalplatform.keys import Algorithm, Role, check_allowed, check_value
from yohaku.globalplatform.loadfile import LAST_BLOCK
from yohaku.globalplatform.scp import SecureChannelError, scp03
from yohaku.globalplatform.tokens import PutPublicKey
from yohaku.globalplatform.wire import Dgi, InstallRequest
from yohaku.iso7816 import Instruction, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.card import Card
    from yohaku.globalplatform.keydata import KeyInformation
    from yohaku.globalplatform.keys import KeySet, KeySource
    from yohaku.globalplatform.scp import SecureChannel


class RotationError(CardError):
    """Keys were not exchanged; the message says which keys the card answers to now."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What an exchange of keys did.

    Attributes:
        added: key version number of the new set.
        removed: key version number of the old set; None when it was kept, replaced in its place, gone before, or is
            that of the domain above, which opens a domain without keys of its own.
        check_values: of the new keys, as the card confirmed them.
    """

    added: int
    removed: int | None
    check_values: tuple[bytes, bytes, bytes]


def put_keys(domain: SecurityDomain, keys: KeySet, *, replaces: int = 0) -> None:
    """Put a key set on the card (11.8), under its own version; the card's check values must agree.

    Args:
        domain: a domain with an open secure channel.
        keys: the new set; its version is 01 to 7F.
        replaces: key version number of the set that it takes the place of; 0 adds it.

    Raises:
        SecureChannelError: there is no secure channel to encrypt keys with.
        RotationError: the card confirms other keys than were sent.
        StatusError: the card refuses; its keys are as they were.
    """
    algorithm = _algorithm(domain)
    fields = tuple(_field(domain, keys.key(role), algorithm) for role in Role)
    request = PutKeyRequest(keys.version, fields).to_bytes()
    response = domain.send(Instruction.PUT_KEY, replaces, SEVERAL_KEYS | 1, request, expected=256)
    advice = "the card has no room for another key set" if response.status == Status.NO_SPACE else ""
    domain.check(response, f"putting key set {keys.version:02X} on the card", advice)
    if response.data != bytes((keys.version,)) + b"".join(keys.check_values(algorithm)):
        raise RotationError(f"the card confirms other keys than were sent as version {keys.version:02X}")


def _channel(domain: SecurityDomain) -> SecureChannel:
    if domain.channel is None:
        raise SecureChannelError("keys travel through a secure channel only, and none is open")
    return domain.channel


def _algorithm(domain: SecurityDomain) -> Algorithm:
    return Algorithm.AES if _channel(domain).terms.protocol == scp03.PROTOCOL else Algorithm.DES


def _field(domain: SecurityDomain, key: bytes, algorithm: Algorithm) -> KeyField:
    channel = _channel(domain)
    padded = key + bytes(-len(key) % channel.key_block)
    return KeyField.of(key, algorithm, _check_value(key, algorithm), channel.encrypt_secret(padded))


def _check_value(key: bytes, algorithm: Algorithm) -> bytes:
    try:
        return check_value(key, algorithm)
    except ciphers.CipherError as error:
        raise SecureChannelError(f"this card's secure channel cannot use such keys: {error}") from None


def store_keys(domain: SecurityDomain, keys: KeySet, aid: bytes) -> None:
    """Give another security domain its key set, from the channel of the domain above it (11.11.4.1).

    Args:
        domain: a domain with an open secure channel that decides over the other one.
        keys: the set; its version is 01 to 7F.
        aid: of the domain that gets it.

    Raises:
        SecureChannelError: there is no secure channel to encrypt keys with.
        StatusError: the card refuses; the other domain's keys are as they were.
    """
    algorithm = _algorithm(domain)
    fields = [(role, _field(domain, keys.key(role), algorithm)) for role in Role]
    templates = b"".join(_template(role, keys, algorithm, field).to_bytes() for role, field in fields)
    values = b"".join(Dgi(KEY_VALUE, field.encrypted()[0]).to_bytes() for _, field in fields)
    request = InstallRequest(aid).to_bytes()
    name = f"giving {aid.hex(' ').upper()} key set {keys.version:02X}"
    domain.check(domain.send(Instruction.INSTALL, PERSONALISATION, 0, request, expected=256), name)
    data = Dgi(KEY_TEMPLATES, templates).to_bytes() + values
    domain.check(domain.send(Instruction.STORE_DATA, LAST_BLOCK | ENCRYPTED | DGI_FORMAT, 0, data), name)


def _template(role: Role, keys: KeySet, algorithm: Algorithm, field: KeyField) -> KeyTemplate:
    kind, size, number, version = (bytes((each,)) for each in (algorithm, keys.size, role, keys.version))
    return KeyTemplate(b"\x38", b"\x00", kind, size, number, version, field.check)


def put_key(domain: SecurityDomain, key: bytes, version: int) -> None:
    """Put a single shared key on the card, such as that for tokens (70), receipts (71) or DAP (73).

    Raises:
        SecureChannelError: there is no secure channel to encrypt keys with.
        StatusError: the card refuses; its keys are as they were.
    """
    field = _field(domain, key, _algorithm(domain))
    _put_one(domain, PutKeyRequest(version, (field,)).to_bytes(), version)


def put_public_key(domain: SecurityDomain, point: bytes, version: int) -> None:
    """Put a public key on P-256 on the card, such as that of whoever signs tokens (70) or load files (73).

    Raises:
        StatusError: the card refuses; its keys are as they were.
    """
    _put_one(domain, PutPublicKey(version, point).to_bytes(), version)


def _put_one(domain: SecurityDomain, request: bytes, version: int) -> None:
    response = domain.send(Instruction.PUT_KEY, 0, 1, request, expected=256)
    domain.check(response, f"putting key {version:02X} on the card")


def delete_keys(domain: SecurityDomain, version: int) -> None:
    """Remove a key set (11.2.2.3.2).

    Raises:
        StatusError: the card refuses, as it does for the set of the open channel and for the last one.
    """
    data = KeyReference(version=bytes((version,))).to_bytes()
    domain.check(domain.send(Instruction.DELETE, 0, 0, data, expected=256), f"removing key set {version:02X}")


def rotate_keys(
    card: Card,
    old: KeySource,
    new: KeySet,
    *,
    aid: bytes = b"",
    keep_old: bool = False,
    in_place: bool = False,
    allow_test_keys: bool = False,
) -> Rotation:
    """Exchange the keys of a security domain: put the new set, prove that it works, only then remove the old one.

    A domain without keys of its own is opened with those of the domain above it, and gets its first ones.

    Whatever goes wrong on the way, the card answers to the old keys; a cut of power leaves it with the old set, with
    both or with the new one, and the same call goes on from there.

    Args:
        card: the card.
        old: the keys that work now.
        new: the keys that shall work; under a version that the card does not have, unless ``in_place``.
        aid: of the security domain, the card's own by default.
        keep_old: leave the old set on the card, too.
        in_place: put the new set over the old one in one step, for a card without room for both; there is no way
            back from keys that turn out to be others than expected.
        allow_test_keys: use published keys on a real card, too.

    Raises:
        SecretError: published test keys, old or new, and the card is a real one.
        RotationError: the new set does not work, or the card has another one of that version already.
        SecureChannelError: neither the old nor the new keys open the channel.
        StatusError: the card refuses; its keys are as they were.
    """
    check_allowed(new, card, allow_test_keys=allow_test_keys)
    open_old = partial(SecurityDomain.open, card, old, aid=aid, allow_test_keys=allow_test_keys)
    rotation = _Rotation(new, open_old, partial(SecurityDomain.open, card, new, aid=aid, allow_test_keys=True))
    return rotation.run(keep_old=keep_old, in_place=in_place)


class _Rotation:
    """One exchange of keys on its way, or taken up again."""

    def __init__(
        self, new: KeySet, open_old: Callable[[], SecurityDomain], open_new: Callable[[], SecurityDomain]
    ) -> None:
        self.new, self.open_old, self.open_new = new, open_old, open_new

    def run(self, *, keep_old: bool, in_place: bool) -> Rotation:
        try:
            domain = self.open_old()
        except SecureChannelError as refusal:
            return self._done_before(refusal)
        checks = self.new.check_values(_algorithm(domain))
        told, used = domain.keys(), _channel(domain).terms.version
        is_own = told is None or used in told.versions
        if in_place and is_own:
            put_keys(domain, self.new, replaces=used)
            self.open_new()
            return Rotation(self.new.version, None, checks)
        if told is not None and self.new.version in told.versions:
            proved = self._begun_before(told, used)
        else:
            put_keys(domain, self.new)
            proved = self._prove()
        if keep_old or not is_own:
            return Rotation(self.new.version, None, checks)
        delete_keys(proved, used)
        return Rotation(self.new.version, used, checks)

    def _done_before(self, refusal: SecureChannelError) -> Rotation:
        """Find the new keys in use where the old ones are refused: the same call was cut short after its last step.

        Raises:
            SecureChannelError: the new ones are refused, too; this is what was said of the old ones.
        """
        try:
            domain = self.open_new()
        except SecureChannelError:
            raise refusal from None
        return Rotation(self.new.version, None, self.new.check_values(_algorithm(domain)))

    def _begun_before(self, told: KeyInformation, used: int) -> SecurityDomain:
        """Take up the same call after a cut: its key set is there; or find that another one has its version."""
        try:
            if used != self.new.version:
                return self.open_new()
        except SecureChannelError:
            pass
        listed = ", ".join(f"{number:02X}" for number in told.versions)
        raise RotationError(
            f"the card has key versions {listed}: give the new keys another one, so that the old set stays until "
            "the new one is proved; nothing was changed"
        )

    def _prove(self) -> SecurityDomain:
        try:
            return self.open_new()
        except YohakuError as error:
            raise RotationError(self._taken_back(error)) from error

    def _taken_back(self, error: YohakuError) -> str:
        """Remove a new set that does not work, and say how that went."""
        head, version = f"the new keys do not open the card ({error}); ", self.new.version
        try:
            delete_keys(self.open_old(), version)
        except YohakuError as second:
            return head + f"the old ones still do, but version {version:02X} could not be removed again ({second})"
        return head + "they were removed again, the card answers to the old ones as before"
