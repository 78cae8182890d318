"""The declaration: records, files, PINs, keys, rules and applets, and the layout that follows from them.

What no program needs to read and write records is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from yohaku.schema.access import ALWAYS, NEVER, Condition, Credential, Rule
from yohaku.schema.applet import Applet
from yohaku.schema.bound import BoundKey, BoundPin, BoundPurse, BoundRecordFile, BoundTransparentFile, Session
from yohaku.schema.declarations import (
    Alphabet,
    CyclicFile,
    File,
    FileKind,
    Key,
    LinearFile,
    Pin,
    RecordFile,
    TransparentFile,
)
from yohaku.schema.purses import Purse, PurseLimits, PurseLog
from yohaku.schema.record import Record, TlvRecord, constant, field, hidden, reserved, reserved_bits

if TYPE_CHECKING:
    from yohaku.schema.density import AppletDensity, FieldDensity, RecordDensity, applet_density, record_density
    from yohaku.schema.descriptor import compile_descriptor, fingerprint, parse_descriptor
    from yohaku.schema.layout import (
        AppletLayout,
        CredentialLayout,
        FileLayout,
        Place,
        PurseLayout,
        Segment,
        applet_layout,
        file_layout,
        record_layout,
    )
    from yohaku.schema.profiles import Fit, Overhead, card_bytes, fits
    from yohaku.schema.receipts import Booking, PurseState, Receipt, ReceiptError

_HOMES = {
    "yohaku.schema.density": (
        "AppletDensity",
        "FieldDensity",
        "RecordDensity",
        "applet_density",
        "record_density",
    ),
    "yohaku.schema.descriptor": (
        "compile_descriptor",
        "fingerprint",
        "parse_descriptor",
    ),
    "yohaku.schema.layout": (
        "AppletLayout",
        "CredentialLayout",
        "FileLayout",
        "Place",
        "PurseLayout",
        "Segment",
        "applet_layout",
        "file_layout",
        "record_layout",
    ),
    "yohaku.schema.profiles": (
        "Fit",
        "Overhead",
        "card_bytes",
        "fits",
    ),
    "yohaku.schema.receipts": (
        "Booking",
        "PurseState",
        "Receipt",
        "ReceiptError",
    ),
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a name from its home on first use."""
        from importlib import import_module

        for home, names in _HOMES.items():
            if name in names:
                return globals().setdefault(name, getattr(import_module(home), name))
        raise AttributeError(f"module 'yohaku.schema' has no attribute {name!r}")


__all__ = [
    "ALWAYS",
    "NEVER",
    "Alphabet",
    "Applet",
    "AppletDensity",
    "AppletLayout",
    "Booking",
    "BoundKey",
    "BoundPin",
    "BoundPurse",
    "BoundRecordFile",
    "BoundTransparentFile",
    "Condition",
    "Credential",
    "CredentialLayout",
    "CyclicFile",
    "FieldDensity",
    "File",
    "FileKind",
    "FileLayout",
    "Fit",
    "Key",
    "LinearFile",
    "Overhead",
    "Pin",
    "Place",
    "Purse",
    "PurseLayout",
    "PurseLimits",
    "PurseLog",
    "PurseState",
    "Receipt",
    "ReceiptError",
    "Record",
    "RecordDensity",
    "RecordFile",
    "Rule",
    "Segment",
    "Session",
    "TlvRecord",
    "TransparentFile",
    "applet_density",
    "applet_layout",
    "card_bytes",
    "compile_descriptor",
    "constant",
    "field",
    "file_layout",
    "fingerprint",
    "fits",
    "hidden",
    "parse_descriptor",
    "record_density",
    "record_layout",
    "reserved",
    "reserved_bits",
]
