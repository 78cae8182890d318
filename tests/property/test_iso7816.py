from hypothesis import given
from hypothesis import strategies as st

from yohaku.iso7816 import Atr, AtrError, Command, Response, Tlv, TlvError
from yohaku.iso7816.tlv import parse

BYTE = st.integers(0, 255)
SHORT = st.builds(Command, BYTE, BYTE, BYTE, BYTE, st.binary(max_size=255), st.integers(0, 256))
EXTENDED = st.builds(
    Command, BYTE, BYTE, BYTE, BYTE, st.binary(min_size=256, max_size=2000), st.sampled_from([0, 257, 65536])
)
TAG = st.one_of(
    st.integers(0x01, 0xFF).filter(lambda tag: tag & 0x1F != 0x1F),
    st.integers(0x1F, 0x7F).map(lambda low: 0x5F00 | low),
    st.integers(0x1F, 0x7F).map(lambda low: 0xFF8100 | low),
)
TLV = st.builds(Tlv, TAG, st.binary(max_size=300))


@given(SHORT)
def test_a_short_command_comes_back(command: Command) -> None:
    assert Command.from_bytes(command.to_bytes()) == command


@given(EXTENDED)
def test_an_extended_command_comes_back(command: Command) -> None:
    assert Command.from_bytes(command.to_bytes(extended=True)) == command


@given(st.builds(Response, st.binary(max_size=300), st.integers(0, 0xFFFF)))
def test_a_response_comes_back(response: Response) -> None:
    assert Response.from_bytes(response.to_bytes()) == response


@given(st.lists(TLV, max_size=5))
def test_data_objects_come_back(items: list[Tlv]) -> None:
    assert parse(b"".join(item.to_bytes() for item in items)) == items


@given(st.lists(TLV, min_size=1, max_size=5))
def test_a_constructed_object_keeps_its_members(items: list[Tlv]) -> None:
    parent = Tlv.of(0x6F, *items)
    assert parse(parent.to_bytes())[0].members == items
    assert parent.find(items[0].tag) == items[0]


@given(st.binary(max_size=40))
def test_any_bytes_are_tlv_or_refused_as_such(raw: bytes) -> None:
    try:
        items = parse(raw)
    except TlvError:
        return
    assert sum(len(item.value) for item in items) <= len(raw)


@given(st.binary(max_size=40))
def test_any_bytes_are_an_atr_or_refused_as_such(raw: bytes) -> None:
    try:
        atr = Atr.from_bytes(b"\x3b" + raw)
    except AtrError:
        return
    assert len(atr.historical) == atr.raw[1] & 0x0F
