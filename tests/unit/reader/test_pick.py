import sys

import pytest

from yohaku.card import LinkError, NoCardError
from yohaku.reader import ReaderChoiceError, ReaderSupportMissingError, list_readers, pick
from yohaku.reader.errors import CODES, NoCardInReaderError, ReaderBusyError, ReaderError, error_for
from yohaku.reader.link import without_expected

READERS = ["ACS ACR1252 Dual Reader [SAM] 01 00", "ACS ACR1252 Dual Reader [PICC] 00 00", "Sony RC-S300"]


@pytest.mark.parametrize(
    ("wanted", "index"), [("picc", 1), ("Sony RC-S300", 2), ("rc-s300", 2), ("ACS ACR1252 Dual Reader [SAM] 01 00", 0)]
)
def test_a_part_that_only_one_has_is_enough(wanted: str, index: int) -> None:
    assert pick(wanted, READERS) == READERS[index]


def test_the_only_reader_needs_no_name() -> None:
    assert pick("", READERS[2:]) == "Sony RC-S300"


def test_a_whole_name_wins_over_a_longer_one() -> None:
    assert pick("Reader 0", ["Reader 01", "Reader 0"]) == "Reader 0"


@pytest.mark.parametrize(
    ("wanted", "names", "said"),
    [
        ("", [], "no reader is connected; plug one in"),
        ("HID", READERS, "no reader has 'HID' in its name; there is 'ACS ACR1252 Dual Reader [SAM] 01 00', 'ACS"),
        ("acs", READERS, "2 readers fit 'acs': 'ACS ACR1252 Dual Reader [SAM] 01 00', 'ACS ACR1252 Dual Reader [PICC]"),
        ("", READERS, "3 readers fit: 'ACS"),
    ],
)
def test_none_or_several_are_listed(wanted: str, names: list[str], said: str) -> None:
    with pytest.raises(ReaderChoiceError) as caught:
        pick(wanted, names)
    assert said in str(caught.value)


def test_without_pyscard_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with pytest.raises(ReaderSupportMissingError) as caught:
        list_readers()
    for word in ("pcscd", "libpcsclite-dev", "swig", "gcc", "yohaku[reader]"):
        assert word in str(caught.value)


def test_return_codes_become_errors_with_what_to_do() -> None:
    busy = error_for(0x8010000B - 0x100000000, "connecting to X")
    assert isinstance(busy, ReaderBusyError)
    assert str(busy) == "connecting to X: another program holds the card; end it, or wait until it is done"
    assert isinstance(error_for(0x80100069, "sending"), NoCardError)
    assert str(error_for(0x80100004, "sending")) == "sending: the PC/SC service answers 80100004"
    assert all(issubclass(kind, ReaderError) and issubclass(kind, LinkError) for kind, _ in CODES.values())
    assert issubclass(NoCardInReaderError, NoCardError)


def test_the_codes_are_those_of_pyscard() -> None:
    scard = pytest.importorskip("smartcard.scard")
    known = {
        getattr(scard, name) & 0xFFFFFFFF
        for name in dir(scard)
        if name.startswith("SCARD_") and isinstance(getattr(scard, name), int)
    }
    assert set(CODES) <= known


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        ("00A4040002AABB00", "00A4040002AABB"),
        ("00B0000000", "00B0000000"),
        ("0020008101AA", "0020008101AA"),
        ("00", "00"),
    ],
)
def test_t0_takes_no_expected_length_after_data(command: str, sent: str) -> None:
    assert without_expected(bytes.fromhex(command)) == bytes.fromhex(sent)
