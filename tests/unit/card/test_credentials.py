"""PINs, keys and rules on the emulated card: what is presented, what is spent, what is never shown."""

from typing import TYPE_CHECKING

import pytest

from yohaku import ALWAYS, NEVER, Applet, Key, Pin, Record, TransparentFile, connect, field
from yohaku.card import (
    AccessDeniedError,
    AppletSession,
    Card,
    CardError,
    Exchange,
    KeyWrongError,
    LastTryError,
    PinBlockedError,
    PinFormatError,
    PinWrongError,
    SecretError,
    Secrets,
    StatusError,
)
from yohaku.errors import UnknownNameError
from yohaku.fields import UInt
from yohaku.globalplatform import load_applet
from yohaku.schema import Rule

if TYPE_CHECKING:
    from collections.abc import Callable


class Value(Record):
    number: int = field(UInt(8))


class Safe(Applet, aid="F0 59 48 4B 54 03"):
    """試験"""

    master = Key(bits=256)
    owner = Pin(tries=3, length=(4, 8), reset=master)
    guest = Pin(tries=2, length=4)
    word = Pin(tries=15, length=(1, 16), alphabet="printable")
    limited = Key(bits=192, tries=2)
    value = TransparentFile(Value, read=owner | master | (guest & limited), update=owner & master)
    free = TransparentFile(Value, read=ALWAYS, update=NEVER)


KEY = Secrets.for_tests(Safe)["master"]


pytestmark = pytest.mark.yohaku(applet=Safe, contents={})


@pytest.fixture
def card(yohaku_card: Card) -> Card:
    return yohaku_card


@pytest.fixture
def safe(yohaku_applet: Safe) -> Safe:
    return yohaku_applet


def commands(card: Card) -> list[str]:
    seen: list[str] = []

    def note(exchange: Exchange) -> None:
        seen.append(exchange.command.hex().upper())

    card.observers.append(note)
    return seen


def test_a_right_pin_opens(card: Card, safe: Safe) -> None:
    seen = commands(card)
    safe.owner.verify("1234")
    assert seen == ["00200081", "002000810431323334"]
    assert safe.value.read() == Value(number=0)


def test_asking_for_tries_is_free(safe: Safe) -> None:
    assert [safe.owner.tries_left for _ in range(5)] == [3] * 5
    safe.owner.verify("1234")
    assert safe.owner.tries_left == 3


def test_a_wrong_pin_says_what_is_left_and_the_last_try_is_kept(safe: Safe) -> None:
    with pytest.raises(PinWrongError, match="owner: wrong PIN; 2 tries are left") as caught:
        safe.owner.verify("9999")
    assert caught.value.tries_left == 2
    with pytest.raises(PinWrongError, match="1 try is left"):
        safe.owner.verify("9999")
    with pytest.raises(LastTryError, match="1 try left"):
        safe.owner.verify("1234")
    with pytest.raises(LastTryError, match="1 try left"):
        safe.owner.change("1234", "4321")
    assert safe.owner.tries_left == 1
    safe.owner.verify("1234", last_try=True)
    assert safe.owner.tries_left == 3


def test_a_blocked_pin_is_not_tried_and_says_what_helps(safe: Safe) -> None:
    with pytest.raises(PinWrongError):
        safe.guest.verify("9999")
    with pytest.raises(PinBlockedError, match="guest: wrong PIN, and it is blocked now; this applet cannot reset it"):
        safe.guest.verify("9999", last_try=True)
    with pytest.raises(PinBlockedError, match="guest is blocked: no tries left"):
        safe.guest.verify("1234", last_try=True)
    assert safe.guest.tries_left == 0


def test_a_blocked_pin_is_reset_by_its_rule(safe: Safe) -> None:
    for last_try in (False, False, True):
        with pytest.raises((PinWrongError, PinBlockedError)):
            safe.owner.verify("9999", last_try=last_try)
    with pytest.raises(AccessDeniedError, match="resetting owner of safe needs master"):
        safe.owner.reset()
    safe.master.authenticate(KEY)
    safe.owner.reset()
    safe.owner.verify("1234")
    safe.owner.reset("567890")
    safe.owner.verify("567890")


def test_a_pin_is_changed_with_the_old_one(safe: Safe) -> None:
    safe.owner.change("1234", "87654321")
    safe.owner.verify("87654321")
    with pytest.raises(PinWrongError):
        safe.owner.change("12345678", "5555")
    safe.owner.verify(b"87654321")


