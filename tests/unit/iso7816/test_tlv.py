import pytest

from yohaku.iso7816 import Tlv, TlvError
from yohaku.iso7816.tlv import find, parse

FCI = bytes.fromhex("6F108408A000000151000000A5049F6501FF")


def test_a_published_fci_is_walked_by_tags() -> None:
    items = parse(FCI)
    assert find(items, 0x6F, 0x84) == Tlv(0x84, bytes.fromhex("A000000151000000"))
    assert find(items, 0x6F, 0xA5, 0x9F65) == Tlv(0x9F65, b"\xff")
    assert find(items, 0x6F, 0xC0) is None
    assert find(items, 0x70) is None
    assert items[0].to_bytes() == FCI


def test_objects_are_built_from_members() -> None:
    built = Tlv.of(0x6F, Tlv(0x84, b"\x01"), Tlv(0x9F70, b""))
    assert built.to_bytes() == bytes.fromhex("6F068401019F7000")
    assert built.is_constructed
    assert not built.members[1].is_constructed


def test_decode_from_gives_the_rest() -> None:
    assert Tlv.decode_from(b"\x84\x01\x07\xff\xff") == (Tlv(0x84, b"\x07"), b"\xff\xff")


@pytest.mark.parametrize("length", ["03", "8103", "820003", "83000003", "8400000003"])
def test_lengths_are_read_in_any_form(length: str) -> None:
    assert parse(bytes.fromhex(f"84{length}010203")) == [Tlv(0x84, b"\x01\x02\x03")]


@pytest.mark.parametrize(("size", "head"), [(0x7F, "847F"), (0x80, "848180"), (0xFF, "8481FF"), (0x100, "84820100")])
def test_lengths_are_written_in_the_shortest(size: int, head: str) -> None:
    assert Tlv(0x84, bytes(size)).to_bytes() == bytes.fromhex(head) + bytes(size)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("840301", "tag 84 says 3 bytes, 1 follow"),
        ("84", "the data ends after the tag 84"),
        ("9F", "the data ends inside the tag 9F"),
        ("9F8182", "the data ends inside the tag 9F8182"),
        ("8480", "length byte 80 after tag 84"),
        ("84850000000001", "length byte 85"),
        ("848201", "length byte 82"),
    ],
)
def test_what_is_no_tlv_is_refused(raw: str, said: str) -> None:
    with pytest.raises(TlvError, match=said):
        parse(bytes.fromhex(raw))
