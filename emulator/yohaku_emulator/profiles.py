"""What kinds of card there are to emulate, as data.

No figure here is an official capacity: the size of a real card's free area is not published, so ``free_bytes`` is
what this emulator grants, and the defaults are modest on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from yohaku.errors import UnknownNameError
from yohaku.globalplatform.cap import Package, named
from yohaku.globalplatform.capabilities import Capabilities
from yohaku.globalplatform.keys import TEST_KEY, KeySet
from yohaku.globalplatform.wire import CardData
from yohaku.iso7816 import Status
from yohaku.iso7816.tlv import Tlv
from yohaku_emulator.answer_to_reset import answer_to_reset
from yohaku_emulator.domains.applet import SIZES
from yohaku_emulator.domains.authority import FOR_APPLICATIONS, GRANTED
from yohaku_emulator.layout import Layout
from yohaku_emulator.store import CHECK

if TYPE_CHECKING:
    from collections.abc import Mapping

ISSUER_DOMAIN: Final = bytes.fromhex("A000000151000000")
"""AID of the issuer security domain (GlobalPlatform Card Specification 2.3.1, H.1.3)."""

ISSUER_PRIVILEGES: Final = bytes.fromhex("9EFE80")
"""What an issuer security domain may do (6.6.2)."""
SCP02, SCP03 = (2, 0x55), (3, 0x70)
"""Secure channel protocols with their options byte i: both with a pseudo-random challenge, SCP03 with all it has."""
KEY_VERSIONS: Final = {2: 0x20, 3: 0x30}
"""Key version number of a fresh card's keys, by protocol; the ranges are those that cards in the field use."""
JAVA_CARD_304: Final = tuple(
    named(bytes.fromhex(aid), (1, minor))
    for aid, minor in (
        ("A0000000620001", 0),
        ("A0000000620101", 5),
        ("A0000000620102", 5),
        ("A0000000620201", 5),
        ("A0000000620209", 0),
    )
)
"""Packages that a Java Card 3.0.4 brings and applets import."""
_PRODUCTION_DATA: Final = bytes.fromhex("59484B00") + bytes(38)
"""Card production life cycle data of 42 bytes: fabricator "YH", nothing else filled in."""


