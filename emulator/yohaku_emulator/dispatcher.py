"""From command bytes to response bytes: channels, selection, GET RESPONSE, and a status word for whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.globalplatform.states import INSTALLED, LOCKED, CardLife
from yohaku.iso7816 import Instruction, Status
from yohaku.iso7816.apdu import SHORT_DATA
from yohaku_emulator.apdu import Apdu
from yohaku_emulator.domains import SecurityDomain
from yohaku_emulator.errors import CommitOverflow, MemoryFault, PowerCut, StatusError
from yohaku_emulator.programs import CONTAINER, DOMAIN, LOAD_FILE

if TYPE_CHECKING:
    from yohaku_emulator.registry import Entry
    from yohaku_emulator.runtime import Applet
    from yohaku_emulator.system import System

_OK: Final = b"\x90\x00"
_BY_NAME: Final = 0x04
_NEXT: Final = 0x02
_PARAMETERS, _MANAGEMENT_DATA = 0x04, 0x08
"""P2 of SELECT: answer with an FCP template, which containers alone have; with an FMD template, which nobody has."""
_CLOSE: Final = 0x80
_MOST: Final = 256
_NOTHING: Final = b""
_WRONG_EXPECTED: Final = 0x6C00
"""Status word with the right Le in its last byte (ISO/IEC 7816-4:2020 table 6)."""


class Channel:
    """One logical channel: what is selected on it, and the rest of an answer that waits for GET RESPONSE.

    Attributes:
        entry: the selected application or security domain; None for nothing.
        applet: who processes commands; None when a selection failed.
        waiting: response bytes not yet fetched.
        waiting_status: status word that follows them.
    """

    __slots__ = ("applet", "entry", "waiting", "waiting_status")

    def __init__(self, entry: Entry | None, applet: Applet | SecurityDomain | None) -> None:
        self.entry, self.applet = entry, applet
        self.waiting = _NOTHING
        self.waiting_status = 0


class Dispatcher:
    """The card's command loop, one command at a time."""

    __slots__ = ("_apdu", "_channels", "_is_t0", "_system")

    def __init__(self, system: System, channels: list[Channel | None] | None = None) -> None:
        """Start with the basic channel alone, or with those of the card that this one is forked from."""
        profile = system.profile
        self._system, self._apdu = system, Apdu(profile.longest_command, profile.longest_response, profile.block)
        self._is_t0 = profile.protocols[0] == 0
        self._channels: list[Channel | None]
        if channels is None:
            self._channels = [self._fresh(), *[None] * (profile.channels - 1)]
        else:
            self._channels = [channel and self._adopt(channel) for channel in channels]

    def fork(self, system: System) -> Dispatcher:
        """Return the same state over a forked system."""
        return Dispatcher(system, self._channels)

    def _adopt(self, other: Channel) -> Channel:
        channel = Channel(other.entry and self._system.registry.entries[other.entry.aid], None)
        channel.waiting, channel.waiting_status = other.waiting, other.waiting_status
        if isinstance(other.applet, SecurityDomain):
            channel.applet = other.applet.fork(self._system, self._in_use)
        elif channel.entry is not None:
            channel.applet = self._system.wake(channel.entry)
        return channel

    def _fresh(self) -> Channel:
        issuer = self._system.registry.issuer
        return Channel(issuer, SecurityDomain(self._system, issuer, self._in_use))

    def _in_use(self, entry: Entry) -> bool:
        return any(channel is not None and channel.entry is entry for channel in self._channels)

    def process(self, command: bytes) -> bytes:
        """Work on one command and return response data and status word.

        Raises:
            PowerCut: power went while the command ran; nothing else ever leaves.
        """
        try:
            return self._answer(command)
        except StatusError as error:
            return self._failed(error.status)
        except MemoryFault as fault:
            return self._failed(Status.NO_SPACE if isinstance(fault, CommitOverflow) else Status.MEMORY_FAILURE)
        except PowerCut:
            raise
        except Exception:  # noqa: BLE001 - whatever breaks inside, a card answers a status word
            return self._failed(Status.UNKNOWN)

    def _answer(self, command: bytes) -> bytes:
        apdu = self._apdu
        apdu.read(command)
        channel = self._channels[apdu.channel] if apdu.channel < len(self._channels) else None
        if channel is None:
            raise StatusError(Status.CHANNEL_UNSUPPORTED)
        if self._is_t0 and apdu.data:
            apdu.expected = _MOST
        data = self._dispatch(channel, apdu)
        if self._system.store.in_transaction:
            self._system.store.abort()
        if self._is_t0:
            self._fit_block(apdu, data)
        if len(data) <= apdu.expected or not data:
            return data + (_OK if apdu.status == 0x9000 else apdu.status.to_bytes(2, "big"))
        return self._first_part(channel, apdu, data)

    def _failed(self, status: int) -> bytes:
        if self._system.store.in_transaction:
            self._system.store.abort()
        return status.to_bytes(2, "big")

    def _dispatch(self, channel: Channel, apdu: Apdu) -> bytes:
        ins = apdu.ins
        if ins == Instruction.GET_RESPONSE and not apdu.cla:
            return self._get_response(channel, apdu)
        channel.waiting = _NOTHING
        if self._system.registry.card_life == CardLife.TERMINATED and ins != Instruction.GET_DATA:
            raise StatusError(Status.CONDITIONS)
        if not apdu.cla:
            if ins == Instruction.SELECT and apdu.p1 == _BY_NAME:
                return self._select(channel, apdu)
            if ins == Instruction.MANAGE_CHANNEL:
                return self._manage_channel(channel, apdu)
        if channel.applet is None:
            raise StatusError(Status.SELECT_FAILED)
        if isinstance(channel.applet, SecurityDomain):
            if len(apdu.data) > SHORT_DATA:
                raise StatusError(Status.WRONG_LENGTH)
        elif apdu.secured:
            raise StatusError(Status.SECURE_MESSAGING_UNSUPPORTED)
        return channel.applet.process(apdu)

    def _fit_block(self, apdu: Apdu, data: bytes) -> None:
        """Answer as T=0 must: nothing behind data, and as many bytes as were asked for (ISO/IEC 7816-3:2006 12.2).

        Raises:
            StatusError: 6Cxx, ask again for xx bytes.
        """
        if apdu.data:
            apdu.expected = 0
        elif data and apdu.expected and apdu.ins != Instruction.GET_RESPONSE:
            _require_expected(apdu, min(len(data), _MOST))

    def _first_part(self, channel: Channel, apdu: Apdu, data: bytes) -> bytes:
        """Give what was asked for, and 61xx for the rest (ISO/IEC 7816-4:2020 5.3.4)."""
        channel.waiting, channel.waiting_status = data[apdu.expected :], apdu.status
        return data[: apdu.expected] + bytes((0x61, min(len(channel.waiting), _MOST) & 0xFF))

    def _get_response(self, channel: Channel, apdu: Apdu) -> bytes:
        """GET RESPONSE (ISO/IEC 7816-4:2020 11.7.1)."""
        if apdu.p1 or apdu.p2:
            raise StatusError(Status.WRONG_P1P2)
        if apdu.data or not apdu.expected:
            raise StatusError(Status.WRONG_LENGTH)
        if not channel.waiting:
            raise StatusError(Status.CONDITIONS)
        if self._is_t0 and apdu.expected > len(channel.waiting):
            _require_expected(apdu, len(channel.waiting))
        data, channel.waiting = channel.waiting, _NOTHING
        apdu.status = channel.waiting_status
        return data

    def _select(self, channel: Channel, apdu: Apdu) -> bytes:
        """SELECT by AID (ISO/IEC 7816-4:2020 11.2.2; GlobalPlatform Card Specification 2.3.1, 6.4.2)."""
        if apdu.p2 & 0xF1 or apdu.p2 & 0x0C == _MANAGEMENT_DATA:
            raise StatusError(Status.WRONG_P1P2)
        if len(apdu.data) > 16 or apdu.chained:
            raise StatusError(Status.WRONG_LENGTH)
        entry = self._match(channel, apdu.data, following=bool(apdu.p2 & _NEXT))
        if apdu.p2 & 0x0C == _PARAMETERS and entry.program != CONTAINER:
            raise StatusError(Status.WRONG_P1P2)
        if entry.program != DOMAIN and entry is not channel.entry and self._in_use(entry):
            raise StatusError(Status.CONDITIONS)
        self._leave(channel)
        return self._enter(channel, entry, apdu)

    def _match(self, channel: Channel, prefix: bytes, *, following: bool) -> Entry:
        """Find the application of that AID, else the first, or the next, whose AID starts with ``prefix``."""
        entries = self._system.registry.entries
        exact = entries.get(prefix)
        if exact is not None and not following and self._is_selectable(exact):
            return exact
        candidates = [entry for aid, entry in entries.items() if aid.startswith(prefix) and self._is_selectable(entry)]
        if following and channel.applet is not None and channel.entry in candidates:
            candidates = candidates[candidates.index(channel.entry) + 1 :]
        if not candidates:
            raise StatusError(Status.FILE_NOT_FOUND)
        return candidates[0]

    def _is_selectable(self, entry: Entry) -> bool:
        """Whether an entry can be selected: it is installed to the end and not locked, nor is the card."""
        registry = self._system.registry
        if entry is registry.issuer:
            return True
        if entry.program == LOAD_FILE or registry.card_life == CardLife.CARD_LOCKED:
            return False
        life = registry.life(entry)
        return life != INSTALLED and not life & LOCKED

    def _leave(self, channel: Channel) -> None:
        applet, entry = channel.applet, channel.entry
        if applet is not None:
            applet.deselect()
        channel.applet = channel.entry = None
        if entry is not None:
            self._system.clear(entry)

    def _enter(self, channel: Channel, entry: Entry, apdu: Apdu) -> bytes:
        apdu.selecting = True
        if entry.program == DOMAIN:
            domain = SecurityDomain(self._system, entry, self._in_use)
            channel.entry, channel.applet = entry, domain
            if self._system.registry.card_life == CardLife.CARD_LOCKED:
                apdu.status = Status.FILE_DEACTIVATED
            return domain.process(apdu)
        applet = self._system.wake(entry)
        if not applet.select():
            raise StatusError(Status.SELECT_FAILED)
        channel.entry, channel.applet = entry, applet
        return applet.process(apdu)

    def _manage_channel(self, channel: Channel, apdu: Apdu) -> bytes:
        """MANAGE CHANNEL (ISO/IEC 7816-4:2020 11.1.2): open a channel, chosen by the card or by P2, or close one."""
        if apdu.data or apdu.p1 not in {0x00, _CLOSE}:
            raise StatusError(Status.WRONG_P1P2 if not apdu.data else Status.WRONG_LENGTH)
        if len(self._channels) == 1:
            raise StatusError(Status.CHANNEL_UNSUPPORTED)
        if apdu.p1 == _CLOSE:
            return self._close(apdu.p2 or apdu.channel)
        return self._open(channel, apdu)

    def _open(self, origin: Channel, apdu: Apdu) -> bytes:
        number = apdu.p2
        if not number:
            if apdu.expected < 1:
                raise StatusError(Status.WRONG_LENGTH)
            if self._is_t0:
                _require_expected(apdu, 1)
            number = self._channels.index(None) if None in self._channels else len(self._channels)
        if number >= len(self._channels):
            raise StatusError(Status.FUNCTION_UNSUPPORTED)
        if self._channels[number] is not None:
            raise StatusError(Status.WRONG_P1P2)
        self._channels[number] = self._like(origin) if apdu.channel else self._fresh()
        return b"" if apdu.p2 else bytes((number,))

    def _like(self, origin: Channel) -> Channel:
        """Make a channel on which the same is selected, which only a security domain can be."""
        if origin.entry is None or origin.entry.program != DOMAIN:
            raise StatusError(Status.CONDITIONS)
        return Channel(origin.entry, SecurityDomain(self._system, origin.entry, self._in_use))

    def _close(self, number: int) -> bytes:
        if not 0 < number < len(self._channels):
            raise StatusError(Status.WRONG_P1P2)
        channel = self._channels[number]
        if channel is not None:
            self._leave(channel)
        self._channels[number] = None
        return b""


def _require_expected(apdu: Apdu, size: int) -> None:
    """Refuse a command that asks for another number of bytes than there are: 6Cxx."""
    if apdu.expected != size:
        raise StatusError(_WRONG_EXPECTED | size & 0xFF)
