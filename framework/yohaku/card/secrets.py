"""The values of PINs and keys by name, kept out of every repr; and published ones for tests, kept off real cards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from yohaku.card.errors import PinFormatError, SecretError
from yohaku.errors import UnknownNameError
from yohaku.schema.declarations import Alphabet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card.card import Card
    from yohaku.schema import Applet, Key, Pin

TEST_DIGITS = "1234567890123456"
"""The published test value of every PIN, cut to its shortest length."""
TEST_KEY_SEED = b"yohaku test key, published, never for a real card"
"""What published test keys are derived from: the first bytes of SHA-256(seed || AID || name)."""


class Secrets(Mapping[str, bytes]):
    """Values of PINs and keys by the names that the declaration gives them; no repr shows one."""

    def __init__(self, values: Mapping[str, str | bytes] | None = None) -> None:
        self._values = {name: _raw(value) for name, value in (values or {}).items()}
        self.is_published = False

    @classmethod
    def for_tests(cls, applet: type[Applet], *, on_real_cards: bool = False) -> Self:
        """Give every PIN and key of an applet its published test value: PINs ``1234...``, keys from `TEST_KEY_SEED`.

        Anybody can know these values, so a card that is no emulator is refused unless ``on_real_cards`` says so.
        """
        pins = {name: TEST_DIGITS[: pin.shortest] for name, pin in applet.pins().items()}
        keys = {name: _test_key(applet, key) for name, key in applet.keys().items()}
        made = cls({**pins, **keys})
        made.is_published = not on_real_cards
        return made

    def check_allowed(self, card: Card) -> None:
        """Refuse published values on a card that is no emulator.

        Raises:
            SecretError: these are published test values and the card is a real one.
        """
        if self.is_published and not card.is_emulator:
            raise SecretError(
                f"{card.name} is a real card and these PINs and keys are published test values that anybody knows; "
                "give your own, or allow test values on real cards explicitly"
            )

    def __getitem__(self, name: str) -> bytes:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Secrets: {', '.join(self._values) or 'none'}>"


def pin_bytes(pin: Pin, value: str | bytes) -> bytes:
    """Check a PIN's value against its declaration and give the bytes that travel.

    Raises:
        PinFormatError: length or alphabet do not fit; the message does not show the value.
    """
    raw = _raw(value)
    if not (pin.shortest <= len(raw) <= pin.longest and _in_alphabet(raw, pin.alphabet)):
        lengths = f"{pin.shortest}" if pin.shortest == pin.longest else f"{pin.shortest} to {pin.longest}"
        raise PinFormatError(f"{pin.name} has {lengths} {_CHARACTERS[pin.alphabet]}; the value given has not")
    return raw


def key_bytes(key: Key, value: bytes) -> bytes:
    """Check a key's length against its declaration.

    Raises:
        PinFormatError: it has another length.
    """
    if len(value) != key.size:
        raise PinFormatError(f"{key.name} is an AES-{key.bits} key of {key.size} bytes; the value has {len(value)}")
    return value


def check_all(applet: type[Applet], secrets: Secrets) -> None:
    """Check that there is a good value for every PIN and key of an applet, and for nothing else.

    Raises:
        SecretError: some are missing.
        UnknownNameError: a name is none of the applet's.
        PinFormatError: a value does not fit its declaration.
    """
    pins, keys = applet.pins(), applet.keys()
    names = [*pins, *keys]
    for name in secrets:
        if name not in names:
            raise UnknownNameError("PIN or key", name, names, where=f" in {applet.name}")
    if missing := [name for name in names if name not in secrets]:
        raise SecretError(f"{applet.name} needs a value for {', '.join(missing)}; give one for each PIN and key")
    for name, pin in pins.items():
        pin_bytes(pin, secrets[name])
    for name, key in keys.items():
        key_bytes(key, secrets[name])


_CHARACTERS = {
    Alphabet.BYTES: "bytes",
    Alphabet.DIGITS: "digits",
    Alphabet.PRINTABLE: "printable ASCII characters",
}


def _in_alphabet(raw: bytes, alphabet: Alphabet) -> bool:
    if alphabet is Alphabet.DIGITS:
        return raw.isdigit()
    return alphabet is Alphabet.BYTES or all(0x20 <= byte <= 0x7E for byte in raw)


def _raw(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _test_key(applet: type[Applet], key: Key) -> bytes:
    return hashlib.sha256(TEST_KEY_SEED + applet.aid + key.name.encode()).digest()[: key.size]
