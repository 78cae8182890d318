"""A card at the end of a link: selection of applications by AID, raw commands, and what travelled.

It knows which application is selected and refuses commands meant for one that no longer is; it knows no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from yohaku.card.connection import LimitedLink, SharedLink, open_link
from yohaku.card.errors import AppletNotInstalledError, LinkError, NotSelectedError, StatusError
from yohaku.card.fci import Fci
from yohaku.card.pipeline import Chaining, Recorder, build, single_data
from yohaku.card.session import AppletSession
from yohaku.iso7816 import Command, Instruction, Response, Status
from yohaku.iso7816.apdu import SHORT_DATA, SHORT_EXPECTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from yohaku.card.connection import Link
    from yohaku.card.pipeline import Exchange, Processor, Traffic
    from yohaku.schema import Applet

A = TypeVar("A", bound="Applet")

_ABSENT = frozenset({Status.FILE_NOT_FOUND, Status.FUNCTION_UNSUPPORTED, Status.SELECT_FAILED})
BY_NAME = 0x04
"""P1 of SELECT by AID (ISO/IEC 7816-4:2020 11.2.2)."""


def connect(url: str) -> Card:
    """Connect to the card that a URL names: ``emulator:``, ``emulator:PATH`` or ``pcsc:NAME``.

    Raises:
        TargetError: the URL has no scheme.
        UnknownNameError: no installed link has this scheme.
        LinkError: the link's own reasons, as a subclass says.
    """
    return Card(open_link(url))


class Card:
    """A card, connected until `close` or the end of the ``with`` block."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._recorder = Recorder(link)
        self._pipeline = build(self._recorder)
        self._selection: Selection | None = None

    @property
    def atr(self) -> bytes:
        """The answer-to-reset of the last reset."""
        return self._link.atr

    @property
    def name(self) -> str:
        """What a person calls the link, such as the reader's name."""
        return self._link.name

    @property
    def is_emulator(self) -> bool:
        """Whether no real card can be harmed here."""
        return self._link.is_emulator

    @property
    def traffic(self) -> Traffic:
        """What travelled since the card was connected, counted on the link."""
        return self._recorder.traffic

    @property
    def observers(self) -> list[Callable[[Exchange], None]]:
        """Functions that are shown each exchange on the link, PINs among it as they travel."""
        return self._recorder.observers

    def transmit(self, command: bytes, /) -> bytes:
        """Send a command APDU as it is and return the response APDU as it comes.

        A SELECT by AID or a MANAGE CHANNEL sent this way ends the use of the applet that was open.
        """
        if len(command) > 2 and (command[1] == Instruction.MANAGE_CHANNEL or _selects_application(command)):
            self._selection = None
        elif self._selection is not None:
            self._selection.forget_files()
        return self._recorder.transmit(command)

    def send(self, command: Command) -> Response:
        """Send a command; 61xx and 6Cxx are dealt with, other status words are the caller's."""
        return self._pipeline.send(command)

    def select(self, aid: bytes, *, name: str = "") -> Selection:
        """Select an application by its AID, or the card's default one by none (ISO/IEC 7816-4:2020 11.2.2).

        Args:
            aid: 5 to 16 bytes, or none.
            name: what messages call the application; its AID by default.

        Raises:
            AppletNotInstalledError: the card has none of this AID, or it refuses its selection.
            StatusError: the card refuses for another reason.
        """
        shown = name or (f"application {aid.hex(' ').upper()}" if aid else "the default application")
        self._selection = None
        response = self.send(Command(0x00, Instruction.SELECT, BY_NAME, 0x00, aid, 256))
        if response.status in _ABSENT:
            raise AppletNotInstalledError(
                f"{shown} is not on this card (AID {aid.hex(' ').upper() or 'none'}, "
                f"answer {response.status:04X}); load it first"
            )
        if response.status != Status.OK:
            raise StatusError(f"selecting {shown}", response.status)
        self._selection = self._selected(Fci.from_bytes(response.data), shown)
        return self._selection

    def _selected(self, fci: Fci, name: str) -> Selection:
        """Use what the application says it can: chains, extended APDUs; the link must carry those, too."""
        carries = not isinstance(self._link, LimitedLink) or self._link.carries_extended
        if not fci.longest_command or not carries:
            return Selection(self, self._pipeline, fci, name)
        return Selection(self, build(self._recorder, extended=True), fci, name, extended=True)

    def open(self, applet: type[A]) -> A:
        """Select an applet, check that it is the declared one, and give it with its files, PINs and keys.

        Raises:
            AppletNotInstalledError: it is not on the card.
            AppletNotReadyError: its load was never completed.
            AppletMismatchError: another version, or another declaration of the same version, is on the card.
        """
        return applet(AppletSession.open(self, applet))

    def reset(self) -> bytes:
        """Reset the card and return its answer-to-reset; nothing stays selected or verified.

        A card that was taken out and inserted again is connected anew. Writes that were cut off can be repeated:
        only what still differs travels.
        """
        self._selection = None
        return self._link.reset()

    def release(self) -> None:
        """Let other programs use a shared card until the next command; what was selected must be opened again."""
        self._selection = None
        if isinstance(self._link, SharedLink):
            self._link.release()

    def close(self) -> None:
        """Give the card back; a second call does nothing."""
        self._selection = None
        self._link.close()

    def forget_selection(self) -> None:
        """Note that the card may have nothing selected any more, as after a broken link."""
        self._selection = None

    def has_selected(self, selection: Selection) -> bool:
        """Whether this is what the card has selected now."""
        return self._selection is selection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Card {self.name}>"


class Selection:
    """An application while the card has it selected.

    Attributes:
        fci: what it answered to SELECT.
        name: what messages call it.
        known: bytes of transparent files as they are on the card, by short file identifier.
        current: short file identifier of the file that commands without one concern; 0 when that is not known.
    """

    def __init__(self, card: Card, pipeline: Processor, fci: Fci, name: str, *, extended: bool = False) -> None:
        self.card, self.fci, self.name = card, fci, name
        self.known: dict[int, bytes] = {}
        self.current = 0
        single = single_data(fci.longest_command) if extended else SHORT_DATA
        self._pipeline = Chaining(pipeline, fci.chain_limit, single=single)
        self._longest_answer = max(fci.longest_response - 2, SHORT_EXPECTED) if extended else SHORT_EXPECTED

    @property
    def longest_data(self) -> int:
        """Most bytes of command data that go as one atomic command, chained or not."""
        return self._pipeline.limit

    @property
    def longest_answer(self) -> int:
        """Most bytes of response data that one command can ask for."""
        return self._longest_answer

    def forget_files(self) -> None:
        """Note that somebody may have changed or selected a file."""
        self.known.clear()
        self.current = 0

    def send(self, command: Command) -> Response:
        """Send a command to the application; long data is chained as far as it said it can.

        Raises:
            NotSelectedError: the card has something else selected by now, or was reset.
        """
        if not self.card.has_selected(self):
            raise NotSelectedError(f"{self.name} is no longer selected on {self.card.name}; open it again")
        try:
            return self._pipeline.send(command)
        except LinkError:
            self.card.forget_selection()
            raise


def _selects_application(command: bytes) -> bool:
    return command[1] == Instruction.SELECT and command[2] == BY_NAME
