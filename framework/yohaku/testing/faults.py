"""What can go wrong around a card: power that goes, a link that loses or garbles, memory that decays.

Faults are applied through the link handed in: those of the link work with every link, those of power and memory with a
link that gives its emulated card (`Cuttable`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from hypothesis import strategies as st

from yohaku.card import LinkError
from yohaku.errors import YohakuError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.card import Link

Outcome = Literal["old", "new", "mixed"]
OUTCOMES: tuple[Outcome, ...] = ("old", "new", "mixed")


class FaultError(YohakuError):
    """A fault cannot be applied to this link."""


class DroppedError(LinkError):
    """A command, or the answer to it, was lost on the way; nobody can tell which."""


class CuttableMemory(Protocol):
    """A memory whose power can be cut and whose bits can be turned over."""

    cells: bytearray

    def cut_at(self, n: int, outcome: Outcome = "old", seed: int = 0) -> None:
        """Cut the power at the ``n``-th page write from now; 0 takes the cut back."""
        ...

    def flip(self, address: int, bit: int = 0) -> None:
        """Turn one bit over."""
        ...


class ProfileLike(Protocol):
    """What the model asks of an emulated card's kind."""

    @property
    def blocked(self) -> int:
        """Status word of a blocked PIN or key."""
        ...


class EmulatedCardLike(Protocol):
    """What faults, forks and the model need of an emulated card."""

    @property
    def profile(self) -> ProfileLike:
        """What kind of card it is."""
        ...

    @property
    def memory(self) -> CuttableMemory:
        """The card's memory."""
        ...

    @property
    def writes(self) -> int:
        """Page writes so far."""
        ...

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU and return the response APDU."""
        ...

    def power_on(self) -> bytes:
        """Give the card power, or reset it; return the answer to reset."""
        ...

    def fork(self) -> EmulatedCardLike:
        """Give an independent card in the same state."""
        ...


class Cuttable(Protocol):
    """A link that gives its emulated card: ``emulator:`` and forks of it."""

    @property
    def card(self) -> EmulatedCardLike:
        """The card itself."""
        ...


class ForkedLink:
    """A link to an emulated card of its own, such as a fork of another link's.

    Attributes:
        card: the card.
        name: what messages call it.
        atr: its last answer to reset.
        is_emulator: True.
        transmit: sends a command APDU and returns the response APDU.
    """

    is_emulator = True

    def __init__(self, card: EmulatedCardLike, *, name: str = "emulator:", atr: bytes = b"") -> None:
        self.card, self.name, self.atr = card, name, atr
        self.transmit: Callable[[bytes], bytes] = card.transmit

    def reset(self) -> bytes:
        """Switch the card off and on; return its answer to reset."""
        self.atr = self.card.power_on()
        return self.atr

    def close(self) -> None:
        """Do nothing: nobody else has the card."""


def fork(link: Link) -> ForkedLink | None:
    """Give a link to an independent copy of a link's card as it is now; None when the link cannot."""
    card = card_of(link)
    return None if card is None else ForkedLink(card.fork(), name=link.name, atr=link.atr)


def card_of(link: Link) -> EmulatedCardLike | None:
    """Give the emulated card of a link that has one (`Cuttable`)."""
    card: EmulatedCardLike | None = getattr(link, "card", None)
    return card


@dataclass(frozen=True, slots=True)
class PowerCut:
    """Power goes in the middle of a command, at a page write.

    Attributes:
        command: commands until it is armed, 1 for the very next.
        write: page writes from there until power goes; later when the command makes fewer.
        outcome: what the page being written holds afterwards.
        seed: chooses the bytes of a mixed page.
    """

    command: int = 1
    write: int = 1
    outcome: Outcome = "old"
    seed: int = 0

    @property
    def needs_card(self) -> bool:
        """Whether the link must give its card."""
        return True


@dataclass(frozen=True, slots=True)
class LinkDrop:
    """A command is lost before the card sees it, or its answer after the card has done its work.

    Attributes:
        command: which command, 1 for the very next.
        after: whether the card has done its work.
    """

    command: int = 1
    after: bool = False

    @property
    def needs_card(self) -> bool:
        """Whether the link must give its card."""
        return False


@dataclass(frozen=True, slots=True)
class LinkTruncate:
    """An answer arrives without its end.

    Attributes:
        command: the answer to which command, 1 for the very next.
        keep: bytes that arrive, from the start.
    """

    command: int = 1
    keep: int = 1

    @property
    def needs_card(self) -> bool:
        """Whether the link must give its card."""
        return False


@dataclass(frozen=True, slots=True)
class BitFlip:
    """One bit turns over: in a command, in an answer, or in the card's memory.

    Attributes:
        command: commands until it happens, 1 for the very next.
        place: which byte; taken modulo the number of bytes there are.
        bit: which bit of it.
        where: what the byte is part of.
    """

    command: int = 1
    place: int = 0
    bit: int = 0
    where: Literal["answer", "command", "memory"] = "answer"

    @property
    def needs_card(self) -> bool:
        """Whether the link must give its card."""
        return self.where == "memory"


Fault: TypeAlias = "PowerCut | LinkDrop | LinkTruncate | BitFlip"
"""One thing that goes wrong once."""


