"""PUT KEY and DELETE of keys (GPCS 2.3.1, 11.8 and 11.2.2.3.2; amendment D, 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.globalplatform import ciphers
from yohaku.globalplatform.keydata import (
    FACTORY_VERSION,
    KEY_TEMPLATES,
    KEY_VALUE,
    SEVERAL_KEYS,
    KeyField,
    KeyReference,
    KeyTemplate,
    PutKeyRequest,
)
from yohaku.globalplatform.keys import Algorithm, check_value
from yohaku.globalplatform.scp import scp02
from yohaku.globalplatform.tokens import EC_PUBLIC, PutPublicKey, is_point
from yohaku.globalplatform.wire import WireError, parse_dgis
from yohaku.iso7816 import Status
from yohaku.iso7816.tlv import TlvError, parse
from yohaku_emulator.domains.content import read
from yohaku_emulator.domains.keystore import SET_SIZE, StoredKeys
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.domains.keystore import KeyStore

_HIGHEST_VERSION: Final = 0x7F


class KeyManager:
    """Changes the keys of one security domain, in a session that was opened with one of its key sets."""

    __slots__ = ("_algorithm", "_store")

    def __init__(self, store: KeyStore, protocol: int) -> None:
        self._store = store
        self._algorithm = Algorithm.DES if protocol == scp02.PROTOCOL else Algorithm.AES

    def put(self, apdu: Apdu, session: StoredKeys) -> bytes:
        """PUT KEY: add keys under a new version, or replace those of a version; in one atomic step.

        Raises:
            StatusError: 6A80, malformed, or of another type or length than what is replaced; 6A88, nothing to
                replace; 6A84, no room; 6982, a key check value is wrong.
        """
        if apdu.data[1:2] == bytes((EC_PUBLIC,)):
            return self._put_public(apdu)
        request = read(PutKeyRequest, apdu.data)
        count = SET_SIZE if apdu.p2 & SEVERAL_KEYS else 1
        if len(request.fields) != count or apdu.p2 & ~SEVERAL_KEYS != 1:
            raise StatusError(Status.WRONG_DATA)
        if not 0 < request.version <= _HIGHEST_VERSION:
            raise StatusError(Status.WRONG_DATA)
        keys = tuple(self._decrypted(field, session) for field in request.fields)
        made = StoredKeys(request.version, request.fields[0].algorithm, keys)
        self._check_place(apdu.p1, made)
        self._store.put(made, replaces=apdu.p1)
        return bytes((made.version,)) + made.check_values()

    def _put_public(self, apdu: Apdu) -> bytes:
        """Put one public key, which is not secret and has no check value."""
        request = read(PutPublicKey, apdu.data)
        if apdu.p2 != 1 or not 0 < request.version <= _HIGHEST_VERSION or not is_point(request.point):
            raise StatusError(Status.WRONG_DATA)
        made = StoredKeys(request.version, EC_PUBLIC, (request.point,))
        self._check_place(apdu.p1, made)
        self._store.put(made, replaces=apdu.p1)
        return bytes((made.version,))

    def _decrypted(self, field: KeyField, session: StoredKeys) -> bytes:
        """Decrypt a key, and compare its check value when there is one."""
        if field.algorithm != self._algorithm:
            raise StatusError(Status.WRONG_DATA)
        try:
            body, size = field.encrypted()
            key = self._decrypt(body, session)[:size]
            right = check_value(key, self._algorithm)
        except (WireError, ciphers.CipherError):
            raise StatusError(Status.WRONG_DATA) from None
        if field.check and not ciphers.same(field.check, right):
            raise StatusError(Status.SECURITY_STATUS)
        return key

    def _decrypt(self, body: bytes, session: StoredKeys) -> bytes:
        dek = session.keys[-1]
        if self._algorithm is Algorithm.AES:
            return ciphers.aes_decrypt(dek, body)
        counter = (session.counter - 1).to_bytes(scp02.COUNTER_SIZE, "big")
        return ciphers.des_ecb_decrypt(scp02.SessionKeys.derive(session.key_set, counter).dek, body)

    def _check_place(self, replaced: int, made: StoredKeys) -> None:
        other = self._store.find(made.version)
        if other is not None and made.version != replaced:
            raise StatusError(Status.WRONG_DATA)
        if not replaced:
            return
        before = None if replaced == FACTORY_VERSION else self._store.find(replaced)
        if before is None:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if [len(key) for key in before.keys] != [len(key) for key in made.keys]:
            raise StatusError(Status.WRONG_DATA)

    def store(self, data: bytes, session: StoredKeys) -> None:
        """Take a key set that came by STORE DATA: what its keys are, then their encrypted values; in one atomic step.

        Raises:
            StatusError: 6A80, malformed, of several versions, or of another kind; 6A84, no room; 6982, a key check
                value is wrong.
        """
        try:
            head, *values = parse_dgis(data)
            templates = [KeyTemplate.from_bytes(item.to_bytes()) for item in parse(head.data)]
        except (ValueError, WireError, TlvError):
            raise StatusError(Status.WRONG_DATA) from None
        if head.tag != KEY_TEMPLATES or {each.tag for each in values} != {KEY_VALUE}:
            raise StatusError(Status.WRONG_DATA)
        numbers = [each.identifier[0] for each in templates]
        versions = {each.version[0] for each in templates}
        if len(values) != SET_SIZE or numbers != [1, 2, 3] or len(versions) != 1:
            raise StatusError(Status.WRONG_DATA)
        (version,) = versions
        pairs = zip(templates, values, strict=True)
        keys = tuple(self._decrypted(_field(template, value.data), session) for template, value in pairs)
        if not 0 < version <= _HIGHEST_VERSION:
            raise StatusError(Status.WRONG_DATA)
        made = StoredKeys(version, self._algorithm, keys)
        before = self._store.find(version)
        replaced = 0 if before is None else version
        self._check_place(replaced, made)
        self._store.put(made, replaces=replaced)

    def delete(self, data: bytes, session: StoredKeys | None) -> None:
        """DELETE of a key version; the set of the session, and the last one for a secure channel, stay.

        Raises:
            StatusError: 6A80, no version is named; 6A88, there is none such; 6985, it must stay.
        """
        reference = read(KeyReference, data)
        if reference.version is None or len(reference.version) != 1 or reference.identifier is not None:
            raise StatusError(Status.WRONG_DATA)
        doomed = self._store.find(reference.version[0]) if reference.version[0] else None
        if doomed is None:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        others = [keys for keys in self._store.all() if keys.is_channel_set and keys.version != doomed.version]
        if session is None or session.version == doomed.version or not others:
            raise StatusError(Status.CONDITIONS)
        self._store.remove(doomed.version)


def _field(template: KeyTemplate, encrypted: bytes) -> KeyField:
    """Put a key of STORE DATA in the form of PUT KEY, where AES keys say how long they are."""
    algorithm = template.algorithm[0]
    lead = template.length if algorithm == Algorithm.AES else b""
    return KeyField(algorithm, lead + encrypted, template.check)
