"""Sessions: what programs may do to an applet one step after another, drawn at random, small ones first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hypothesis import strategies as st

from yohaku.errors import EncodeError
from yohaku.schema import RecordFile, TransparentFile
from yohaku.schema.declarations import Alphabet
from yohaku.testing.apdus import apdus
from yohaku.testing.faults import Fault
from yohaku.testing.faults import faults as all_faults
from yohaku.testing.steps import (
    AppendRecord,
    AskTries,
    Authenticate,
    Book,
    ChangePin,
    CloseChannel,
    EraseBinary,
    HostRead,
    HostWrite,
    Login,
    Move,
    OpenChannel,
    ReadBinary,
    ReadPurse,
    ReadReceipts,
    ReadRecord,
    RequirePin,
    Reset,
    ResetPin,
    SearchRecord,
    Select,
    SelectFile,
    Send,
    Step,
    UpdateBinary,
    UpdateRecord,
    Verify,
)
from yohaku.testing.values import records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema import Applet, File, Key, Pin

    Steps: TypeAlias = st.SearchStrategy[Any]

LONGEST = 600
"""Bytes of the longest update that is drawn: more than the emulator takes in a chain."""
KEPT = 15
"""One step of so many and one is drawn and left out."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a program does to a card whose applet was just selected on channel 0.

    Attributes:
        steps: steps, and faults that are armed where they stand.
    """

    steps: tuple[Step | Fault, ...]

    def __repr__(self) -> str:
        return f"Session({', '.join(map(repr, self.steps))})"

    def __len__(self) -> int:
        return len(self.steps)


def sessions(
    applet: type[Applet],
    *,
    steps: int | tuple[int, int] = (1, 20),
    channels: int = 2,
    faults: bool = True,
    host: bool = True,
    raw: bool = True,
    longest: int = 0,
) -> st.SearchStrategy[Session]:
    """Give sessions with an applet: selections, PINs, keys, files and records, channels, resets, and what goes wrong.

    Args:
        applet: the declaration.
        steps: number of steps, or fewest and most.
        channels: logical channels in use, the basic one included.
        faults: whether power cuts and faults of the link may happen; power needs an emulated card.
        host: whether some steps go through `yohaku.card`.
        raw: whether some steps are commands of `apdus`, wrong ones among them.
        longest: bytes of the longest extended command among these; 0 for short ones alone.
    """
    least, most = (steps, steps) if isinstance(steps, int) else steps
    each = any_step(applet, channels=channels, faults=faults, host=host, raw=raw, longest=longest)
    if least == most:
        return st.lists(each, min_size=least, max_size=most).map(lambda drawn: Session(tuple(drawn)))
    kept = st.lists(st.tuples(st.integers(0, KEPT), each), min_size=least, max_size=most).map(_kept)
    return kept.filter(lambda session: len(session) >= least)


def _kept(drawn: list[tuple[int, Step | Fault]]) -> Session:
    """Leave out the steps with a zero: a number is quicker made zero than a step with all its parts deleted."""
    return Session(tuple(step for number, step in drawn if number))


def any_step(
    applet: type[Applet],
    *,
    channels: int = 2,
    faults: bool = True,
    host: bool = True,
    raw: bool = True,
    longest: int = 0,
) -> st.SearchStrategy[Step | Fault]:
    """Give single steps, as `sessions` strings them together."""
    channel = st.sampled_from([None] * 8 + list(range(channels)))
    kinds = [
        *_files(applet, channel),
        *_purse_steps(applet, channel),
        *_credentials(applet, channel),
        *_life(channel, channels),
    ]
    if host:
        kinds += _through_host(applet)
    if raw:
        kinds.append(apdus(applet, channels=channels, longest=longest).map(Send))
    if faults:
        kinds.append(all_faults())
    return st.one_of(kinds)


def _life(channel: Steps, channels: int) -> Iterator[Steps]:
    yield st.builds(Select, channel=channel)
    yield st.just(Reset())
    if channels > 1:
        number = st.integers(1, channels - 1)
        yield st.builds(Move, st.integers(0, channels - 1))
        yield st.builds(OpenChannel, number)
        yield st.builds(CloseChannel, number)


def _credentials(applet: type[Applet], channel: Steps) -> Iterator[Steps]:
    pins, keys = applet.pins().values(), applet.keys().values()
    if pins or keys:
        yield st.builds(Login, channel=channel)
    for pin in pins:
        yield from _pin_steps(pin, channel)
    for key in keys:
        yield from _key_steps(key, channel)


def pin_values(pin: Pin, *, near: bool = True) -> st.SearchStrategy[bytes]:
    """Give values of a PIN, and with ``near`` some that are too short, too long or of another alphabet."""
    low, high = {Alphabet.DIGITS: (0x30, 0x39), Alphabet.PRINTABLE: (0x20, 0x7E)}.get(pin.alphabet, (0, 0xFF))
    byte = st.integers(low, high)
    good = st.lists(byte, min_size=pin.shortest, max_size=pin.longest).map(bytes)
    if not near:
        return good
    lengths = st.sampled_from((pin.shortest - 1, pin.longest + 1)).flatmap(
        lambda size: st.binary(min_size=max(size, 1), max_size=max(size, 1))
    )
    return st.one_of(good, good, lengths, st.binary(min_size=pin.shortest, max_size=pin.longest))


def _pin_steps(pin: Pin, channel: Steps) -> Iterator[Steps]:
    name, values = st.just(pin.name), pin_values(pin)
    yield st.builds(Verify, name, st.none() | values, channel=channel)
    yield st.builds(AskTries, name, channel=channel)
    yield st.builds(ChangePin, name, values, st.none() | values, st.booleans(), channel=channel)
    yield st.builds(ResetPin, name, st.none() | values, channel=channel)
    if pin.can_disable:
        yield st.builds(RequirePin, name, st.booleans(), st.none() | values, channel=channel)


def _key_steps(key: Key, channel: Steps) -> Iterator[Steps]:
    right = st.sampled_from((True, True, False))
    yield st.builds(Authenticate, st.just(key.name), right, st.sampled_from((1, 1, 2)), channel=channel)


def _files(applet: type[Applet], channel: Steps) -> Iterator[Steps]:
    for file in applet.files().values():
        name = st.sampled_from((file.name, file.name, file.name, None))
        yield from (
            _record_steps(file, name, channel) if isinstance(file, RecordFile) else _binary_steps(file, name, channel)
        )
        yield st.builds(SelectFile, st.just(file.name), channel=channel)


def edges(size: int) -> st.SearchStrategy[int]:
    """Give places in something of so many bytes: its start, its end, beyond it, and anything between."""
    spots = {0, 1, size // 2, max(size - 2, 0), max(size - 1, 0), size, size + 1}
    return st.sampled_from(sorted(spots)) | st.integers(0, size + 1)


def contents(file: File[Any], size: int) -> st.SearchStrategy[bytes]:
    """Give contents of so many bytes: one byte repeated, or a record of the file, padded or cut."""
    repeated = st.integers(0, 255).map(lambda byte: bytes((byte,)) * size)
    return repeated | records(file.record).map(lambda record: _encoded(record, size))


def _encoded(record: Any, size: int) -> bytes:
    try:
        raw: bytes = record.encode()
    except EncodeError:
        return bytes(size)
    return raw[:size].ljust(size, b"\0")


def _binary_steps(file: File[Any], name: Steps, channel: Steps) -> Iterator[Steps]:
    offset = edges(file.size)
    yield st.builds(ReadBinary, name, offset, st.sampled_from((256, 1, 2, 100)), channel=channel)
    yield st.builds(
        lambda offset, size, split, fill, **rest: UpdateBinary(
            offset=offset, data=fill[: size or max(1, len(fill) - offset - 1)], split=split, **rest
        ),
        offset,
        st.sampled_from((1, 2, 0, 0, file.size, file.size + 1)),
        st.sampled_from((0, 0, 1, 5)),
        contents(file, min(file.size + 1, LONGEST)),
        file=name,
        channel=channel,
    )
    yield st.builds(EraseBinary, name, offset, st.none() | edges(file.size), channel=channel)


def _record_steps(file: RecordFile[Any], name: Steps, channel: Steps) -> Iterator[Steps]:
    number = st.sampled_from((1, 0, 2, file.records)) | st.integers(0, min(file.records + 1, 255))
    size = st.sampled_from((256, file.record_size, max(file.record_size - 1, 1)))
    length = st.sampled_from((file.record_size,) * 5 + (min(file.record_size + 1, 255),))
    data = length.flatmap(lambda size: contents(file, size))
    yield st.builds(AppendRecord, name, data, channel=channel)
    yield st.builds(ReadRecord, name, number, st.sampled_from((4, 4, 5, 6, 2, 3, 0, 1)), size, channel=channel)
    yield st.builds(UpdateRecord, name, number, data, channel=channel)
    text = st.binary(min_size=1, max_size=2) | contents(file, min(2, file.record_size))
    yield st.builds(SearchRecord, name, text, number, st.booleans(), channel=channel)


def _purse_steps(applet: type[Applet], channel: Steps) -> Iterator[Steps]:
    for purse in applet.purses().values():
        name, most = st.just(purse.name), max(purse.most_credit, purse.most_debit)
        amount = st.sampled_from((1, 0, purse.most_credit, purse.most_debit, most + 1)) | st.integers(0, most)
        reference = st.just(bytes(8)) | st.binary(min_size=8, max_size=8)
        yield st.builds(ReadPurse, name, channel=channel)
        yield st.builds(Book, name, amount, st.booleans(), reference, channel=channel)
        yield st.builds(ReadReceipts, name, st.integers(1, 5), st.sampled_from((256, 45, 44)), channel=channel)
        yield st.builds(SelectFile, name, channel=channel)


def _through_host(applet: type[Applet]) -> Iterator[Steps]:
    for file in applet.files().values():
        yield st.builds(HostRead, st.just(file.name), st.booleans())
        if isinstance(file, TransparentFile | RecordFile):
            yield st.builds(HostWrite, st.just(file.name), records(file.record), st.booleans())