@pytest.mark.parametrize("value", ["123", "123456789", "12a4", "１２３４", b"\x00\x01\x02\x03"])
def test_what_cannot_be_the_pin_is_not_sent_nor_shown(card: Card, safe: Safe, value: str | bytes) -> None:
    seen = commands(card)
    attempts: list[Callable[[], None]] = [
        lambda: safe.owner.verify(value),
        lambda: safe.owner.change("1234", value),
        lambda: safe.owner.reset(value),
    ]
    for attempt in attempts:
        with pytest.raises(PinFormatError, match="owner has 4 to 8 digits; the value given has not") as caught:
            attempt()
        assert str(value) not in str(caught.value)
    assert not seen


def test_printable_pins_take_words(safe: Safe) -> None:
    safe.word.change("1", "open sesame!")
    safe.word.verify("open sesame!")
    with pytest.raises(PinFormatError, match="1 to 16 printable ASCII characters"):
        safe.word.verify("öffne")


def test_a_right_key_opens_and_never_travels(card: Card, safe: Safe) -> None:
    seen = commands(card)
    safe.master.authenticate(KEY)
    assert [command[:8] for command in seen] == ["00840000", "00820081"]
    assert KEY.hex().upper() not in "".join(seen)
    assert safe.value.read() == Value(number=0)


def test_a_wrong_key_is_refused(safe: Safe) -> None:
    with pytest.raises(KeyWrongError, match=r"master: the card has another key$"):
        safe.master.authenticate(bytes(32))
    with pytest.raises(PinFormatError, match="master is an AES-256 key of 32 bytes; the value has 16"):
        safe.master.authenticate(bytes(16))


def test_a_key_with_tries_blocks(safe: Safe) -> None:
    with pytest.raises(KeyWrongError, match="1 tries left before it is blocked"):
        safe.limited.authenticate(bytes(24))
    for _ in range(2):
        with pytest.raises(PinBlockedError, match="limited is blocked"):
            safe.limited.authenticate(bytes(24))


def test_the_card_proves_that_it_has_the_key(safe: Safe) -> None:
    session = AppletSession.of(safe)
    session.key(Safe.master).verify_card(KEY)
    with pytest.raises(KeyWrongError, match="not the card it claims to be"):
        session.key(Safe.master).verify_card(bytes(32))


@pytest.mark.parametrize(
    ("rule", "given", "sent"),
    [
        (ALWAYS, [], []),
        (Safe.owner | Safe.master, ["owner", "master"], ["84", "82"]),
        (Safe.owner | Safe.master, ["owner"], ["20", "20"]),
        (Safe.owner | (Safe.master & Safe.limited), ["owner", "master", "limited"], ["20", "20"]),
        (Safe.owner & Safe.master, ["owner", "master"], ["20", "20", "84", "82"]),
    ],
)
def test_a_rule_is_satisfied_the_cheapest_way(
    card: Card, safe: Safe, rule: Rule, given: list[str], sent: list[str]
) -> None:
    test = Secrets.for_tests(Safe)
    session = AppletSession.of(safe)
    seen = commands(card)
    session.satisfy(rule, Secrets({name: test[name] for name in given}))
    assert sorted(command[2:4] for command in seen) == sorted(sent)
    session.satisfy(rule, Secrets({name: test[name] for name in given}))
    assert len(seen) == len(sent)


def test_what_was_presented_counts(safe: Safe) -> None:
    session = AppletSession.of(safe)
    safe.owner.verify("1234")
    session.satisfy(Safe.owner & Safe.master, Secrets({"master": KEY}))
    assert session.presented == {"owner", "master"}
    with pytest.raises(PinWrongError):
        safe.owner.verify("9999")
    assert session.presented == {"master"}


def test_a_rule_that_cannot_be_satisfied_names_its_alternatives(safe: Safe) -> None:
    session = AppletSession.of(safe)
    with pytest.raises(AccessDeniedError, match=r"safe: this needs owner \| master; given are values for guest"):
        session.satisfy(Safe.owner | Safe.master, Secrets({"guest": "1234"}))
    with pytest.raises(AccessDeniedError, match=r"this needs never; given are values for nothing"):
        session.satisfy(NEVER, Secrets())


class RealLink:
    """The emulator, claiming to be a real card."""

    is_emulator = False
    name = "a real card"

    def __init__(self, card: Card) -> None:
        self.atr = card.atr
        self.transmit = card.transmit
        self.reset = card.reset
        self.close = card.close


def test_published_values_stay_off_real_cards(card: Card) -> None:
    real = Card(RealLink(card))
    session = AppletSession.open(real, Safe)
    with pytest.raises(SecretError, match="a real card is a real card and these PINs and keys are published"):
        session.satisfy(Safe.owner.as_rule(), Secrets.for_tests(Safe))
    with pytest.raises(SecretError, match="published"):
        load_applet(real, Safe, secrets=Secrets.for_tests(Safe))
    session.satisfy(Safe.owner.as_rule(), Secrets.for_tests(Safe, on_real_cards=True))
    session.satisfy(Safe.guest.as_rule(), Secrets({"guest": "1234"}))


