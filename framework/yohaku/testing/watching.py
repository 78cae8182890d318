"""A link between programs and a card that holds every answer against the model, and says what was broken.

After a fault it goes on with every state that the card may be in, until answers leave one.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from yohaku.card.traces import TraceEntry
from yohaku.errors import YohakuError
from yohaku.iso7816 import Instruction as Ins
from yohaku.testing.answers import is_standard
from yohaku.testing.faults import DroppedError, UnreliableLink
from yohaku.testing.wire import BLOCKED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yohaku.card import Link
    from yohaku.testing.answers import Answer
    from yohaku.testing.faults import Fault
    from yohaku.testing.model import Model
    from yohaku.testing.steps import Step

_DENIED, _FAILED = 0x6982, 0x6581
_SPENDS = frozenset(
    {
        Ins.VERIFY,
        Ins.CHANGE_REFERENCE_DATA,
        Ins.ENABLE_VERIFICATION_REQUIREMENT,
        Ins.DISABLE_VERIFICATION_REQUIREMENT,
        Ins.EXTERNAL_AUTHENTICATE,
    }
)
_FREE_MEMORY = b"\x80\xca\xff\x21\x00"
"""GET DATA of the free memory (GlobalPlatform UICC configuration; specs/container.md 1)."""
_REGISTRY = b"\x80\xf2\x40\x02\x02\x4f\x00\x00"
"""GET STATUS of all applications in clear, which a card may refuse (GlobalPlatform Card Specification 2.3.1, 11.4)."""
OUTSIDE = (_FREE_MEMORY, _REGISTRY)
"""Commands to the card's domain whose answers stay the same while applets are used."""


class Invariant(Enum):
    """What must hold in every step of every session."""

    HOST_ERRORS = "the host raises nothing but YohakuError"
    STATUS_WORDS = "the card answers status words of the standards and the container's contract only"
    ACCESS = "nothing is read or written without its right, and nothing refused with it"
    RETRY_COUNTERS = "retry counters only fall, except by a right value or a reset"
    QUOTA = "the card's free memory and its registry stay the same while applets are used"
    DURABILITY = "what was acknowledged is there after power was lost, the rest is there whole or not at all"
    CONTENT = "the card answers what the declaration and the commands before say"
    SECRECY = "no value of a PIN or key comes out"


class InvariantBroken(YohakuError):  # noqa: N818 - it names the finding
    """A card or the host broke an invariant.

    Attributes:
        invariant: which one.
        step: in which step of the session, from 1; 0 before the first, one more than there are in the last look.
        doing: the step, in words.
        detail: what was seen and what was expected.
        log: what travelled until then.
        cause: the step or the fault itself; None outside of steps.
        allowed: the answers that the card might have given, as far as they are known.
        expected: what the host should have read, as text; empty when it is not about that.
        start: the state that the session started from.
    """

    def __init__(self, invariant: Invariant, step: int, doing: str, detail: str, log: Iterable[Event]) -> None:
        self.invariant, self.step, self.doing, self.detail = invariant, step, doing, detail
        self.log = tuple(log)
        self.cause: Step | Fault | None = None
        self.allowed: tuple[bytes, ...] = ()
        self.expected = ""
        self.start: Model | None = None
        super().__init__(invariant, step, doing, detail)

    def __str__(self) -> str:
        return f"{self.invariant.name} broken in step {self.step} ({self.doing}): {self.detail}"


class Event(NamedTuple):
    """One command and its answer, or what happened instead of one.

    Attributes:
        step: the step of the session that it belongs to.
        command: the command as the card saw it; empty where there was none.
        response: the answer as the card gave it; empty when none came.
        expected: the answer that the model gave; empty when it leaves it open.
        fault: what was armed here, or None.
        is_reset: whether the card was reset here.
    """

    step: int
    command: bytes
    response: bytes
    expected: bytes
    fault: Fault | None = None
    is_reset: bool = False


