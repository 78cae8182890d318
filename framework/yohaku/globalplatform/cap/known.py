"""Packages that a card may bring with it, and which Java Card version they came with."""

from __future__ import annotations

from typing import Final

FRAMEWORK: Final = bytes.fromhex("A0000000620101")

NAMES: Final = {
    bytes.fromhex(aid): name
    for aid, name in {
        "A0000000620001": "java.lang",
        "A0000000620002": "java.io",
        "A0000000620003": "java.rmi",
        "A0000000620101": "javacard.framework",
        "A000000062010101": "javacard.framework.service",
        "A0000000620102": "javacard.security",
        "A0000000620201": "javacardx.crypto",
        "A0000000620202": "javacardx.biometry",
        "A0000000620203": "javacardx.external",
        "A0000000620204": "javacardx.biometry1toN",
        "A0000000620205": "javacardx.security",
        "A000000062020501": "javacardx.security.cert",
        "A000000062020502": "javacardx.security.derivation",
        "A000000062020503": "javacardx.security.util",
        "A000000062020801": "javacardx.framework.util",
        "A00000006202080101": "javacardx.framework.util.intx",
        "A000000062020802": "javacardx.framework.math",
        "A000000062020803": "javacardx.framework.tlv",
        "A000000062020804": "javacardx.framework.string",
        "A000000062020805": "javacardx.framework.event",
        "A000000062020806": "javacardx.framework.nio",
        "A000000062020807": "javacardx.framework.time",
        "A0000000620209": "javacardx.apdu",
        "A000000062020901": "javacardx.apdu.util",
        "A00000015100": "org.globalplatform",
        "A00000015102": "org.globalplatform.contactless",
        "A00000015103": "org.globalplatform.securechannel",
        "A0000000030000": "visa.openplatform",
    }.items()
}
"""AID to name."""

_JAVA_CARD: Final = (
    (0, "2.1"),
    (2, "2.2.1"),
    (3, "2.2.2"),
    (4, "3.0.1"),
    (5, "3.0.4"),
    (6, "3.0.5"),
    (8, "3.1"),
    (9, "3.2"),
)
"""Minor version of javacard.framework 1.x, and the Java Card version that brought it."""


def java_card(framework_minor: int) -> str:
    """Give the oldest Java Card version whose framework has at least this minor version."""
    return next((name for minor, name in _JAVA_CARD if minor >= framework_minor), "newer than 3.2")
