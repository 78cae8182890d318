"""Security levels of a session, and the class byte that says that a command is secured."""

from __future__ import annotations

from enum import IntFlag

SECURED, SECURED_HIGH = 0x04, 0x20
"""Secure messaging bits of the class byte on channels 0 to 3, and 4 to 19 (GPCS 2.3.1, tables 11-11 and 11-12)."""
GLOBALPLATFORM, FURTHER_CHANNELS = 0x80, 0x40


class Level(IntFlag):
    """What is protected; P1 of EXTERNAL AUTHENTICATE (amendment D, 7.1.2.2)."""

    NONE = 0x00
    C_MAC = 0x01
    C_ENC = 0x02
    R_MAC = 0x10
    R_ENC = 0x20

    @property
    def is_possible(self) -> bool:
        """Whether the standard knows this combination."""
        return self in POSSIBLE


POSSIBLE = frozenset(Level(number) for number in (0x00, 0x01, 0x03, 0x11, 0x13, 0x33))
COMMANDS = Level.C_MAC | Level.C_ENC
"""Commands are authenticated and encrypted, answers travel as they are."""
CONTENT_MANAGEMENT = COMMANDS | Level.R_MAC
"""Answers are authenticated, too: enough for installing, personalising and deleting, whose answers tell no secret."""
EVERYTHING = Level(0x33)


def secured_class(cla: int) -> int:
    """Set the secure messaging bit of a class byte."""
    return cla | (SECURED_HIGH if cla & FURTHER_CHANNELS else SECURED)


def plain_class(cla: int) -> int:
    """Clear the secure messaging bit of a class byte."""
    return cla & ~(SECURED_HIGH if cla & FURTHER_CHANNELS else SECURED)


def is_secured(cla: int) -> bool:
    """Whether a class byte announces secure messaging."""
    return bool(cla & (SECURED_HIGH if cla & FURTHER_CHANNELS else SECURED))


def authenticated_class(cla: int) -> int:
    """Give the class byte as a MAC covers it: the logical channel is left out (GPCS 2.3.1, E.4.4)."""
    return cla & GLOBALPLATFORM | SECURED