class WatchedLink:
    """A link that checks every answer against the model.

    Attributes:
        models: every state that the card may be in, the likeliest first.
        log: what travelled.
        step: number of the step at work.
        doing: that step, in words.
        broken: what was broken, for callers that an exception did not reach.
    """

    def __init__(self, link: UnreliableLink, models: list[Model]) -> None:
        self._line = link
        self._transmit = link.link.transmit
        self.models = models
        self.log: list[Event] = []
        self.step = 0
        self.doing: Step | Fault | str = "before the first"
        self.broken: InvariantBroken | None = None
        self._uncertain = False

    @property
    def model(self) -> Model:
        """The likeliest state."""
        return self.models[0]

    @property
    def name(self) -> str:
        """What messages call the link."""
        return self._line.name

    @property
    def atr(self) -> bytes:
        """The answer to reset of the last reset."""
        return self._line.atr

    @property
    def is_emulator(self) -> bool:
        """Whether no real card can be harmed here."""
        return self._line.is_emulator

    def close(self) -> None:
        """Do nothing: the link belongs to whoever watches."""

    def arm(self, fault: Fault) -> None:
        """Let something go wrong from here on."""
        self._line.arm(fault)
        self._uncertain = True
        self.log.append(Event(self.step, b"", b"", b"", fault))

    def settle(self) -> None:
        """Let nothing go wrong any more."""
        self._line.settle()

    def suspect(self, other: WatchedLink) -> None:
        """Take over what another link knows of faults in the same card."""
        self._uncertain = self._uncertain or other._uncertain
        self._line.is_damaged = other._line.is_damaged

    def transmit(self, command: bytes, /) -> bytes:
        """Send a command and check its answer.

        Raises:
            InvariantBroken: the answer is not one that the card may give, or the link failed with another error than
                YohakuError.
            YohakuError: what the link raised: power went, or the command was lost.
        """
        if self._uncertain:
            return self._carefully(command)
        try:
            response = self._transmit(command)
        except Exception as error:
            self._interrupted(command, error)
            raise
        model = self.models[0]
        expected = model.predict(command)
        if response != expected and (isinstance(expected, bytes) or not expected.take(response)):
            self._fail(command, response, [expected])
        self.log.append(Event(self.step, command, response, expected if isinstance(expected, bytes) else b""))
        return response

    def _carefully(self, command: bytes) -> bytes:
        """Send a command while a fault is armed or the card's state is not certain."""
        line = self._line
        try:
            response = line.transmit(command)
        except Exception as error:
            if line.answered is not None:
                self._compare(line.sent, line.answered)
            else:
                self._interrupted(line.sent, error)
            raise
        answered = line.answered or b""
        self._compare(line.sent, answered)
        return response

    def _compare(self, command: bytes, response: bytes) -> None:
        """Keep the states that answer so."""
        damaged = self._line.is_damaged and response == _FAILED.to_bytes(2, "big")
        before = [model.copy() for model in self.models] if damaged else []
        answers = [model.predict(command) for model in self.models]
        fitting = [
            model
            for model, answer in zip(self.models, answers, strict=True)
            if damaged or response == answer or (not isinstance(answer, bytes) and answer.take(response))
        ]
        if not fitting:
            self._fail(command, response, answers)
        first = answers[0]
        self.log.append(Event(self.step, command, response, first if isinstance(first, bytes) else b""))
        self.models = _different([*fitting, *before])
        self._uncertain = len(self.models) > 1 or bool(self._line.armed) or self._line.is_damaged

    def _interrupted(self, command: bytes, error: Exception) -> None:
        """Go on with the states before and after a command that has no answer, and those between."""
        self.log.append(Event(self.step, command, b"", b""))
        if not isinstance(error, YohakuError):
            self.fail(Invariant.HOST_ERRORS, f"the link raised {type(error).__name__}: {error}")
        before = [model.copy() for model in self.models]
        for model in self.models:
            model.predict(command)
        between = [spent for model in before if (spent := _spent(model, command)) is not None]
        self.models = _different([*before, *between, *self.models])
        self._uncertain = True
        if not isinstance(error, DroppedError):
            self.reset()

    def reset(self) -> bytes:
        """Reset the card, and note that every session on it is over."""
        try:
            answer = self._line.reset()
        except Exception as error:  # noqa: BLE001 - whatever a link raises here is the finding
            self.fail(Invariant.HOST_ERRORS, f"a reset raised {type(error).__name__}: {error}")
        self.log.append(Event(self.step, b"", b"", b"", is_reset=True))
        for model in self.models:
            model.reset()
        self.models = _different(self.models) if len(self.models) > 1 else self.models
        return answer

    def _fail(self, command: bytes, response: bytes, answers: list[Answer]) -> NoReturn:
        first = answers[0]
        told = [answer.hex() if isinstance(answer, bytes) else answer.describe() for answer in answers]
        expected = first if isinstance(first, bytes) else b""
        self.log.append(Event(self.step, command, response, expected))
        shown = TraceEntry(command, response).masked().command_text
        detail = f"{shown} was answered {response.hex() or 'nothing'}, not {' or '.join(dict.fromkeys(told))}"
        allowed = tuple(answer for answer in answers if isinstance(answer, bytes))
        self.fail(self._classified(command, response, expected), detail, allowed=allowed)

    def _classified(self, command: bytes, response: bytes, expected: bytes) -> Invariant:
        """Say which invariant a wrong answer breaks."""
        status, wanted = int.from_bytes(response[-2:], "big"), int.from_bytes(expected[-2:], "big")
        if not is_standard(response):
            return Invariant.STATUS_WORDS
        if command in self.model.outside:
            return Invariant.QUOTA
        if _DENIED in {status, wanted}:
            return Invariant.ACCESS
        if any(one & 0xFFF0 == 0x63C0 or one in BLOCKED for one in (status, wanted)):
            return Invariant.RETRY_COUNTERS
        lost = any(event.is_reset or not event.response for event in self.log if event.fault is None)
        return Invariant.DURABILITY if lost and self.step else Invariant.CONTENT

    def fail(
        self, invariant: Invariant, detail: str, *, allowed: tuple[bytes, ...] = (), expected: str = ""
    ) -> NoReturn:
        """Raise what was broken.

        Raises:
            InvariantBroken: always.
        """
        told = self.doing if isinstance(self.doing, str) else repr(self.doing)
        self.broken = InvariantBroken(invariant, self.step, told, detail, self.log)
        self.broken.cause = None if isinstance(self.doing, str) else self.doing
        self.broken.allowed, self.broken.expected = allowed, expected
        raise self.broken


def _spent(model: Model, command: bytes) -> Model | None:
    """Give the state in which power went after a try was taken and before the value was compared."""
    if len(command) < 5 or command[1] not in _SPENDS:
        return None
    twin, number = model.copy(), (command[3] & 0x7F) - 1
    for instance in twin.instances.values():
        if command[1] == Ins.EXTERNAL_AUTHENTICATE:
            instance.keys = [one.spent() if at == number else one for at, one in enumerate(instance.keys)]
        else:
            instance.pins = [one.spent() if at == number else one for at, one in enumerate(instance.pins)]
    return twin


def _different(models: list[Model]) -> list[Model]:
    """Leave out states that are the same as an earlier one."""
    found: list[Model] = []
    for model in models:
        if model not in found:
            found.append(model)
    return found


def watch(link: Link, model: Model) -> WatchedLink:
    """Watch a link to a card in the state of a model, which is copied."""
    line = link if isinstance(link, UnreliableLink) else UnreliableLink(link)
    return WatchedLink(line, [model.copy()])
