"""The security domain of a card: its registry and data, and what it installs, loads, personalises, locks and deletes.

Commands go through a secure channel once it is open, else in clear. Clauses are those of the GlobalPlatform Card
Specification 2.3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from yohaku.card.errors import AppletNotInstalledError, CardError
from yohaku.globalplatform.capabilities import Capabilities
from yohaku.globalplatform.dgi import pack
from yohaku.globalplatform.keydata import KeyInformation, ProductionData
from yohaku.globalplatform.loadfile import LAST_BLOCK, LoadRequest, Quotas, Signature, blocks, load_file
from yohaku.globalplatform.session import DomainSession
from yohaku.globalplatform.states import LOCKED, Privilege
from yohaku.globalplatform.wire import (
    LOAD_FILE,
    MODULE,
    CardData,
    DeleteRequest,
    InstallParameters,
    InstallRequest,
    RegistryEntry,
    Resources,
    StatusRequest,
    Structure,
    WireError,
    parse_registry,
)
from yohaku.iso7816 import Instruction, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from yohaku.globalplatform.cap import CapFile
    from yohaku.globalplatform.tokens import Signer
    from yohaku.globalplatform.wire import Dgi
    from yohaku.iso7816 import Response

    S = TypeVar("S", bound=Structure)

FOR_LOAD, INSTALL_AND_MAKE_SELECTABLE, EXTRADITION, PERSONALISATION = 0x02, 0x0C, 0x10, 0x20
"""P1 of INSTALL (table 11-42)."""
DOMAIN_LOAD_FILE, DOMAIN_MODULE = bytes.fromhex("A0000001515350"), bytes.fromhex("A000000151535041")
"""AIDs of the load file and module that security domains are instances of on most cards (H.1.3)."""
DOMAINS, APPLICATIONS, LOAD_FILES = 0x80, 0x40, 0x20
"""P1 of GET STATUS (table 11-31)."""
MOST_BLOCKS = 256
DGI_FORMAT, BER_TLV_FORMAT, ENCRYPTED = 0x08, 0x10, 0x60
"""Bits of P1 of STORE DATA (table 11-88)."""
OF_APPLICATION = 0x40
"""P1 of SET STATUS (table 11-85)."""

_NOTHING_THERE = frozenset({Status.REFERENCE_NOT_FOUND, Status.FILE_NOT_FOUND})


class NoSpaceError(CardError):
    """The card has not enough memory for the applet; nothing was left on it."""


class SecurityDomain(DomainSession):
    """The selected security domain of a card."""

    def issuer(self) -> list[RegistryEntry]:
        """Tell of the card's own domain, whose life cycle is that of the card; nothing when the card does not."""
        return self._status(DOMAINS)

    def load_files(self) -> list[RegistryEntry]:
        """List the load files."""
        return self._status(LOAD_FILES)

    def applications(self) -> list[RegistryEntry]:
        """List the installed applications and supplementary security domains."""
        return self._status(APPLICATIONS)

    def registry(self) -> list[RegistryEntry]:
        """List what the card says of itself: its own domain, applications, load files, in this order."""
        return [entry for kind in (DOMAINS, APPLICATIONS, LOAD_FILES) for entry in self._status(kind)]

    def _status(self, kind: int) -> list[RegistryEntry]:
        """GET STATUS until all is told: 6310 means that more follows (11.4)."""
        found: list[RegistryEntry] = []
        data, following = StatusRequest(b"").to_bytes(), 0x02
        while True:
            response = self.send(Instruction.GET_STATUS, kind, following, data, expected=256)
            if response.status == Status.REFERENCE_NOT_FOUND:
                return found
            if response.status != Status.MORE_DATA:
                self.check(response, "reading the registry")
            entries = parse_registry(response.data)
            found += entries
            if response.status != Status.MORE_DATA or not entries:
                return found
            following = 0x03

    def load(
        self,
        cap: CapFile,
        *,
        domain: bytes = b"",
        signers: Mapping[bytes, Signer] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Load a CAP file (11.5.2.3.1, 11.6); give the number of LOAD blocks.

        The card gets the hash of the code first and compares. A load that is cut short leaves nothing: the card gives
        the memory back.

        Args:
            cap: the file.
            domain: AID of the security domain that shall own it; this one by default.
            signers: by AID of a domain that verifies load files, who signs this one for it (DAP).
            progress: called with blocks sent and blocks in all.

        Raises:
            WireError: it takes more than 256 blocks; nothing was sent.
            NoSpaceError: the card has too little memory.
            AccessDeniedError: the card wants a secure channel.
            StatusError: the card refuses for another reason.
        """
        digest = cap.data_hash()
        signatures = [Signature(aid, signer.sign(digest)) for aid, signer in (signers or {}).items()]
        parts = blocks(load_file(cap.load_file_data(), signatures), self.longest_data)
        action = f"loading {cap.identity}"
        request = LoadRequest(cap.identity.aid, domain, digest, b"", b"").to_bytes()
        response = self.change(Instruction.INSTALL, FOR_LOAD, request)
        refused = response.status == Status.CONDITIONS
        self._check_room(response, action, "is a load file of this AID on the card already?" if refused else "")
        for number, part in enumerate(parts):
            last = LAST_BLOCK if number == len(parts) - 1 else 0
            response = self.send(Instruction.LOAD, last, number, part, expected=256)
            self.keep_receipt(response)
            self._check_room(response, f"{action}, block {number + 1} of {len(parts)}")
            if progress is not None:
                progress(number + 1, len(parts))
        return len(parts)

    def _check_room(self, response: Response, action: str, advice: str = "") -> None:
        if response.status == Status.NO_SPACE:
            free = self.free_bytes()
            raise NoSpaceError(
                f"{action}: the card has too little memory"
                f"{'' if free is None else f', {free} bytes are free'}; delete an applet or make this one smaller"
            )
        self.check(response, action, advice)

    def install(
        self,
        aid: bytes,
        parameters: bytes,
        *,
        load_file: bytes = LOAD_FILE,
        module: bytes = MODULE,
        privileges: Privilege = Privilege.NONE,
    ) -> None:
        """Install an instance, of the container by default, and make it selectable (11.5.2.3.2).

        Args:
            aid: AID of the new instance.
            parameters: what the instance gets: for the container the descriptor that
                `yohaku.schema.compile_descriptor` gives.
            load_file: AID of the load file that holds the module.
            module: AID of the module.
            privileges: what the instance may do.

        Raises:
            NoSpaceError: the card has too little memory.
            AccessDeniedError: the card wants a secure channel.
            StatusError: the card refuses for another reason.
        """
        self._install(aid, InstallParameters(parameters).to_bytes(), load_file, module, privileges)

    def _install(self, aid: bytes, parameters: bytes, load_file: bytes, module: bytes, privileges: Privilege) -> None:
        flags = privileges.to_bytes3() if privileges else b"\x00"
        request = InstallRequest(aid, load_file, module, flags, parameters).to_bytes()
        response = self.change(Instruction.INSTALL, INSTALL_AND_MAKE_SELECTABLE, request)
        name = "the container itself" if module == MODULE else f"module {_spaced(module)}"
        advice = f"{name} is not on this card" if response.status in _NOTHING_THERE else ""
        self._check_room(response, f"installing {_spaced(aid)}", advice)

    def create_domain(self, aid: bytes, *, privileges: Privilege = Privilege.NONE, quota: int = 0) -> None:
        """Make a supplementary security domain of this one (11.5.2.3.2); it has no keys yet.

        Args:
            aid: its AID.
            privileges: what it may do besides being a security domain.
            quota: most bytes of memory that its content may take; 0 for no limit.

        Raises:
            NoSpaceError: the card has too little memory.
            AccessDeniedError: the card wants a secure channel.
            StatusError: the card refuses for another reason.
        """
        limits = Quotas(permanent=quota).to_bytes() if quota else b""
        parameters = InstallParameters(b"").to_bytes() + limits
        wanted = privileges | Privilege.SECURITY_DOMAIN | Privilege.TRUSTED_PATH
        self._install(aid, parameters, DOMAIN_LOAD_FILE, DOMAIN_MODULE, wanted)

    def extradite(self, aid: bytes, domain: bytes) -> None:
        """Hand an application or a load file of this domain over to another domain (11.5.2.3.4).

        Raises:
            AccessDeniedError: the card wants a secure channel.
            StatusError: the card refuses for another reason.
        """
        request = InstallRequest(aid, load_file=domain).to_bytes()
        response = self.change(Instruction.INSTALL, EXTRADITION, request)
        self.check(response, f"handing {_spaced(aid)} over to {_spaced(domain)}")

    def set_locked(self, aid: bytes, *, locked: bool) -> None:
        """Lock an application, so that it cannot be selected, or unlock it (11.10).

        Raises:
            AccessDeniedError: the card wants a secure channel.
            StatusError: it is so already, or the card refuses for another reason.
        """
        response = self.send(Instruction.SET_STATUS, OF_APPLICATION, LOCKED if locked else 0, aid)
        self.check(response, f"{'locking' if locked else 'unlocking'} {_spaced(aid)}")

    def store(self, data: bytes) -> None:
        """Give the domain itself data objects, such as its number (11.11): BER-TLV, in one block.

        Raises:
            AccessDeniedError: the card wants a secure channel.
            StatusError: the card refuses for another reason.
        """
        response = self.send(Instruction.STORE_DATA, LAST_BLOCK | BER_TLV_FORMAT, 0, data)
        self.check(response, "storing data objects")

    def personalise(
        self, aid: bytes, dgis: Iterable[Dgi], *, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Send data groupings to an instance in as few STORE DATA blocks as they fit; give their number.

        The last block ends personalisation. Each block is one atomic step of the container; a cut between
        blocks leaves the instance half personalised, which it knows: it refuses to be used.

        Args:
            aid: the instance.
            dgis: what it gets.
            progress: called with blocks sent and blocks in all.

        Raises:
            CardError: the data takes more than 256 blocks, or a part of it does not fit in one; nothing was sent.
            StatusError: the instance refuses a block.
        """
        parts = pack(dgis, room=self.longest_data)
        if len(parts) > MOST_BLOCKS:
            raise CardError(f"these contents take {len(parts)} blocks, one personalisation has {MOST_BLOCKS} at most")
        longest = max(map(len, parts))
        if longest > self.longest_data:
            raise CardError(
                f"one of these contents has {longest} bytes, {self.longest_data} fit in a command; start without it "
                "and write it later"
            )
        request = InstallRequest(aid).to_bytes()
        response = self.send(Instruction.INSTALL, PERSONALISATION, 0, request)
        self.check(response, f"starting to personalise {_spaced(aid)}")
        for number, part in enumerate(parts):
            last = LAST_BLOCK if number == len(parts) - 1 else 0
            response = self.send(Instruction.STORE_DATA, last | DGI_FORMAT, number, part)
            advice = "it does not hold what was sent" if response.status == Status.MEMORY_FAILURE else ""
            self.check(response, f"personalising {_spaced(aid)}, block {number + 1} of {len(parts)}", advice)
            if progress is not None:
                progress(number + 1, len(parts))
        return len(parts)

    def delete(self, aid: bytes, *, related: bool = False) -> None:
        """Delete an instance or a load file; with ``related``, a load file's instances too (11.2).

        Raises:
            AppletNotInstalledError: the card has none of this AID.
            AccessDeniedError: the card wants a secure channel.
        """
        data = DeleteRequest(aid).to_bytes()
        response = self.change(Instruction.DELETE, 0x00, data, p2=0x80 if related else 0x00)
        if response.status in _NOTHING_THERE:
            raise AppletNotInstalledError(f"nothing of AID {_spaced(aid)} is on this card, so nothing was deleted")
        self.check(response, f"deleting {_spaced(aid)}")

    def _object(self, tag: int, kind: type[S]) -> S | None:
        """GET DATA (11.3); None when the card does not tell, or tells something else."""
        response = self.send(Instruction.GET_DATA, tag >> 8, tag & 0xFF, expected=256)
        try:
            return kind.from_bytes(response.data) if response.status == Status.OK else None
        except WireError:
            return None

    def resources(self) -> Resources | None:
        """Ask what is free (ETSI TS 102 226 8.2.1.7); None when the card does not say."""
        return self._object(0xFF21, Resources)

    def keys(self) -> KeyInformation | None:
        """Ask which keys the domain has (11.3.3.1); None when it does not say."""
        return self._object(0x00E0, KeyInformation)

    def capabilities(self) -> Capabilities | None:
        """Ask what the card can do (H.4); None when it does not say."""
        return self._object(0x0067, Capabilities)

    def production_data(self) -> ProductionData | None:
        """Ask who made the chip and when; None when it does not say."""
        return self._object(0x9F7F, ProductionData)

    def free_bytes(self) -> int | None:
        """Ask how many bytes of non-volatile memory are free; None when the card does not say."""
        resources = self.resources()
        return None if resources is None else resources.free

    def card_data(self) -> CardData | None:
        """Ask which specification and secure channels the card offers (H.2); None when it does not say."""
        return self._object(0x0066, CardData)


def _spaced(aid: bytes) -> str:
    return aid.hex(" ").upper()
