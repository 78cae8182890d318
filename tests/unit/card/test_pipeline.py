"""The quirks of links and cards, on a connection that plays a script: no card at hand has them all."""

from collections.abc import Sequence

import pytest

from yohaku.card.errors import CardError, ProtocolError
from yohaku.card.pipeline import Chaining, Exchange, Recorder, Traffic, build
from yohaku.iso7816 import Command, Response


class Script:
    """Answers commands in the order they were written down, and checks that they come so."""

    def __init__(self, lines: Sequence[tuple[str, str]]) -> None:
        self.lines = list(lines)

    def transmit(self, command: bytes, /) -> bytes:
        expected, answer = self.lines.pop(0)
        assert command.hex().upper() == expected.replace(" ", "")
        return bytes.fromhex(answer)


READ = Command(0x00, 0xB0, 0x81, 0x00, expected=256)


def play(lines: Sequence[tuple[str, str]], command: Command = READ) -> Response:
    script = Script(lines)
    response = build(script).send(command)
    assert not script.lines
    return response


def test_a_plain_answer_passes() -> None:
    assert play([("00B0810000", "01029000")]) == Response(b"\x01\x02", 0x9000)


def test_61xx_is_fetched_until_all_is_there() -> None:
    lines = [("00B0810000", "01 6102"), ("00C0000002", "0203 6101"), ("00C0000001", "04 9000")]
    assert play(lines) == Response(b"\x01\x02\x03\x04", 0x9000)


def test_6100_means_256_bytes() -> None:
    assert play([("00B0810000", "6100"), ("00C0000000", "AA9000")]).data == b"\xaa"


def test_a_warning_at_the_end_of_a_fetch_is_kept() -> None:
    assert play([("00B0810000", "6101"), ("00C0000001", "AA6310")]) == Response(b"\xaa", 0x6310)


@pytest.mark.parametrize(("cla", "fetch"), [(0x80, 0x00), (0x83, 0x03), (0x01, 0x01), (0x4A, 0x4A), (0x14, 0x00)])
def test_get_response_goes_to_the_channel_of_the_command(cla: int, fetch: int) -> None:
    lines = [(f"{cla:02X}B0810000", "6101"), (f"{fetch:02X}C0000001", "AA9000")]
    assert play(lines, Command(cla, 0xB0, 0x81, 0x00, expected=256)).data == b"\xaa"


def test_6cxx_repeats_with_the_length_that_the_card_names() -> None:
    assert play([("00B0810000", "6C02"), ("00B0810002", "01029000")]).data == b"\x01\x02"


def test_6cxx_on_a_fetch_is_repeated_too() -> None:
    lines = [("00B0810000", "6105"), ("00C0000005", "6C01"), ("00C0000001", "AA9000")]
    assert play(lines).data == b"\xaa"


def test_data_announced_without_end_is_an_error() -> None:
    class Endless:
        def transmit(self, _command: bytes, /) -> bytes:
            return b"\x00\x61\x01"

    with pytest.raises(ProtocolError, match="without end"):
        build(Endless()).send(READ)


def test_data_announced_and_not_given_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="without end"):
        play([("00B0810000", "6101"), ("00C0000001", "6101")])


def test_an_answer_without_status_word_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="at least 2 bytes"):
        play([("00B0810000", "90")])


def write(size: int, lines: Sequence[tuple[str, str]], limit: int) -> Response:
    script = Script(lines)
    response = Chaining(build(script), limit).send(Command(0x00, 0xD6, 0x81, 0x00, bytes(size)))
    assert not script.lines
    return response


@pytest.mark.parametrize("size", [1, 255])
def test_short_data_goes_unchained(size: int) -> None:
    assert write(size, [(f"00D68100{size:02X}" + "00" * size, "9000")], 0).status == 0x9000


def test_long_data_goes_in_segments() -> None:
    lines = [("10D68100FF" + "00" * 255, "9000"), ("10D68100FF" + "00" * 255, "9000"), ("00D681000100", "9000")]
    assert write(511, lines, 511).status == 0x9000


def test_a_refused_segment_ends_the_chain() -> None:
    assert write(300, [("10D68100FF" + "00" * 255, "6884")], 511).status == 0x6884


@pytest.mark.parametrize(("size", "limit"), [(256, 0), (512, 511)])
def test_data_over_the_limit_is_not_sent(size: int, limit: int) -> None:
    with pytest.raises(CardError, match=f"takes {max(limit, 255)} bytes in one command, not {size}"):
        write(size, [], limit)


def test_traffic_is_counted_and_shown() -> None:
    recorder = Recorder(Script([("00B0810000", "01026102"), ("00C0000002", "03049000")]))
    seen: list[Exchange] = []
    recorder.observers.append(seen.append)
    before = recorder.traffic.snapshot()
    build(recorder).send(READ)
    assert recorder.traffic - before == Traffic(commands=2, sent=10, received=8)
    assert seen[1] == Exchange(bytes.fromhex("00C0000002"), bytes.fromhex("03049000"))
