"""Privileges and life cycles by name (GPCS 2.3.1, 5 and 6.6, tables 11-3 to 11-9)."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final

from yohaku.globalplatform.wire import WireError

_SIZES: Final = (1, 3)


class Privilege(IntFlag):
    """What an application may do; the three bytes of its privileges as one number (tables 11-7 to 11-9)."""

    NONE = 0
    SECURITY_DOMAIN = 0x80_00_00
    DAP_VERIFICATION = 0xC0_00_00
    DELEGATED_MANAGEMENT = 0xA0_00_00
    CARD_LOCK = 0x10_00_00
    CARD_TERMINATE = 0x08_00_00
    CARD_RESET = 0x04_00_00
    CVM_MANAGEMENT = 0x02_00_00
    MANDATED_DAP = 0xC1_00_00
    TRUSTED_PATH = 0x80_00
    AUTHORIZED_MANAGEMENT = 0x40_00
    TOKEN_VERIFICATION = 0x20_00
    GLOBAL_DELETE = 0x10_00
    GLOBAL_LOCK = 0x08_00
    GLOBAL_REGISTRY = 0x04_00
    FINAL_APPLICATION = 0x02_00
    GLOBAL_SERVICE = 0x01_00
    RECEIPT_GENERATION = 0x80
    CIPHERED_LOAD_FILE = 0x40
    CONTACTLESS_ACTIVATION = 0x20
    CONTACTLESS_SELF_ACTIVATION = 0x10

    def to_bytes3(self) -> bytes:
        """Write the three bytes."""
        return int(self).to_bytes(3, "big")

    @property
    def names(self) -> list[str]:
        """The privileges by name, in the order of their bits."""
        found = [each for each in Privilege.__members__.values() if each and each & self == each]
        parts = [each for each in found if not any(each != other and each & other == each for other in found)]
        return [_label(each) for each in parts]


def privileges(raw: bytes) -> Privilege:
    """Read one or three bytes of privileges (table 6-2).

    Raises:
        WireError: there is another number of bytes.
    """
    if len(raw) not in _SIZES:
        raise WireError(f"privileges have 1 or 3 bytes, not {len(raw)}")
    return Privilege(int.from_bytes(raw.ljust(3, b"\0"), "big"))


ISSUER_PRIVILEGES: Final = Privilege(0x9EFE80)
"""What an issuer security domain may do (6.6.2)."""


class CardLife(IntEnum):
    """Life cycle of a card, kept by its issuer security domain (table 11-6)."""

    OP_READY = 0x01
    INITIALIZED = 0x07
    SECURED = 0x0F
    CARD_LOCKED = 0x7F
    TERMINATED = 0xFF


LOADED: Final = 0x01
"""Life cycle of a load file (table 11-3)."""
INSTALLED, SELECTABLE, PERSONALIZED = 0x03, 0x07, 0x0F
"""Life cycle of applications and security domains (tables 11-4 and 11-5)."""
LOCKED: Final = 0x80
"""Bit over the life cycle of a locked application."""


def application_life(life: int) -> str:
    """Name the life cycle of an application."""
    if life & LOCKED:
        return f"locked ({application_life(life & ~LOCKED)})"
    return {INSTALLED: "installed", SELECTABLE: "selectable"}.get(life, f"application state {life:02X}")


def domain_life(life: int) -> str:
    """Name the life cycle of a supplementary security domain."""
    if life & LOCKED:
        return f"locked ({domain_life(life & ~LOCKED)})"
    known = {INSTALLED: "installed", SELECTABLE: "selectable", PERSONALIZED: "personalized"}
    return known.get(life, f"state {life:02X}")


def card_life(life: int) -> str:
    """Name the life cycle of a card."""
    return _label(CardLife(life)) if life in set(CardLife) else f"state {life:02X}"


def _label(each: IntEnum | IntFlag) -> str:
    return (each.name or "").replace("_", " ").lower()
