"""The security domain of a card: its registry, installation, personalisation and deletion of applets.

Commands go in clear: there is no secure channel yet. A card that wants one answers 6982, and the error says
so. Clauses are those of the GlobalPlatform Card Specification 2.3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from yohaku.card.errors import AccessDeniedError, AppletNotInstalledError, CardError, StatusError
from yohaku.globalplatform.dgi import pack
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
    WireError,
    parse_registry,
)
from yohaku.iso7816 import Command, Instruction, Response, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yohaku.card import Card, Selection
    from yohaku.globalplatform.wire import Dgi

CLA = 0x80
INSTALL_AND_MAKE_SELECTABLE, PERSONALISATION = 0x0C, 0x20
"""P1 of INSTALL (table 11-42)."""
DOMAINS, APPLICATIONS, LOAD_FILES = 0x80, 0x40, 0x20
"""P1 of GET STATUS (table 11-31)."""
MOST_BLOCKS = 256
LAST_BLOCK, DGI_FORMAT = 0x80, 0x08
"""Bits of P1 of STORE DATA (table 11-88)."""

_NOTHING_THERE = frozenset({Status.REFERENCE_NOT_FOUND, Status.FILE_NOT_FOUND})


class NoSpaceError(CardError):
    """The card has not enough memory for the applet; nothing was left on it."""


class SecurityDomain:
    """The selected security domain of a card."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection

    @classmethod
    def select(cls, card: Card, aid: bytes = b"") -> Self:
        """Select a security domain, the card's own (the issuer security domain) by default."""
        return cls(card.select(aid, name="the security domain"))

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
            response = self._send(Instruction.GET_STATUS, kind, following, data, expected=256)
            if response.status == Status.REFERENCE_NOT_FOUND:
                return found
            if response.status != Status.MORE_DATA:
                _check(response, "reading the registry")
            entries = parse_registry(response.data)
            found += entries
            if response.status != Status.MORE_DATA or not entries:
                return found
            following = 0x03

    def install(self, aid: bytes, descriptor: bytes, *, load_file: bytes = LOAD_FILE, module: bytes = MODULE) -> None:
        """Install an instance of the container and make it selectable (11.5.2.3.2).

        Args:
            aid: AID of the new instance.
            descriptor: what the instance becomes, as `yohaku.schema.compile_descriptor` gives it.
            load_file: AID of the load file that holds the container.
            module: AID of the container's module.

        Raises:
            NoSpaceError: the card has too little memory.
            AccessDeniedError: the card wants a secure channel.
            StatusError: the card refuses for another reason.
        """
        parameters = InstallParameters(descriptor).to_bytes()
        request = InstallRequest(aid, load_file, module, b"\x00", parameters)
        response = self._send(Instruction.INSTALL, INSTALL_AND_MAKE_SELECTABLE, 0, request.to_bytes(), expected=256)
        if response.status == Status.NO_SPACE:
            free = self.free_bytes()
            raise NoSpaceError(
                f"installing {_spaced(aid)}: the card has too little memory"
                f"{'' if free is None else f', {free} bytes are free'}; delete an applet or make this one smaller"
            )
        advice = "the container itself is not on this card" if response.status in _NOTHING_THERE else ""
        _check(response, f"installing {_spaced(aid)}", advice)

    def personalise(self, aid: bytes, dgis: Iterable[Dgi]) -> int:
        """Send data groupings to an instance in as few STORE DATA blocks as they fit; give their number.

        The last block ends personalisation. Each block is one atomic step of the container; a cut between
        blocks leaves the instance half personalised, which it knows: it refuses to be used.

        Raises:
            CardError: the data takes more than 256 blocks; nothing was sent.
            StatusError: the instance refuses a block.
        """
        blocks = pack(dgis)
        if len(blocks) > MOST_BLOCKS:
            raise CardError(f"these contents take {len(blocks)} blocks, one personalisation has {MOST_BLOCKS} at most")
        request = InstallRequest(aid).to_bytes()
        response = self._send(Instruction.INSTALL, PERSONALISATION, 0, request)
        _check(response, f"starting to personalise {_spaced(aid)}")
        for number, block in enumerate(blocks):
            last = LAST_BLOCK if number == len(blocks) - 1 else 0
            response = self._send(Instruction.STORE_DATA, last | DGI_FORMAT, number, block)
            _check(response, f"personalising {_spaced(aid)}, block {number + 1} of {len(blocks)}")
        return len(blocks)

    def delete(self, aid: bytes, *, related: bool = False) -> None:
        """Delete an instance or a load file; with ``related``, a load file's instances too (11.2).

        Raises:
            AppletNotInstalledError: the card has none of this AID.
            AccessDeniedError: the card wants a secure channel.
        """
        data = DeleteRequest(aid).to_bytes()
        response = self._send(Instruction.DELETE, 0x00, 0x80 if related else 0x00, data, expected=256)
        if response.status in _NOTHING_THERE:
            raise AppletNotInstalledError(f"nothing of AID {_spaced(aid)} is on this card, so nothing was deleted")
        _check(response, f"deleting {_spaced(aid)}")

    def resources(self) -> Resources | None:
        """Ask what is free (ETSI TS 102 226 8.2.1.7); None when the card does not say."""
        response = self._send(Instruction.GET_DATA, 0xFF, 0x21, expected=256)
        try:
            return Resources.from_bytes(response.data) if response.status == Status.OK else None
        except WireError:
            return None

    def free_bytes(self) -> int | None:
        """Ask how many bytes of non-volatile memory are free; None when the card does not say."""
        resources = self.resources()
        return None if resources is None else resources.free

    def card_data(self) -> CardData | None:
        """Ask which specification and secure channels the card offers (H.2); None when it does not say."""
        response = self._send(Instruction.GET_DATA, 0x00, 0x66, expected=256)
        try:
            return CardData.from_bytes(response.data) if response.status == Status.OK else None
        except WireError:
            return None

    def _send(self, ins: int, p1: int, p2: int, data: bytes = b"", *, expected: int = 0) -> Response:
        return self._selection.send(Command(CLA, ins, p1, p2, data, expected))


def _check(response: Response, action: str, advice: str = "") -> None:
    if response.status == Status.SECURITY_STATUS:
        raise AccessDeniedError(
            f"{action}: the card wants a secure channel first (6982), and yohaku opens none yet; "
            "use a card that takes these commands in clear, such as the emulator"
        )
    if response.status != Status.OK:
        raise StatusError(action, response.status, advice)


def _spaced(aid: bytes) -> str:
    return aid.hex(" ").upper()
