import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from yohaku.globalplatform.cap import CapError, Package, read_cap, read_load_file
from yohaku.globalplatform.cap.layouts import LOAD_ORDER, Tag
from yohaku.globalplatform.cap.model import component
from yohaku.globalplatform.cap.writer import FRAMEWORK, JAVA_LANG, SmallCap, archive

PACKAGE = Package(bytes.fromhex("F05948000102"), (1, 2))
MODULE = PACKAGE.aid + b"\x01"
FORMATS = [(1, False), (2, False), (3, False), (3, True)]
formats = pytest.mark.parametrize(("minor", "extended"), FORMATS, ids=["2.1", "2.2", "2.3", "2.3 extended"])


def small(minor=2, *, extended=False, **changes):
    values = {"package": PACKAGE, "applets": (MODULE,), "minor": minor, "extended": extended, **changes}
    return SmallCap(**values)


@formats
def test_every_format_is_read(minor, extended):
    cap = read_cap(small(minor, extended=extended, bulk=30).to_bytes())
    assert (cap.format, cap.is_extended) == ((2, minor), extended)
    assert (cap.identity, cap.packages) == (PACKAGE, (PACKAGE,))
    assert [applet.aid for applet in cap.applets] == [MODULE]
    assert [each.name for each in cap.imports] == ["java.lang", "javacard.framework"]
    assert cap.java_card == "2.1"
    assert cap.classes == (None if extended else 1)
    assert [method.bytecodes for method in cap.methods] == ([] if extended else [31])


@formats
def test_load_file_holds_the_components_in_load_order_and_is_read_back(minor, extended):
    built = small(minor, extended=extended)
    cap = read_cap(built.to_bytes())
    parts = built.components()
    order = [tag for tag in LOAD_ORDER if tag in parts and tag != Tag.DESCRIPTOR]
    data = b"".join(component(tag, parts[tag], extended=extended) for tag in order)
    assert cap.load_file_data() == data
    assert cap.data_hash("sha1") == hashlib.sha1(data, usedforsecurity=False).digest()
    assert read_load_file(data).imports == cap.imports
    assert cap.load_file_data(descriptor=True) == data + component(
        Tag.DESCRIPTOR, parts[Tag.DESCRIPTOR], extended=extended
    )


def test_a_library_has_no_applets():
    cap = read_cap(small(applets=()).to_bytes())
    assert cap.applets == ()
    assert cap.flags == 0


def test_json_tells_what_the_file_needs():
    told = read_cap(small(3, extended=True).to_bytes()).to_json()
    assert told["needs"] == {"java_card": "2.1", "int": False, "extended": True}
    assert json.loads(json.dumps(told)) == told


def test_a_converters_own_load_file_is_read():
    vectors = json.loads((Path(__file__).parents[3] / "interop" / "data" / "scp_vectors.json").read_text())["vectors"]
    session = next(v for v in vectors if v["id"] == "kaoh-scp02-i15-delete-load-install-enc")
    commands = [bytes.fromhex(e["plain_command"]) for e in session["exchanges"]]
    load_file = b"".join(command[5 : 5 + command[4]] for command in commands if command[1] == 0xE8)
    assert load_file[:4].hex() == "c4820157"
    cap = read_load_file(load_file[4:])
    assert cap.identity.aid.hex() == "d0d1d2d3d4d501"
    assert [applet.aid.hex() for applet in cap.applets] == ["d0d1d2d3d4d50101"]
    assert (cap.statics.arrays, cap.statics.array_bytes, len(cap.methods)) == (1, 12, 3)
    assert read_cap(archive(dict(cap.components))).methods == cap.methods


def test_file_names_may_have_any_case_folder_and_order():
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(small().to_bytes())) as original, zipfile.ZipFile(out, "w") as changed:
        changed.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n")
        for name in reversed(original.namelist()):
            changed.writestr("COM/EXAMPLE/" + name.rsplit("/", 1)[1].upper(), original.read(name))
    assert read_cap(out.getvalue()).load_file_data() == read_cap(small().to_bytes()).load_file_data()