def test_secrets_are_never_shown(safe: Safe) -> None:
    secrets = Secrets({"owner": "97531", "master": b"\xa5" * 32})
    assert repr(secrets) == str(secrets) == f"{secrets}" == "<Secrets: owner, master>"
    assert "97531" not in repr(vars(safe)) + repr(safe.owner) + repr(safe)


def test_test_values_follow_the_declaration() -> None:
    test = Secrets.for_tests(Safe)
    assert (test["owner"], test["guest"], test["word"]) == (b"1234", b"1234", b"1")
    assert (len(test["master"]), len(test["limited"])) == (32, 24)
    assert test["master"][:24] != test["limited"]
    assert test["master"] == Secrets.for_tests(Safe)["master"]


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"owner": None}, SecretError, "safe needs a value for owner; "),
        ({"ownr": "1234"}, UnknownNameError, "no PIN or key 'ownr' in safe: .*did you mean 'owner'"),
        ({"owner": "12"}, PinFormatError, "owner has 4 to 8 digits"),
        ({"master": b"12"}, PinFormatError, "master is an AES-256 key"),
    ],
)
def test_a_load_checks_all_secrets_before_anything_is_sent(
    changes: dict[str, str | bytes | None], error: type[Exception], said: str
) -> None:
    values = {**Secrets.for_tests(Safe), **changes}
    with connect("emulator:") as card:
        with pytest.raises(error, match=said):
            load_applet(card, Safe, secrets=Secrets({n: v for n, v in values.items() if v is not None}))
        assert card.traffic.commands == 0


def test_other_refusals_keep_their_number(card: Card, safe: Safe) -> None:
    card.transmit(bytes.fromhex("00A4020C020002"))
    session = AppletSession.of(safe)
    with pytest.raises(StatusError, match=r"doing a thing of safe: 6D00 \(the card does not know") as caught:
        session.check(session.send(0x02, 0, 0), "doing a thing")
    assert caught.value.status == 0x6D00


class Locker(Applet, aid="F0 59 48 4B 54 13"):
    """PINを止められる"""

    master = Key(bits=128)
    owner = Pin(tries=3, length=4, reset=master, can_disable=True)
    guest = Pin(tries=3, length=4)
    value = TransparentFile(Value, read=owner, update=owner & guest)


@pytest.fixture
def locker(card: Card) -> Locker:
    load_applet(card, Locker, secrets=LOCKER)
    return card.open(Locker)


LOCKER = Secrets.for_tests(Locker)


def test_a_disabled_pin_is_not_asked_for_until_it_is_enabled(card: Card, locker: Locker) -> None:
    assert locker.owner.required
    locker.owner.disable(LOCKER["owner"])
    card.reset()
    locker = card.open(Locker)
    assert not locker.owner.required
    assert locker.value.read_bytes() == b"\0"
    locker.owner.enable(LOCKER["owner"])
    card.reset()
    locker = card.open(Locker)
    with pytest.raises(AccessDeniedError):
        locker.value.read_bytes()


def test_disabling_and_enabling_spend_tries_and_guard_the_last(locker: Locker) -> None:
    with pytest.raises(PinWrongError):
        locker.owner.disable("0000")
    assert locker.owner.required
    locker.owner.disable(LOCKER["owner"])
    for _ in range(2):
        with pytest.raises(PinWrongError):
            locker.owner.enable("0000")
    assert locker.owner.tries_left == 1, "also while it is disabled"
    with pytest.raises(LastTryError):
        locker.owner.enable(LOCKER["owner"])
    locker.owner.enable(LOCKER["owner"], last_try=True)
    assert locker.owner.tries_left == 3


def test_a_pin_that_is_not_declared_so_cannot_be_disabled(card: Card, locker: Locker) -> None:
    seen = commands(card)
    with pytest.raises(CardError, match="can_disable"):
        locker.guest.disable(LOCKER["guest"])
    locker.guest.enable(LOCKER["guest"])
    assert locker.guest.required
    assert not seen


def test_what_a_rule_needs_is_less_by_a_disabled_pin(card: Card, locker: Locker) -> None:
    session = AppletSession.of(locker)
    assert not session.holds(Locker.value.read)
    locker.owner.disable(LOCKER["owner"])
    card.reset()
    session = AppletSession.of(locker := card.open(Locker))
    assert session.holds(Locker.value.read)
    assert not session.holds(Locker.value.update)
    session.satisfy(Locker.value.update, LOCKER)
    seen = commands(card)
    locker.owner.enable(LOCKER["owner"])
    del seen[:]
    session.satisfy(Locker.value.read, LOCKER)
    assert not seen, "nothing is asked of the card where the rule holds by what was presented"
    assert session.presented == {"guest", "owner"}
    locker.value.write(Value(number=7))
