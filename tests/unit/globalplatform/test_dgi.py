from hypothesis import given
from hypothesis import strategies as st

from yohaku.globalplatform.dgi import file_content, pack
from yohaku.globalplatform.wire import Dgi, parse_dgis


def placed(blocks: list[bytes], size: int) -> bytes:
    """What a transparent file holds after the blocks."""
    content = bytearray(size)
    for item in (item for block in blocks for item in parse_dgis(block)):
        at = int.from_bytes(item.data[:2], "big")
        content[at : at + len(item.data) - 2] = item.data[2:]
    return bytes(content)


def test_there_is_always_a_block() -> None:
    assert pack([]) == [b""]


def test_small_groupings_share_a_block() -> None:
    items = [Dgi(0x0101, b"1234"), Dgi(0x0201, bytes(16)), Dgi(0x0401, b"\x01" * 16)]
    assert [parse_dgis(block) for block in pack(items)] == [items]


def test_a_block_is_filled_to_the_last_byte_and_no_further() -> None:
    assert [len(block) for block in pack([Dgi(0x0401, bytes(97)), Dgi(0x0402, bytes(152))])] == [255]
    assert [len(block) for block in pack([Dgi(0x0401, bytes(97)), Dgi(0x0402, bytes(153))])] == [100, 156]


def test_a_record_does_not_overtake_those_before_it() -> None:
    items = [Dgi(0x0401, bytes(200)), Dgi(0x0401, bytes(100)), Dgi(0x0401, bytes(10)), Dgi(0x0402, bytes(10))]
    assert [parse_dgis(block) for block in pack(items)] == [[items[0], items[3]], items[1:3]]


def test_a_long_file_is_cut_to_the_room_there_is() -> None:
    content = bytes(range(1, 251)) * 2
    blocks = pack([Dgi(0x0401, bytes(200)), Dgi(0x0101, b"1234"), *file_content(2, content)])
    assert [len(block) for block in blocks] == [255, 255, 215]
    file_blocks = [b"".join(i.to_bytes() for i in parse_dgis(b) if i.tag == 0x0302) for b in blocks]
    assert placed(file_blocks, len(content)) == content


def test_runs_of_zeros_do_not_travel() -> None:
    content = b"\x01" + bytes(5) + b"\x02" + bytes(6) + b"\x03" + bytes(100)
    assert list(file_content(1, content)) == [
        Dgi(0x0301, b"\x00\x00\x01\x00\x00\x00\x00\x00\x02"),
        Dgi(0x0301, b"\x00\x0d\x03"),
    ]
    assert not list(file_content(1, bytes(100)))


def test_a_digest_ends_the_last_block() -> None:
    digest = Dgi(0x0600, bytes(8))
    items = [digest, Dgi(0x0401, bytes(100)), *file_content(2, bytes(range(1, 136)))]
    assert [len(block) for block in pack(items)] == [103 + 140 + 11]
    assert pack(items)[-1].endswith(digest.to_bytes())
    assert [len(block) for block in pack([digest, Dgi(0x0401, bytes(242))])] == [245, 11]
    assert pack([digest]) == [digest.to_bytes()]


@given(st.lists(st.one_of(st.binary(max_size=20), st.integers(1, 30).map(bytes)), max_size=20).map(b"".join))
def test_what_is_packed_is_the_file(content: bytes) -> None:
    assert placed(pack(file_content(7, content)), len(content)) == content


@given(st.lists(st.tuples(st.sampled_from([0x0101, 0x0402, 0x0403]), st.binary(max_size=250)), max_size=30))
def test_groupings_of_one_identifier_keep_their_order_and_no_block_is_too_long(items: list[tuple[int, bytes]]) -> None:
    dgis = [Dgi(tag, data) for tag, data in items]
    blocks = pack(dgis)
    out = [item for block in blocks for item in parse_dgis(block)]
    assert max(map(len, blocks)) <= 255
    for tag in {tag for tag, _ in items}:
        assert [i for i in out if i.tag == tag] == [i for i in dgis if i.tag == tag]
