"""Whatever bytes come as a CAP file or a load file: they are read, or refused with faults; nothing else happens."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku.globalplatform.cap import CapError, Package, named, read_cap, read_load_file
from yohaku.globalplatform.cap.layouts import Tag
from yohaku.globalplatform.cap.writer import FRAMEWORK, SmallCap, archive

PROVIDER = bytes.fromhex("F059484B00")
suffixes = st.binary(max_size=11)
versions = st.tuples(st.integers(0, 255), st.integers(0, 255))
imports = st.lists(st.builds(Package, st.binary(min_size=5, max_size=16), versions), max_size=5).map(
    lambda found: (*(each for each in {one.aid: one for one in found}.values() if each.aid != FRAMEWORK.aid), FRAMEWORK)
)
formats = st.sampled_from([(1, False), (2, False), (3, False), (3, True)])


@st.composite
def caps(draw):
    minor, extended = draw(formats)
    applets = draw(st.lists(suffixes.map(lambda end: PROVIDER + end), max_size=3, unique=True))
    package = Package(PROVIDER + draw(suffixes), draw(versions))
    return SmallCap(package, tuple(applets), draw(imports), minor, extended, draw(st.integers(0, 300)))


@given(caps())
def test_what_is_written_is_read_back(small):
    if any(each.aid == small.package.aid for each in small.imports):
        return
    cap = read_cap(small.to_bytes())
    assert (cap.identity, cap.is_extended, cap.format) == (small.package, small.extended, (2, small.minor))
    assert tuple(each.aid for each in cap.applets) == small.applets
    assert cap.imports == tuple(named(each.aid, each.version) for each in small.imports)
    assert read_load_file(cap.load_file_data()).imports == cap.imports


@given(caps(), st.data())
def test_damaged_components_raise_nothing_but_cap_errors(small, data):
    parts = small.components()
    tag = data.draw(st.sampled_from(sorted(parts)))
    raw = bytearray(parts[tag])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
        raw = raw or bytearray(1)
    with suppress(CapError):
        read_cap(archive({**parts, tag: bytes(raw)}, extended=small.extended))


@given(st.binary(max_size=200))
def test_any_bytes_raise_nothing_but_cap_errors(data):
    with suppress(CapError):
        read_load_file(data)
    with pytest.raises(CapError):
        read_cap(data)


@given(st.dictionaries(st.sampled_from(list(Tag)), st.binary(max_size=60)))
def test_components_of_any_content_raise_nothing_but_cap_errors(parts):
    with pytest.raises(CapError):
        read_cap(archive(parts))
