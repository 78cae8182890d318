"""The persistent side of a security domain, issuer or supplementary: an instance of a program like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.globalplatform.loadfile import Quotas
from yohaku.globalplatform.wire import WireError
from yohaku.iso7816 import Status
from yohaku_emulator.domains.keystore import KeyStore
from yohaku_emulator.domains.state import DATA_SIZE, STATE_SIZE
from yohaku_emulator.errors import StatusError
from yohaku_emulator.runtime import Applet

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.runtime import Context

LOAD_FILE: Final = bytes.fromhex("A0000001515350")
"""AID of the load file that security domains come from; real cards name theirs so (GPCS 2.3.1, H.1.3)."""
MODULE: Final = bytes.fromhex("A000000151535041")
"""AID of its one module."""
KEY_SETS: Final = 4
STATE, KEYS, DATA = 0, 1, 2
"""Numbers of a domain's arrays."""
SIZES: Final = (STATE_SIZE, KeyStore.size(KEY_SETS), DATA_SIZE)
QUOTA_AT: Final = 1
"""Where the memory quota stands in the first array."""


class DomainApplet(Applet):
    """Holds the arrays of a domain; `SecurityDomain` works on them, one object for each selection."""

    @classmethod
    def install(cls, context: Context, parameters: bytes) -> None:
        """Make the arrays, and note how much memory the domain's content may take.

        Raises:
            StatusError: 6A80, the parameters are malformed; 6A84, no room.
        """
        context.allocate(*SIZES)
        try:
            quota = Quotas.from_bytes(parameters).permanent if parameters else None
        except WireError:
            raise StatusError(Status.WRONG_DATA) from None
        context.arrays[STATE].write(QUOTA_AT, (quota or 0).to_bytes(4, "big"))

    @classmethod
    def array_names(cls, context: Context) -> tuple[str, ...]:
        """Name the arrays."""
        del context
        return "state", "keys", "data"

    def __init__(self, context: Context) -> None:
        self.context = context

    def process(self, apdu: Apdu) -> bytes:
        """Refuse: commands go to the `SecurityDomain` of the logical channel."""
        del apdu
        raise StatusError(Status.CONDITIONS)
