"""A card with a container on it that has one of everything."""

import pytest

from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t

AID = bytes.fromhex("F059484B0001")
PIN, SECOND_PIN = b"1234", b"567890"
KEYS = (bytes(range(16)), bytes(range(24)), bytes(range(32)))

HOLDER, CLERK, TERMINAL_KEY, MASTER_KEY, LONG_KEY = 1, 2, 4, 8, 16
"""Bits of the credentials in masks: two PINs, then three keys."""

DESCRIPTOR = t.descriptor(
    version=0x0203,
    pins=[t.pin(3, 4, 8, reset=(CLERK,)), t.pin(15, 6, 6, alphabet=2, reset=t.NEVER)],
    keys=[t.key(1, 2), t.key(2), t.key(3)],
    files=[
        t.transparent(1, 600),
        t.transparent(2, 50, read=(HOLDER,), update=(HOLDER | TERMINAL_KEY, MASTER_KEY)),
        t.linear(3, 10, 4, read=t.ALWAYS, update=(HOLDER,), append=(HOLDER,)),
        t.cyclic(4, 8, 3, read=t.ALWAYS, update=t.ALWAYS, append=t.ALWAYS),
        t.transparent(30, 5, read=t.NEVER, update=t.NEVER),
    ],
)
BLOCK = (
    t.group(1, 1, PIN)
    + t.group(1, 2, SECOND_PIN)
    + b"".join(t.group(2, number + 1, key) for number, key in enumerate(KEYS))
    + t.group(3, 1, b"\0\0hello")
    + t.group(4, 3, b"first rec.")
)


@pytest.fixture
def card():
    card = EmulatedCard("open", seed=1)
    card.power_on()
    return card


@pytest.fixture
def terminal(card):
    return t.Terminal(card)


@pytest.fixture
def loaded(terminal):
    """A terminal in front of a personalised container, which is selected."""
    terminal.install(AID, DESCRIPTOR)
    terminal.personalise(AID, BLOCK)
    terminal.select(AID)
    return terminal


@pytest.fixture
def facts():
    """What the descriptor and the first contents are."""
    return {"aid": AID, "descriptor": DESCRIPTOR, "pin": PIN, "clerk": SECOND_PIN, "keys": KEYS, "block": BLOCK}