@pytest.mark.parametrize(
    ("available", "missing"),
    [
        ([JAVA_LANG, FRAMEWORK], []),
        ([JAVA_LANG, Package(FRAMEWORK.aid, (1, 6))], []),
        ([JAVA_LANG, Package(FRAMEWORK.aid, (2, 0))], ["javacard.framework"]),
        ([Package(JAVA_LANG.aid, (0, 9))], ["java.lang", "javacard.framework"]),
    ],
)
def test_an_import_needs_the_same_major_and_at_least_the_minor_version(available, missing):
    assert [each.name for each in read_cap(small().to_bytes()).missing(available)] == missing


def faults_of(components, *, extended=False):
    with pytest.raises(CapError) as caught:
        read_cap(archive(components, extended=extended))
    return [str(fault) for fault in caught.value.faults]


def changed(tag, edit, **options):
    parts = small(**options).components()
    parts[tag] = edit(parts[tag])
    return parts


def put(offset, value):
    return lambda info: info[:offset] + value + info[offset + len(value) :]


@pytest.mark.parametrize(
    "tag",
    [
        Tag.DIRECTORY,
        Tag.IMPORT,
        Tag.CONSTANT_POOL,
        Tag.CLASS,
        Tag.METHOD,
        Tag.STATIC_FIELD,
        Tag.REFERENCE_LOCATION,
        Tag.DESCRIPTOR,
    ],
)
def test_a_missing_component_is_named(tag):
    parts = small().components()
    del parts[tag]
    assert any("is missing" in fault for fault in faults_of(parts))


@formats
def test_every_truncated_component_is_refused(minor, extended):
    whole = small(minor, extended=extended).components()
    for tag in whole:
        for size in range(len(whole[tag])):
            assert faults_of({**whole, tag: whole[tag][:size]}, extended=extended)


@formats
def test_every_truncated_load_file_is_refused(minor, extended):
    data = read_cap(small(minor, extended=extended).to_bytes()).load_file_data()
    for size in range(len(data)):
        with pytest.raises(CapError):
            read_load_file(data[:size])


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (changed(Tag.HEADER, put(0, b"\xca\xfe")), "magic is not DECAFFED @ $.Header.magic"),
        (changed(Tag.HEADER, put(4, b"\x04")), "has CAP format 2.4"),
        (changed(Tag.HEADER, put(6, b"\x00")), "flags does not announce Applet, which is there"),
        (changed(Tag.HEADER, put(6, b"\x06")), "flags announces Export, which is missing"),
        (changed(Tag.DIRECTORY, put(12, b"\x01")), "Method is 260, the component has 4 bytes"),
        (changed(Tag.DIRECTORY, put(30, b"\x05")), "import_count is 5, Import says 2"),
        (changed(Tag.DIRECTORY, put(31, b"\x05")), "applet_count is 5, Applet says 1"),
        (changed(Tag.APPLET, put(2, b"\xf1")), "is of another provider than the package"),
        (changed(Tag.APPLET, put(10, b"\x09")), "install_offset is 9, methods are at 1 to 3"),
        (changed(Tag.APPLET, put(9, b"\x00\x00")), "install_offset is 0"),
        (changed(Tag.IMPORT, put(19, b"\x00\x01")), "is there twice @ $.Import.packages[1]"),
        (changed(Tag.CONSTANT_POOL, put(3, b"\x82")), "is of package 2, 2 are imported"),
        (changed(Tag.CONSTANT_POOL, put(2, b"\x07")), "has tag 7, constants have 1 to 6"),
        (changed(Tag.CONSTANT_POOL, put(2, b"\x01\x00\x0c")), "points at byte 12 of Class, which has 12"),
        (changed(Tag.CONSTANT_POOL, put(2, b"\x06\x00\x01\x00")), "points at byte 256 of Method"),
        (changed(Tag.STATIC_FIELD, put(1, b"\x03")), "image_size is 3, its parts make 0"),
        (changed(Tag.REFERENCE_LOCATION, lambda _: b"\x00\x01\x09\x00\x00"), "bytes reaches byte 9 of Method"),
        (changed(Tag.DESCRIPTOR, put(17, b"\x09")), "reaches behind Method"),
        (changed(Tag.CLASS, lambda info: info + b"\x01"), "Class is followed by bytes that belong to nothing"),
    ],
)
def test_a_contradiction_is_told(parts, words):
    assert any(words in fault for fault in faults_of(parts)), faults_of(parts)


