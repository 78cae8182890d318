"""Transparent files on the emulated card: what is read, what travels, what a card refuses."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku import ALWAYS, NEVER, Applet, Key, Record, TransparentFile, field
from yohaku.card import AccessDeniedError, AppletSession, Card, EmptyFileError, Exchange, Secrets
from yohaku.card.content import changed_runs
from yohaku.codec import difference
from yohaku.errors import DecodeError, EncodeError
from yohaku.fields import Blob, Prefixed, Text, UInt
from yohaku.globalplatform import load_applet
from yohaku_emulator.card import EmulatedCard
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.profiles import GENERIC


class Small(Record):
    first: int = field(UInt(8, least=1))
    second: int = field(UInt(8))
    third: int = field(UInt(32))


class Large(Record):
    head: int = field(UInt(8))
    body: bytes = field(Blob(698))
    tail: int = field(UInt(8))


class Loose(Record):
    text: str = field(Prefixed(UInt(8), Text(40, "utf-8", padded=False)))


class Files(Applet, aid="F0 59 48 4B 54 01"):
    """試験"""

    master = Key()
    small = TransparentFile(Small, read=ALWAYS, update=ALWAYS)
    large = TransparentFile(Large, read=ALWAYS, update=ALWAYS)
    loose = TransparentFile(Loose, read=ALWAYS, update=ALWAYS, size=32)
    locked = TransparentFile(Small, read=NEVER, update=master)
    blind = TransparentFile(Small, read=master, update=ALWAYS)


SMALL = Small(first=1, second=2, third=3)
LARGE = Large(head=1, body=bytes(range(1, 233)) * 3 + b"\xff\xff", tail=2)


class Log:
    """The commands on the link since the last look."""

    def __init__(self, card: Card) -> None:
        self._seen: list[Exchange] = []
        card.observers.append(self._seen.append)

    def take(self) -> list[str]:
        taken = [exchange.command.hex().upper() for exchange in self._seen]
        self._seen.clear()
        return taken


@pytest.fixture(params=[512, 0], ids=["chaining", "no chaining"])
def card(request: pytest.FixtureRequest) -> Iterator[Card]:
    emulated = EmulatedCard(replace(GENERIC, chain_bytes=request.param))
    with Card(EmulatorLink(emulated, "emulator:")) as made:
        load_applet(made, Files, secrets=Secrets.for_tests(Files), contents={"small": SMALL, "large": LARGE})
        yield made


@pytest.fixture
def files(card: Card) -> Files:
    return card.open(Files)


@pytest.fixture
def log(card: Card, files: Files) -> Log:
    assert files.session
    return Log(card)


def test_a_small_file_is_one_command(files: Files, log: Log) -> None:
    assert files.small.read() == SMALL
    assert log.take() == ["00B0810006"]


def test_a_large_file_is_read_with_256_bytes_a_command(files: Files, log: Log) -> None:
    assert files.large.read() == LARGE
    assert log.take() == ["00B0820000", "00B0010000", "00B00200BC"]


def test_nothing_travels_when_nothing_differs(files: Files, log: Log) -> None:
    files.small.write(SMALL)
    assert files.small.update(second=2) == SMALL
    assert log.take() == ["00B0810006"]


def test_only_the_changed_span_travels(files: Files, log: Log) -> None:
    assert files.small.update(third=0x01020304) == SMALL.replace(third=0x01020304)
    assert log.take()[1:] == ["00D681020401020304"]
    files.small.write(Small(first=9, second=2, third=0x01020304))
    assert log.take() == ["00D681000109"], "what is there is known since the first change"
    assert files.small.read() == Small(first=9, second=2, third=0x01020304)


def test_far_offsets_use_the_current_file(files: Files, log: Log) -> None:
    files.large.update(tail=7)
    assert log.take()[3:] == ["00D602BB0107"]
    assert files.large.read().tail == 7


def test_a_far_change_of_what_is_known_reaches_its_own_file(card: Card, files: Files, log: Log) -> None:
    files.large.read()
    files.small.read()
    log.take()
    files.large.update(tail=8)
    assert log.take() == ["00A4020C020002", "00D602BB0108"]
    files.large.update(tail=9)
    assert log.take() == ["00D602BB0109"]
    assert card.open(Files).large.read() == LARGE.replace(tail=9)


def test_raw_commands_end_what_is_known(card: Card, files: Files, log: Log) -> None:
    files.small.read()
    card.transmit(bytes.fromhex("00D681000109"))
    log.take()
    files.small.update(first=1)
    assert log.take() == ["00B0810006", "00D681000101"]
    assert files.small.read() == SMALL


def test_a_read_always_reads(files: Files, log: Log) -> None:
    files.small.read()
    files.small.read()
    assert log.take() == ["00B0810006"] * 2


def test_a_span_over_255_bytes_is_one_chain_where_the_card_chains(card: Card, files: Files, log: Log) -> None:
    body = bytearray(LARGE.body)
    body[10], body[310] = 0, 0
    files.large.update(body=bytes(body))
    written = [command for command in log.take() if command[2:4] == "D6"]
    if AppletSession.of(files).selection.longest_data == 512:
        assert [command[:10] for command in written] == ["10D6820BFF", "00D6820B2E"]
    else:
        assert written == ["00D6820B0100", "00D601370100"]
    assert card.open(Files).large.read().body == bytes(body)


def test_a_span_over_every_limit_goes_as_the_runs_that_changed(card: Card, files: Files, log: Log) -> None:
    changed = LARGE.replace(head=9, tail=9)
    files.large.write(changed)
    assert [command for command in log.take() if command[2:4] == "D6"] == ["00D682000109", "00D602BB0109"]
    assert card.open(Files).large.read() == changed


def test_all_of_a_large_file_is_written(card: Card, files: Files) -> None:
    other = Large(head=0, body=bytes(byte ^ 0xFF for byte in LARGE.body), tail=0)
    files.large.write(other)
    assert card.open(Files).large.read() == other


def test_a_shorter_record_is_padded_with_zeros(files: Files) -> None:
    files.loose.write(Loose(text="a longer text"))
    files.loose.write(Loose(text="short"))
    assert AppletSession.of(files).transparent(Files.loose).read_bytes() == b"\x05short".ljust(32, b"\x00")
    assert files.loose.read() == Loose(text="short")


def test_a_record_longer_than_its_file_is_refused_before_anything_is_sent(files: Files, log: Log) -> None:
    with pytest.raises(EncodeError, match="takes 34 bytes, most is 32"):
        files.loose.write(Loose(text="x" * 33))
    assert not log.take()


def test_bytes_behind_the_record_are_refused(card: Card, files: Files) -> None:
    card.transmit(bytes.fromhex("00D6830003014161"))
    with pytest.raises(DecodeError, match=r"behind the record that are not zero .*byte 2"):
        files.loose.read()


def test_a_file_of_zeros_that_are_no_record_is_empty() -> None:
    with Card(EmulatorLink(EmulatedCard(), "emulator:")) as card:
        load_applet(card, Files, secrets=Secrets.for_tests(Files))
        with pytest.raises(EmptyFileError, match=r"small is empty.*write it first"):
            card.open(Files).small.read()
        with pytest.raises(EmptyFileError):
            card.open(Files).small.update(second=1)
        assert card.open(Files).loose.read() == Loose(text="")


def test_damaged_bytes_keep_their_faults(card: Card, files: Files) -> None:
    card.transmit(bytes.fromhex("00D681000100"))
    with pytest.raises(DecodeError, match="first"):
        files.small.read()


def test_wrong_values_are_refused_before_anything_is_written(files: Files, log: Log) -> None:
    with pytest.raises(EncodeError, match="first"):
        files.small.write(Small(first=0, second=0, third=0))
    assert not log.take()
    with pytest.raises(EncodeError, match="secnd"):
        files.small.update(secnd=1)
    assert log.take() == ["00B0810006"]


def test_refusals_name_the_rule(files: Files) -> None:
    with pytest.raises(AccessDeniedError, match="reading blind of files needs master; "):
        files.blind.read()
    with pytest.raises(AccessDeniedError, match="reading locked of files is allowed to nobody"):
        files.locked.read()
    with pytest.raises(AccessDeniedError, match="writing locked of files needs master; "):
        files.locked.write(SMALL)


def test_a_file_that_may_not_be_read_is_written_whole(files: Files, log: Log) -> None:
    files.blind.write(SMALL)
    assert log.take() == ["00B0850006", "00D6850006010200000003"]
    files.master.authenticate(Secrets.for_tests(Files)["master"])
    assert files.blind.read() == SMALL


@given(st.binary(min_size=1, max_size=60), st.data(), st.integers(0, 9), st.integers(1, 20))
def test_the_runs_that_are_sent_make_the_new_content(old: bytes, data: st.DataObject, gap: int, longest: int) -> None:
    new = bytes(data.draw(st.sampled_from([byte, byte ^ 1])) for byte in old)
    content = bytearray(old)
    runs = list(changed_runs(old, new, gap=gap, longest=longest))
    for start, end in runs:
        assert 0 < end - start <= longest
        assert old[start] != new[start]
        assert old[end - 1] != new[end - 1]
        unchanged = "".join("=" if old[at] == new[at] else "#" for at in range(start, end))
        assert "=" * (gap + 1) not in unchanged
        content[start:end] = new[start:end]
    assert bytes(content) == new
    span = difference(old, new)
    assert [(runs[0][0], runs[-1][1])] == [(span.offset, span.end)] if runs else not span.content
