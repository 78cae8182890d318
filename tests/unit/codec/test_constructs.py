"""construct is imported when a program uses it, and field types are constructs from then on."""

import subprocess
import sys

import construct as cs
import pytest

from yohaku.codec.constructs import is_construct
from yohaku.fields import Text

APPLET = """
import sys
from pathlib import Path
from yohaku.codec import use_cache
assert use_cache(Path(sys.argv[1]))
from yohaku_applets.library_card import LibraryCard
record = next(iter(LibraryCard.files().values())).record
assert record.decode(record.example().encode()) == record.example()
print(len(list(Path(sys.argv[1]).iterdir())), *(name for name in sys.modules if name.partition(".")[0] == "construct"))
"""
USES = {
    "a name": '"a" / UInt(8)',
    "a repeat": "UInt(8)[2]",
    "a note behind": 'UInt(8) * "note"',
    "a note before": '"note" * UInt(8)',
    "a struct": "UInt(8) + UInt(8)",
    "a sequence": "UInt(8) >> UInt(8)",
    "a parse": 'UInt(8).parse(b"1")',
    "a size": "UInt(8).sizeof()",
}
LATER = """
import sys
from yohaku.fields import UInt
early = UInt(8)
assert "construct" not in sys.modules
assert getattr(early, "nothing", None) is None and repr(early) == "<UInt>"
assert "construct" not in sys.modules
"""


def run(code: str, *arguments: str) -> str:
    return subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True).stdout


def test_decoding_from_the_cache_does_not_import_construct(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = str(tmp_path_factory.mktemp("codecs") / "cache")
    first, second = run(APPLET, folder).split(), run(APPLET, folder).split()
    assert first == second
    assert len(first) == 1
    assert int(first[0]) >= 2


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_using_a_field_type_as_a_construct_imports_construct(use: str) -> None:
    run(LATER + use + '\nassert "construct" in sys.modules')


def test_field_types_made_before_construct_stand_in_constructs() -> None:
    code = """
import construct as cs
assert isinstance(early, cs.Construct) and UInt.__mro__.count(cs.Construct) == 1
assert cs.Array(2, early).parse(bytes((1, 2))) == [1, 2]
assert type(cs.__spec__.loader) is type(cs.core.__spec__.loader) is type(cs.__loader__)
assert not [finder for finder in sys.meta_path if type(finder).__module__.startswith("yohaku.codec")]
"""
    run(LATER + code)


def test_what_is_a_construct() -> None:
    assert is_construct(cs.Byte)
    assert is_construct(Text(4))
    assert not is_construct(Text)
    assert not is_construct(8)
