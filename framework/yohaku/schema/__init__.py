"""The declaration: records, files, PINs, keys, rules and applets, and the layout that follows from them."""

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
from yohaku.schema.density import AppletDensity, FieldDensity, RecordDensity, applet_density, record_density
from yohaku.schema.descriptor import compile_descriptor, fingerprint, parse_descriptor
from yohaku.schema.layout import (
    AppletLayout,
    CredentialLayout,
    FileLayout,
    Place,
    Segment,
    applet_layout,
    file_layout,
    record_layout,
)
from yohaku.schema.profiles import Fit, Overhead, card_bytes, fits
from yohaku.schema.purses import Purse, PurseLimits, PurseLog
from yohaku.schema.receipts import Booking, Receipt, ReceiptError
from yohaku.schema.record import Record, TlvRecord, constant, field, hidden, reserved, reserved_bits

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
    "PurseLimits",
    "PurseLog",
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
