"""From field types to bytes, values and JSON and back: strict, with every fault and its path; no files, no cards."""

from yohaku.codec.cache import use_cache
from yohaku.codec.compiler import Compiled, codec_for, source_of
from yohaku.codec.fieldtype import BitField, FieldType, FixedField, Hidden, Json, Refused
from yohaku.codec.foreign import Foreign
from yohaku.codec.interpreter import Codec, Interpreter
from yohaku.codec.links import Dependent, Derivation, FromBytes, FromSizes, FromValues, derived
from yohaku.codec.sequence import MISSING, Item, Sequence
from yohaku.codec.views import Rows, Span, changed_span, difference, rows_of

__all__ = [
    "MISSING",
    "BitField",
    "Codec",
    "Compiled",
    "Dependent",
    "Derivation",
    "FieldType",
    "FixedField",
    "Foreign",
    "FromBytes",
    "FromSizes",
    "FromValues",
    "Hidden",
    "Interpreter",
    "Item",
    "Json",
    "Refused",
    "Rows",
    "Sequence",
    "Span",
    "changed_span",
    "codec_for",
    "derived",
    "difference",
    "rows_of",
    "source_of",
    "use_cache",
]
