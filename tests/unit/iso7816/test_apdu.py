import pytest

from yohaku.iso7816 import ApduError, Command, Response, describe

FORMS = [
    ("00A40400", Command(0x00, 0xA4, 0x04, 0x00)),
    ("00B0000000", Command(0x00, 0xB0, 0x00, 0x00, expected=256)),
    ("00B0000010", Command(0x00, 0xB0, 0x00, 0x00, expected=16)),
    ("0020008103313233", Command(0x00, 0x20, 0x00, 0x81, b"123")),
    ("00A4040002AABB00", Command(0x00, 0xA4, 0x04, 0x00, b"\xaa\xbb", 256)),
    ("00B00000000000", Command(0x00, 0xB0, 0x00, 0x00, expected=65536)),
    ("00D600000000020102", Command(0x00, 0xD6, 0x00, 0x00, b"\x01\x02")),
    ("00D6000000000201020100", Command(0x00, 0xD6, 0x00, 0x00, b"\x01\x02", 256)),
]


@pytest.mark.parametrize(("raw", "command"), FORMS)
def test_the_seven_forms_are_read(raw: str, command: Command) -> None:
    assert Command.from_bytes(bytes.fromhex(raw)) == command


@pytest.mark.parametrize(("raw", "command"), FORMS[:5])
def test_short_forms_are_written(raw: str, command: Command) -> None:
    assert command.to_bytes() == bytes.fromhex(raw)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("00A404", "at least 4 bytes, this has 3"),
        ("00A404000301", "Lc says 3 bytes of data, 1 bytes follow"),
        ("00A404000301020304FF", "Lc says 3 bytes of data, 5 bytes follow"),
        ("00A404000000", "Lc is zero"),
        ("00A4040000000501", "extended Lc says 5 bytes"),
    ],
)
def test_lengths_that_contradict_are_refused(raw: str, said: str) -> None:
    with pytest.raises(ApduError, match=said):
        Command.from_bytes(bytes.fromhex(raw))


@pytest.mark.parametrize("command", [Command(0, 0xD6, 0, 0, bytes(256)), Command(0, 0xB0, 0, 0, expected=257)])
def test_what_does_not_fit_the_short_form_is_refused(command: Command) -> None:
    with pytest.raises(ApduError, match="a short APDU takes 255 bytes"):
        command.to_bytes()
    assert Command.from_bytes(command.to_bytes(extended=True)) == command


def test_a_response_is_data_and_status() -> None:
    assert Response.from_bytes(b"\x01\x02\x90\x00") == Response(b"\x01\x02", 0x9000)
    with pytest.raises(ApduError, match="at least 2 bytes, this has 1"):
        Response.from_bytes(b"\x90")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0x63C2, "63C2 (wrong PIN or key, 2 tries left)"),
        (0x6100, "6100 (256 more bytes wait for GET RESPONSE)"),
        (0x6C05, "6C05 (wrong expected length, 5 bytes are available)"),
        (0x6A83, "6A83 (no such record)"),
        (0x1234, "1234 (unknown status word)"),
    ],
)
def test_status_words_are_explained(status: int, text: str) -> None:
    assert describe(status) == text
