"""The declaration: records, files, PINs, keys, rules and applets, and the layout that follows from them."""

from yohaku.schema.access import ALWAYS, NEVER, Condition, Credential, Rule
from yohaku.schema.applet import Applet
from yohaku.schema.bound import BoundKey, BoundPin, BoundRecordFile, BoundTransparentFile, Session
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
from yohaku.schema.descriptor import compile_descriptor, fingerprint, parse_descriptor
from yohaku.schema.layout import AppletLayout, FileLayout, Place, applet_layout, file_layout, record_layout
from yohaku.schema.record import Record, TlvRecord, constant, field, hidden, reserved, reserved_bits

__all__ = [
    "ALWAYS",
    "NEVER",
    "Alphabet",
    "Applet",
    "AppletLayout",
    "BoundKey",
    "BoundPin",
    "BoundRecordFile",
    "BoundTransparentFile",
    "Condition",
    "Credential",
    "CyclicFile",
    "File",
    "FileKind",
    "FileLayout",
    "Key",
    "LinearFile",
    "Pin",
    "Place",
    "Record",
    "RecordFile",
    "Rule",
    "Session",
    "TlvRecord",
    "TransparentFile",
    "applet_layout",
    "compile_descriptor",
    "constant",
    "field",
    "file_layout",
    "fingerprint",
    "hidden",
    "parse_descriptor",
    "record_layout",
    "reserved",
    "reserved_bits",
]