class UnreliableLink:
    """A link over another that fails as it is told, each fault once.

    Attributes:
        link: the link that works.
        armed: faults that have not happened yet, with the commands that are left until each.
        sent: the last command as the card saw it.
        answered: the last answer as the card gave it; None when the card gave none.
        is_damaged: whether a bit of the memory was turned over.
        is_cut_armed: whether power may go at a page write.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.armed: list[tuple[Fault, int]] = []
        self.sent: bytes = b""
        self.answered: bytes | None = None
        self.is_damaged = self.is_cut_armed = False

    @property
    def name(self) -> str:
        """What messages call the link."""
        return self.link.name

    @property
    def atr(self) -> bytes:
        """The answer to reset of the last reset."""
        return self.link.atr

    @property
    def is_emulator(self) -> bool:
        """Whether no real card can be harmed here."""
        return self.link.is_emulator

    def arm(self, fault: Fault) -> None:
        """Let something go wrong; its commands count from now.

        Raises:
            FaultError: the link beneath does not give its card, which this fault needs.
        """
        if fault.needs_card and card_of(self.link) is None:
            raise FaultError(f"{self.link.name} cannot do {fault}: only an emulated card's power and memory can be had")
        self.armed.append((fault, fault.command))

    def transmit(self, command: bytes, /) -> bytes:
        """Pass a command and its answer on, or fail when a fault's turn has come.

        Raises:
            DroppedError: the command or its answer was lost.
        """
        due = self._due()
        self.sent, self.answered = command, None
        for fault in due:
            self._before(fault)
        self.answered = self.link.transmit(self.sent)
        answer = self.answered
        for fault in due:
            answer = _garbled(fault, answer)
        return answer

    def _due(self) -> list[Fault]:
        due = [fault for fault, left in self.armed if left <= 1]
        self.armed = [(fault, left - 1) for fault, left in self.armed if left > 1]
        return due

    def _before(self, fault: Fault) -> None:
        if isinstance(fault, LinkDrop) and not fault.after:
            raise DroppedError("the command or its answer was lost")
        if isinstance(fault, PowerCut):
            self._memory.cut_at(fault.write, fault.outcome, fault.seed)
            self.is_cut_armed = True
        if isinstance(fault, BitFlip) and fault.where == "command":
            self.sent = _flipped(self.sent, fault)
        if isinstance(fault, BitFlip) and fault.where == "memory":
            self._memory.flip(fault.place % len(self._memory.cells), fault.bit)
            self.is_damaged = True

    @property
    def _memory(self) -> CuttableMemory:
        card = card_of(self.link)
        if card is None:
            raise FaultError(f"{self.link.name} does not give its card")
        return card.memory

    def reset(self) -> bytes:
        """Reset the card; a cut that is armed may strike its recovery, and power comes again."""
        try:
            return self.link.reset()
        except YohakuError:
            return self.link.reset()
        finally:
            self.disarm()

    def settle(self) -> None:
        """Take back every fault that has not happened."""
        self.armed = []
        self.disarm()

    def disarm(self) -> None:
        """Take back the power cut that has not struck."""
        if self.is_cut_armed:
            self._memory.cut_at(0)
            self.is_cut_armed = False

    def close(self) -> None:
        """Close the link beneath."""
        self.link.close()


def apply(fault: Fault, link: Link) -> UnreliableLink:
    """Give a link over another on which a fault happens once.

    Raises:
        FaultError: the fault needs an emulated card, and the link gives none.
    """
    made = UnreliableLink(link)
    made.arm(fault)
    return made


def _garbled(fault: Fault, answer: bytes) -> bytes:
    if isinstance(fault, LinkDrop):
        raise DroppedError("the command or its answer was lost")
    if isinstance(fault, LinkTruncate):
        return answer[: min(fault.keep, len(answer) - 1)]
    return _flipped(answer, fault) if isinstance(fault, BitFlip) and fault.where == "answer" else answer


def _flipped(raw: bytes, fault: BitFlip) -> bytes:
    if not raw:
        return raw
    at = fault.place % len(raw)
    return raw[:at] + bytes((raw[at] ^ 1 << fault.bit,)) + raw[at + 1 :]


def faults(*, within: int = 5, power: bool = True, link: bool = True, memory: bool = False) -> st.SearchStrategy[Fault]:
    """Give faults: power cuts at any page write, drops, truncations and bit flips on the link, bit flips in memory.

    Args:
        within: most commands until a fault happens.
        power: whether power may go; needs an emulated card.
        link: whether the link may lose or garble.
        memory: whether bits of the memory may turn over; needs an emulated card.
    """
    command, bits = st.integers(1, within), (st.integers(0, 0xFFFF), st.integers(0, 7))
    kinds: list[st.SearchStrategy[Fault]] = []
    if power:
        kinds.append(st.builds(PowerCut, command, st.integers(1, 9), st.sampled_from(OUTCOMES), st.integers(0, 9)))
    if link:
        kinds += [
            st.builds(LinkDrop, command, st.booleans()),
            st.builds(LinkTruncate, command, st.integers(0, 4)),
            st.builds(BitFlip, command, *bits, st.sampled_from(("answer", "command"))),
        ]
    if memory:
        kinds.append(st.builds(BitFlip, command, *bits, st.just("memory")))
    return st.one_of(kinds)