@dataclass(frozen=True, slots=True)
class Resident:
    """An application that is on the card before anybody loads one; it answers SELECT and nothing else.

    Attributes:
        aid: its AID.
        size: bytes of the free area that it takes; 0 for one that lives outside it.
    """

    aid: bytes
    size: int = 0


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of card.

    Attributes:
        name: how a card URL and an image file call it.
        free_bytes: about how much a fresh card grants to applications; whole pages of it count.
        page: bytes in a page of the memory.
        write_unit: bytes that the chip programs at once.
        endurance: writes that a page survives.
        commit_pages: pages that one transaction can change.
        slots: most applications, load files and supplementary security domains together.
        transient_bytes: volatile memory for applications.
        channels: logical channels, the basic one included (1 to 20).
        chain_bytes: most data in a chain of UPDATE BINARY commands; 0 for a card without chaining.
        longest_command: bytes of the longest extended command APDU that applications take; 0 for short ones alone.
        longest_response: bytes of the longest response APDU to one.
        protocols: transmission protocols that the ATR offers; the card speaks the first: 0 or 1.
        block: most bytes of an APDU in one block on the link: the IFSC of T=1, which the ATR states.
        blocked: status word with which applications refuse a blocked PIN or key.
        management: "secure" wants a secure channel for content management; "open" lets anybody install and delete,
            "closed" nobody.
        channel: secure channel protocol, 2 or 3, and its options byte i.
        keys: static keys of the issuer security domain; the published test keys unless said otherwise.
        key_tries: failed authentications in a row that block a security domain for good; 0 for no limit.
        key_delay: seconds that a security domain refuses to authenticate after a failure, doubled with each further
            one; 0 for no wait.
        command_us: microseconds that a command takes apart from its bytes on the link; assumed, for estimates.
        page_us: microseconds that a page written takes; assumed, for estimates.
        packages: what a load file may import.
        objects: what GET DATA of the issuer security domain answers, tag to value.
        residents: applications that are there from the start.
        own_atr: the answer to reset of a card seen in the field; otherwise it is made of the figures above.
    """

    name: str
    free_bytes: int
    page: int = 128
    write_unit: int = 4
    endurance: int = 500_000
    commit_pages: int = 20
    slots: int = 16
    transient_bytes: int = 2048
    channels: int = 4
    chain_bytes: int = 512
    longest_command: int = 0
    longest_response: int = 0
    protocols: tuple[int, ...] = (1,)
    block: int = 254
    blocked: int = Status.BLOCKED
    management: Literal["open", "secure", "closed"] = "secure"
    channel: tuple[int, int] = SCP03
    keys: KeySet = field(default_factory=lambda: KeySet.single(TEST_KEY), repr=False)
    key_tries: int = 0
    key_delay: float = 0.0
    command_us: float = 2_000.0
    page_us: float = 3_000.0
    packages: tuple[Package, ...] = JAVA_CARD_304
    objects: Mapping[int, bytes] = field(default_factory=dict)
    residents: tuple[Resident, ...] = ()
    own_atr: bytes = b""

    @property
    def atr(self) -> bytes:
        """Answer to reset: that of a card seen in the field, or one that states what this profile can."""
        return self.own_atr or answer_to_reset(self)

    @property
    def layout(self) -> Layout:
        """Return where things stand in this card's memory."""
        pages = self.free_bytes // (self.page - CHECK) + self._pages(*SIZES)
        pages += sum(self._pages(one.size) for one in self.residents if one.size)
        return Layout(self.page, self.slots + 1, pages, self.commit_pages)

    def _pages(self, *sizes: int) -> int:
        """Count the pages that arrays of these sizes take with their directory."""
        return -(-(1 + 2 * len(sizes) + sum(sizes)) // (self.page - CHECK))


def _objects(*, channel: tuple[int, int] = SCP03, **more: bytes) -> Mapping[int, bytes]:
    recognition = Tlv.decode_from(CardData((2, 3, 1), (channel,)).to_bytes())[0].value
    common = {
        0x0042: b"YOHAKU",
        0x0045: b"\x00\x00\x00\x01",
        0x0066: recognition,
        0x0067: _capabilities(channel),
        0x9F7F: _PRODUCTION_DATA,
    }
    return MappingProxyType(common | {int(tag.removeprefix("x"), 16): value for tag, value in more.items()})


def _capabilities(channel: tuple[int, int]) -> bytes:
    """Write what the card can do, without the outer tag (H.4)."""
    protocol, options = channel
    sizes = (16,) if channel == SCP02 else (16, 24, 32)
    told = Capabilities(
        ((protocol, (options,), sizes),), GRANTED, GRANTED & FOR_APPLICATIONS, ("sha1", "sha256", "sha384", "sha512")
    )
    return Tlv.decode_from(told.to_bytes())[0].value


GENERIC: Final = Profile("generic", free_bytes=32 * 1024, objects=_objects())
OPEN: Final = replace(GENERIC, name="open", management="open")
"""The generic card before its issuer closed it: anybody may install and delete, in clear."""
SCP02_CARD: Final = replace(GENERIC, name="scp02", channel=SCP02, objects=_objects(channel=SCP02))
"""The generic card with the older secure channel, as many cards in use have it."""
EXTENDED: Final = replace(
    GENERIC, name="extended", free_bytes=64 * 1024, channels=20, longest_command=2_057, longest_response=2_050
)
"""A larger card, with extended APDUs of 2,048 bytes of data each way and all twenty channels."""
T0_CARD: Final = replace(GENERIC, name="t0", protocols=(0,))
"""The generic card behind contacts with T=0: answers to data wait for GET RESPONSE, lengths are corrected with 6Cxx."""
JICSAP: Final = replace(GENERIC, name="jicsap", blocked=Status.REFERENCE_UNUSABLE)
"""The generic card with the status words of JICSAP's specification: 63C0 for the wrong value that blocks, then 6984."""
SMALL: Final = Profile(
    "small",
    free_bytes=2 * 1024,
    page=64,
    commit_pages=28,
    slots=4,
    transient_bytes=768,
    channels=1,
    block=32,
    objects=_objects(),
)
MY_NUMBER: Final = Profile(
    "my-number",
    own_atr=bytes.fromhex("3BDA13FF8131FB468012392F31C173C601C03B"),
    free_bytes=12 * 1024,
    channels=1,
    key_tries=10,
    objects=_objects(x00F0=b"13221"),
    residents=(
        Resident(bytes.fromhex("D392F000260100000001")),
        Resident(bytes.fromhex("D3921000310001010402")),
        Resident(bytes.fromhex("D3921000310001010408")),
        Resident(bytes.fromhex("D3921000310001010401")),
        Resident(bytes.fromhex("D3921000310001010100")),
        Resident(bytes.fromhex("A0000002310600000000000000000000"), size=3 * 1024),
    ),
)
"""A My Number card as an integrator meets it since 2025: the basic applications and a licence application are there.

The ATR is that of a contact card seen in the field, the AIDs are public; sizes are this emulator's own.
"""

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {one.name: one for one in (GENERIC, EXTENDED, JICSAP, MY_NUMBER, OPEN, SCP02_CARD, SMALL, T0_CARD)}
)
"""Every profile by its name."""


def find_profile(name: str) -> Profile:
    """Return the profile of that name.

    Raises:
        UnknownNameError: there is none; the message lists those that exist.
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise UnknownNameError("card profile", name, PROFILES) from None
