"""What comes onto a card and leaves it: INSTALL in all its forms, LOAD, DELETE (GPCS 2.3.1, 11.2, 11.5, 11.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.codec.ber import length_bytes
from yohaku.globalplatform.keydata import KeyReference
from yohaku.globalplatform.loadfile import LAST_BLOCK, LoadRequest, Quotas
from yohaku.globalplatform.states import INSTALLED, LOCKED, SELECTABLE, Privilege
from yohaku.globalplatform.wire import DeleteRequest, InstallParameters, InstallRequest, Structure, WireError
from yohaku.iso7816 import Status
from yohaku_emulator.domains.authority import Authority, has, is_possible
from yohaku_emulator.domains.loading import Loading
from yohaku_emulator.errors import MemoryFault, StatusError
from yohaku_emulator.programs import DOMAIN, FOREIGN, LOAD_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.registry import Entry
    from yohaku_emulator.system import System

    S = TypeVar("S", bound=Structure)

LOAD, INSTALL, MAKE_SELECTABLE, EXTRADITION, PERSONALISATION, REGISTRY_UPDATE = 0x02, 0x04, 0x08, 0x10, 0x20, 0x40
_WITH_DEPENDANTS: Final = 0x80
_MOST_AID: Final = range(5, 17)


class Content:
    """Content management by one security domain.

    Attributes:
        loading: the load under way on this logical channel.
        confirmation: what the last command that changed something answers.
    """

    __slots__ = ("_authority", "_entry", "_in_use", "_system", "confirmation", "loading")

    def __init__(self, system: System, entry: Entry, in_use: Callable[[Entry], bool]) -> None:
        self._system, self._entry, self._in_use = system, entry, in_use
        self._authority = Authority(system, entry)
        self.loading: Loading | None = None
        self.confirmation = b"\x00"

    def adopt(self, other: Content) -> None:
        """Take over a load that is under way on the card that this one was forked from."""
        self.loading = other.loading and other.loading.fork(self._system)

    def abandon(self) -> None:
        """Give up a load that is under way, and its pages."""
        loading, self.loading = self.loading, None
        if loading is not None:
            loading.discard()

    def install(self, apdu: Apdu) -> bytes | None:
        """INSTALL (11.5); return the AID to personalise, or None when the work is done."""
        self.abandon()
        self.confirmation = b"\x00"
        if apdu.p2:
            raise StatusError(Status.WRONG_P1P2)
        if apdu.p1 == LOAD:
            self._start_load(apdu, read(LoadRequest, apdu.data))
            return None
        request = read(InstallRequest, apdu.data)
        if apdu.p1 == PERSONALISATION:
            return self._target(request.instance)
        work = {
            INSTALL: self._install,
            INSTALL | MAKE_SELECTABLE: self._install,
            MAKE_SELECTABLE: self._make_selectable,
            EXTRADITION: self._extradite,
            REGISTRY_UPDATE: self._update,
        }.get(apdu.p1)
        if work is None:
            raise StatusError(Status.WRONG_P1P2)
        self._authority.check(apdu.p1, apdu.p2, _unsigned(apdu.data, request.token), request.token)
        work(request, SELECTABLE if apdu.p1 & MAKE_SELECTABLE else INSTALLED)
        return None

    def _start_load(self, apdu: Apdu, request: LoadRequest) -> None:
        self._authority.check(apdu.p1, apdu.p2, _unsigned(apdu.data, request.token), request.token)
        registry = self._system.registry
        if len(request.load_file) not in _MOST_AID:
            raise StatusError(Status.WRONG_DATA)
        if self._system.is_taken(request.load_file):
            raise StatusError(Status.CONDITIONS)
        owner = self._domain(request.domain) if request.domain else self._entry
        if self._authority.is_delegated and owner is not self._entry:
            raise StatusError(Status.CONDITIONS)
        code = read(Quotas, request.parameters).code if request.parameters else None
        if (code or 0) > registry.free_bytes:
            raise StatusError(Status.NO_SPACE)
        self.loading = Loading(self._system, request, owner.slot + 1)

    def _domain(self, aid: bytes) -> Entry:
        entry = self._system.registry.entries.get(aid)
        if entry is None or entry.program != DOMAIN:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        return entry

    def load(self, apdu: Apdu) -> None:
        """LOAD (11.6); any refusal ends the load, and its pages are free again."""
        self.confirmation = b"\x00"
        loading = self.loading
        if loading is None:
            raise StatusError(Status.CONDITIONS)
        if apdu.p1 & ~LAST_BLOCK:
            raise StatusError(Status.WRONG_P1P2)
        try:
            loading.take(apdu.p2, apdu.data, last=bool(apdu.p1 & LAST_BLOCK))
            if apdu.p1 & LAST_BLOCK:
                self._accept(loading)
        except (StatusError, MemoryFault):
            self.abandon()
            raise

    def _accept(self, loading: Loading) -> None:
        """Check a load file that is complete, and make it part of the card."""
        cap = loading.finish()
        owner = self._system.registry.at(loading.domain) or self._entry
        self._authority.check_load_file(loading.signatures, loading.request.hash, owner)
        self._check_quota(loading.domain, len(loading.pages))
        self._system.add_load_file(cap, loading.pages, loading.domain)
        self.loading = None
        self.confirmation = self._authority.receipt(cap.identity.aid, owner.aid)

    def _check_quota(self, domain: int, pages: int) -> None:
        if self._system.over_quota(domain, pages):
            raise StatusError(Status.NO_SPACE)

    def _install(self, request: InstallRequest, life: int) -> None:
        wanted = privileges(request.privileges)
        if len(request.instance) not in _MOST_AID or not is_possible(wanted):
            raise StatusError(Status.WRONG_DATA)
        if self._system.is_taken(request.instance):
            raise StatusError(Status.CONDITIONS)
        application = read(InstallParameters, request.parameters).application
        if application is None:
            raise StatusError(Status.WRONG_DATA)
        program, source = self._system.find_module(request.load_file, request.module)
        if bool(wanted & Privilege.SECURITY_DOMAIN) != (program.number == DOMAIN):
            raise StatusError(Status.WRONG_DATA)
        parameters = request.parameters if program.number == DOMAIN else application
        self._system.install(
            program,
            request.instance,
            wanted.to_bytes3(),
            parameters,
            domain=self._entry.slot + 1,
            source=source,
            life=life,
        )
        self.confirmation = self._authority.receipt(request.load_file, request.instance)

    def _make_selectable(self, request: InstallRequest, _life: int) -> None:
        entry = self._application(request.instance)
        if self._system.registry.life(entry) != INSTALLED:
            raise StatusError(Status.CONDITIONS)
        self._system.registry.set_life(entry, SELECTABLE)

    def _extradite(self, request: InstallRequest, _life: int) -> None:
        """Hand an application or a load file over to another domain; its field stands where the load file does.

        A domain is not handed to itself or to one below it: everything hangs from the issuer's domain.
        """
        entry = self._system.registry.entries.get(request.instance)
        if entry is None:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if entry.domain != self._entry.slot + 1 or entry is self._entry:
            raise StatusError(Status.CONDITIONS)
        target = self._domain(request.load_file)
        if entry in self._system.registry.above(target):
            raise StatusError(Status.CONDITIONS)
        self._check_quota(target.slot + 1, len(entry.pages))
        self._system.registry.set_domain(entry, target.slot + 1)
        self.confirmation = self._authority.receipt(self._entry.aid, entry.aid, target.aid)

    def _update(self, request: InstallRequest, _life: int) -> None:
        """Change privileges; a security domain stays one, and another does not become one."""
        entry = self._application(request.instance)
        if not request.privileges:
            return
        wanted = privileges(request.privileges)
        is_domain = entry.program == DOMAIN
        if not is_possible(wanted) or bool(wanted & Privilege.SECURITY_DOMAIN) != is_domain:
            raise StatusError(Status.WRONG_DATA)
        self._system.registry.set_privileges(entry, wanted.to_bytes3())

    def _target(self, aid: bytes) -> bytes:
        """Find who is personalised by the STORE DATA that follows (11.5.2.3.6)."""
        entry = self._application(aid)
        if self._in_use(entry) or self._system.registry.life(entry) & LOCKED or entry.program == FOREIGN:
            raise StatusError(Status.CONDITIONS)
        return aid

    def _application(self, aid: bytes) -> Entry:
        """Find an application of this domain by its AID.

        Raises:
            StatusError: 6A88, there is none; 6985, it is another domain's.
        """
        entry = self._system.registry.entries.get(aid)
        if entry is None or entry.program == LOAD_FILE or entry is self._entry:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if not self._rules(entry):
            raise StatusError(Status.CONDITIONS)
        return entry

    def _rules(self, entry: Entry) -> bool:
        """Whether this domain decides over an entry: its owner, or whoever has global delete."""
        return entry.domain == self._entry.slot + 1 or has(self._entry, Privilege.GLOBAL_DELETE)

    def delete(self, apdu: Apdu) -> None:
        """DELETE (11.2) of an application, or a load file, with all that depends on it when that is asked for."""
        self.abandon()
        self.confirmation = b"\x00"
        if apdu.p1 or apdu.p2 not in {0x00, _WITH_DEPENDANTS}:
            raise StatusError(Status.WRONG_P1P2)
        request = read(DeleteRequest, apdu.data)
        aid, token = request.aid, request.token or b""
        if aid is None:
            raise StatusError(Status.WRONG_DATA)
        if not has(self._entry, Privilege.GLOBAL_DELETE):
            self._authority.check(
                apdu.p1, apdu.p2, _unsigned(apdu.data, token, tagged=True) if token else apdu.data, token
            )
        entry = self._system.registry.entries.get(aid)
        if entry is None:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if entry is self._entry or not self._rules(entry):
            raise StatusError(Status.CONDITIONS)
        doomed = [*self._dependants(entry, apdu.p2), entry]
        if any(self._is_bound(each) for each in doomed):
            raise StatusError(Status.CONDITIONS)
        self._system.delete(*doomed)
        self.confirmation = self._authority.receipt(aid)

    def _dependants(self, entry: Entry, p2: int) -> list[Entry]:
        """Find the instances of a load file; whatever else leans on an entry keeps it on the card."""
        registry = self._system.registry
        instances = [each for each in registry.entries.values() if each.source == entry.slot + 1]
        owned = [each for each in registry.entries.values() if each.domain == entry.slot + 1]
        if owned or (instances and p2 != _WITH_DEPENDANTS) or self._system.importers(entry):
            raise StatusError(Status.CONDITIONS)
        return instances

    def _is_bound(self, entry: Entry) -> bool:
        return self._in_use(entry) or not self._system.is_removable(entry)


def _unsigned(data: bytes, token: bytes, *, tagged: bool = False) -> bytes:
    """Give the data of a command without the token at its end: with its length, and in DELETE its tag, before it."""
    lead = len(length_bytes(len(token))) + tagged
    return data[: len(data) - len(token) - lead]


def is_about_keys(data: bytes) -> bool:
    """Whether the data of DELETE names keys instead of an AID (11.2.2.3)."""
    keys = read(KeyReference, data)
    return keys.identifier is not None or keys.version is not None


def privileges(raw: bytes) -> Privilege:
    """Read privileges; a security domain asked for in one byte gets a trusted path with it (table 6-2).

    Raises:
        StatusError: 6A80, there are not one or three bytes.
    """
    if len(raw) not in {1, 3}:
        raise StatusError(Status.WRONG_DATA)
    found = Privilege(int.from_bytes(raw.ljust(3, b"\0"), "big"))
    one_byte_domain = len(raw) == 1 and found & Privilege.SECURITY_DOMAIN
    return found | Privilege.TRUSTED_PATH if one_byte_domain else found


def read(kind: type[S], data: bytes) -> S:
    """Read the data of a command.

    Raises:
        StatusError: 6A80, it is something else.
    """
    try:
        return kind.from_bytes(data)
    except WireError:
        raise StatusError(Status.WRONG_DATA) from None