def test_all_faults_are_told_at_once():
    parts = small().components()
    parts[Tag.APPLET] = put(2, b"\xf1")(parts[Tag.APPLET])
    parts[Tag.STATIC_FIELD] = put(1, b"\x03")(parts[Tag.STATIC_FIELD])
    parts[Tag.IMPORT] = parts[Tag.IMPORT][:-1]
    del parts[Tag.METHOD]
    told = "\n".join(faults_of(parts))
    for name in ("$.Applet.applets[0].aid", "$.StaticField.image_size", "$.Import", "$.Method"):
        assert name in told


def test_an_applet_is_named_once_and_aids_have_five_to_sixteen_bytes():
    assert any("is there twice" in fault for fault in faults_of(small(applets=(MODULE, MODULE)).components()))
    long = small(applets=(PACKAGE.aid[:5] + bytes(12),)).components()
    assert any("has 17 bytes, an AID has 5 to 16" in fault for fault in faults_of(long))


def test_a_file_does_not_import_itself():
    parts = small(imports=(PACKAGE, FRAMEWORK)).components()
    assert any("is in this very file" in fault for fault in faults_of(parts))


def test_a_component_file_says_its_own_tag_and_size():
    def rewritten(edit):
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(small().to_bytes())) as original, zipfile.ZipFile(out, "w") as packed:
            for name in original.namelist():
                raw = original.read(name)
                packed.writestr(name, edit(raw) if "Method" in name else raw)
        with pytest.raises(CapError) as caught:
            read_cap(out.getvalue())
        return str(caught.value)

    assert "does not start with tag 7" in rewritten(lambda raw: b"\x08" + raw[1:])
    assert "says 4 bytes, the file has 5" in rewritten(lambda raw: raw + b"\x00")


def block(*tags):
    parts = small().components()
    return b"".join(component(tag, parts[tag], extended=False) for tag in tags)


def test_load_files_keep_the_order_of_the_standard():
    order = [tag for tag in LOAD_ORDER if tag in small().components()]
    swapped = [Tag.IMPORT if tag == Tag.APPLET else Tag.APPLET if tag == Tag.IMPORT else tag for tag in order]
    with pytest.raises(CapError, match="Applet comes where Import must come"):
        read_load_file(block(*swapped))
    with pytest.raises(CapError, match="Import is there twice"):
        read_load_file(block(*order, Tag.IMPORT))
    with pytest.raises(CapError, match="must not be loaded"):
        read_load_file(block(*order) + b"\x0c\x00\x01\x00")


@pytest.mark.parametrize("tag", [0, 14, 127])
def test_reserved_component_tags_are_refused_custom_ones_are_taken(tag):
    sound = block(*(tag for tag in LOAD_ORDER if tag in small().components()))
    with pytest.raises(CapError, match=rf"has a reserved tag.* \$.component {tag}"):
        read_load_file(sound + bytes((tag, 0, 1, 0)))
    assert read_load_file(sound + bytes((128, 0, 1, 0))).components[128] == b"\0"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no archive at all", archive({})])
def test_what_is_no_cap_file_is_refused(data):
    with pytest.raises(CapError):
        read_cap(data)


def test_an_archive_whose_files_would_start_before_its_first_byte_is_refused():
    raw = bytearray(small().to_bytes())
    raw[-6:-2] = (int.from_bytes(raw[-6:-2], "little") + 0x3000).to_bytes(4, "little")
    with pytest.raises(CapError, match="no intact archive"):
        read_cap(bytes(raw))


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_of_another_compression_is_refused_unread(method):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as file:
        file.writestr("javacard/Header.cap", b"\x01\0\0")
    raw = packed.getvalue()
    with pytest.raises(CapError, match="JAR files do not use"):
        read_cap(raw[:50] + bytes(8) + raw[58:])


def test_damaged_archives_are_refused_and_bombs_are_not_unpacked():
    raw = bytearray(small().to_bytes())
    raw[60] ^= 0xFF
    with pytest.raises(CapError, match="no intact archive"):
        read_cap(bytes(raw))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a/Header.cap", bytes((1 << 24) + 1))
    with pytest.raises(CapError, match="unpacks to more than"):
        read_cap(out.getvalue())
