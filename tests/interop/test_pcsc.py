"""The same words through a real pcscd, and programs that we did not write against the same card."""

import re
import subprocess
import sys
import time
from typing import Any

import pytest

from yohaku import connect
from yohaku.card import Card, CardError, LinkError, NoCardError, NotSelectedError, SecretError, Secrets, Traffic
from yohaku.globalplatform import KeySet, SecurityDomain, delete_applet, load_applet
from yohaku.iso7816 import Atr
from yohaku.reader import ReaderBusyError, ReaderChoiceError, list_readers
from yohaku_applets.library_card import Borrower, LibraryCard, Loan

READER = "Virtual PCD 00 00"
URL = f"pcsc:{READER}"
SECRETS = Secrets.for_tests(LibraryCard, on_real_cards=True)
KEYS: dict[str, Any] = {"keys": KeySet.for_tests(), "allow_test_keys": True}
"""What a card in a reader must be given, emulated or not: the host cannot know."""


def load(card: Card) -> None:
    loans = [Loan.example()] * 3
    load_applet(card, LibraryCard, secrets=SECRETS, contents={"borrower": Borrower.example(), "loans": loans}, **KEYS)


def use(card: Card) -> Traffic:
    """Load, read, write and delete; give what travelled."""
    load(card)
    library = card.open(LibraryCard)
    assert library.borrower.read() == Borrower.example()
    library.counter.authenticate(SECRETS["counter"])
    library.borrower.update(name="丸亀　太郎")
    library.loans.append(Loan.example().replace(branch=9))
    assert card.open(LibraryCard).borrower.read().name == "丸亀　太郎"
    library = card.open(LibraryCard)
    library.holder.verify("1234")
    assert [loan.branch for loan in library.loans] == [9, 3, 3, 3]
    delete_applet(card, LibraryCard.aid, **KEYS)
    assert SecurityDomain.open(card, **KEYS).applications() == []
    return card.traffic


def test_the_same_bytes_travel_as_in_process(inserted: Any) -> None:
    assert inserted
    with connect("emulator:") as card:
        in_process = use(card)
    with connect(URL) as card:
        assert (card.name, card.is_emulator) == (READER, False)
        assert Atr.from_bytes(card.atr).protocols == (1,)
        assert use(card) == in_process


def test_what_was_written_is_there_for_the_next_connection(inserted: Any) -> None:
    with connect(URL) as card:
        load(card)
    with connect("pcsc:virtual pcd 00 00") as card:
        assert card.open(LibraryCard).borrower.read() == Borrower.example()
    assert inserted.card.profile.atr == card.atr


def test_nothing_stays_verified_for_the_next_connection(inserted: Any) -> None:
    assert inserted
    with connect(URL) as card:
        load(card)
        card.open(LibraryCard).holder.verify("1234")
    with connect(URL) as card:
        card.transmit(bytes.fromhex("00A4040006F059484B000100"))
        assert card.transmit(bytes.fromhex("00B2011400")) == b"\x69\x82"


def test_a_reset_through_the_reader_forgets(inserted: Any) -> None:
    assert inserted
    with connect(URL) as card:
        load(card)
        library = card.open(LibraryCard)
        library.holder.verify("1234")
        assert card.reset() == card.atr
        with pytest.raises(NotSelectedError):
            library.loans.records()
        with pytest.raises(CardError, match="reading loans of library-card needs holder"):
            card.open(LibraryCard).loans.records()


def test_published_secrets_are_refused_in_a_reader(inserted: Any) -> None:
    assert inserted
    with connect(URL) as card, pytest.raises(SecretError, match=f"{READER} is a real card"):
        load_applet(card, LibraryCard, secrets=Secrets.for_tests(LibraryCard))


def test_a_part_of_a_name_that_two_readers_have(inserted: Any) -> None:
    assert inserted
    assert list_readers()[:2] == ["Virtual PCD 00 00", "Virtual PCD 00 01"]
    with pytest.raises(ReaderChoiceError, match="2 readers fit 'Virtual': 'Virtual PCD 00 00', 'Virtual PCD 00 01'"):
        connect("pcsc:Virtual")


@pytest.mark.usefixtures("pcscd")
def test_an_empty_reader_says_so() -> None:
    with pytest.raises(NoCardError, match="Virtual PCD 00 01: no card is in the reader; insert one"):
        connect("pcsc:Virtual PCD 00 01")


def test_a_card_that_somebody_holds_alone_is_busy(inserted: Any) -> None:
    assert inserted
    with connect(URL), pytest.raises(ReaderBusyError, match="another program holds the card"):
        connect(URL)


def test_a_card_that_somebody_shares_is_shared(inserted: Any) -> None:
    from smartcard import scard

    assert inserted
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _, other, _ = scard.SCardConnect(context, READER, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
    try:
        with connect(URL) as card:
            load(card)
    finally:
        scard.SCardDisconnect(other, scard.SCARD_LEAVE_CARD)
        scard.SCardReleaseContext(context)


def test_a_reset_before_the_first_command_harms_nothing(inserted: Any) -> None:
    from smartcard import scard

    assert inserted
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _, other, _ = scard.SCardConnect(context, READER, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
    with connect(URL) as card:
        scard.SCardDisconnect(other, scard.SCARD_RESET_CARD)
        assert SecurityDomain.select(card).free_bytes()
    scard.SCardReleaseContext(context)


PROGRAM = """
import sys, time
from yohaku import connect
from yohaku.card import Secrets
from yohaku_applets.library_card import LibraryCard

secrets = Secrets.for_tests(LibraryCard, on_real_cards=True)
with connect(sys.argv[1]) as card:
    for _ in range(9):
        library = card.open(LibraryCard)
        library.holder.verify("1234")
        count = len(library.loans.records())
        library.counter.authenticate(secrets["counter"])
        library.loans.append(library.loans.read(1).replace(branch=int(sys.argv[2])))
        assert len(library.loans.records()) == count + 1
        card.release()
        time.sleep(0.01)
"""


def test_two_programs_at_once_never_get_in_each_others_way(inserted: Any) -> None:
    assert inserted
    with connect(URL) as card:
        load_applet(card, LibraryCard, secrets=SECRETS, contents={"loans": [Loan.example()]}, **KEYS)
    command = [sys.executable, "-c", PROGRAM, f"{URL}?share=shared&wait=10"]
    programs = [subprocess.Popen([*command, branch], stderr=subprocess.PIPE, text=True) for branch in ("4", "5")]
    assert [(program.communicate(timeout=60)[1], program.returncode) for program in programs] == [("", 0)] * 2
    with connect(f"{URL}?wait=5") as card:
        library = card.open(LibraryCard)
        library.holder.verify("1234")
        branches = [loan.branch for loan in library.loans]
    assert sorted(branches) == [3] + [4] * 9 + [5] * 9


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_card_pulled_during_a_write_holds_the_old_record_or_the_new(inserted: Any, at: int) -> None:
    new = Borrower.example().replace(name="丸亀　太郎")
    with connect(URL) as card:
        load(card)
        library = card.open(LibraryCard)
        library.counter.authenticate(SECRETS["counter"])
        inserted.card.memory.cut_at(at, "mixed", seed=at)
        with pytest.raises(LinkError):
            library.borrower.write(new)
        with pytest.raises(NotSelectedError):
            library.borrower.read()
    time.sleep(1)
    again = inserted.insert_again()
    try:
        with connect(f"{URL}?wait=15") as card:
            library = card.open(LibraryCard)
            assert library.borrower.read() in {Borrower.example(), new}
            library.counter.authenticate(SECRETS["counter"])
            library.borrower.write(new)
            assert library.borrower.read() == new
    finally:
        again.pull()
        time.sleep(1)


def test_a_card_that_is_pulled_says_so(inserted: Any) -> None:
    with connect(URL) as card:
        load(card)
        inserted.pull()
        with pytest.raises(LinkError, match=r"sending a command to Virtual PCD 00 00: .* insert it"):
            card.select(b"")
    time.sleep(1)  # a failed reset makes pcscd 1.9 call the reader empty before its own poll (400 ms) has seen it


def test_a_closed_link_says_so(inserted: Any) -> None:
    assert inserted
    with connect(URL) as card:
        pass
    card.close()
    with pytest.raises(LinkError, match="the link is closed; connect again"):
        card.transmit(bytes.fromhex("00A4040000"))


def output(*command: str, text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def test_opensc_tool_reads_the_same_bytes(inserted: Any) -> None:
    assert inserted
    with connect(URL) as card:
        load(card)
    select, read = "00A4040006F059484B000100", "00B0810040"
    answer = output("opensc-tool", "--reader", "0", "--card-driver", "default", "-s", select, "-s", read)
    wanted = Borrower.example().encode().hex(" ").upper().split()
    assert " ".join(wanted[:16]) in answer
    assert answer.count("SW1=0x90, SW2=0x00") == 2
    atr = output("opensc-tool", "--reader", "0", "--atr").strip().lower()
    assert inserted.card.profile.atr.hex(":") in atr


def test_scriptor_gets_the_answers_that_we_get(inserted: Any) -> None:
    assert inserted
    commands = ["00A4040006F059484B000100", "0020008100", "00B0810010", "00B2011400"]
    with connect(URL) as card:
        load(card)
        answers = [card.transmit(bytes.fromhex(command)).hex(" ").upper() for command in commands]
    script = "".join(f"{command}\n" for command in commands)
    heard = output("scriptor", "-r", READER, text=script).replace("\n", " ")
    for answer in answers:
        assert answer in " ".join(heard.split()), heard


def explorer(*lines: str) -> str:
    command = ("opensc-explorer", "--reader", "0", "--card-driver", "default", "--mf", "")
    return output(*command, text="".join(f"{line}\n" for line in lines))


def test_opensc_explorer_selects_reads_and_verifies_by_its_own_commands(inserted: Any) -> None:
    assert inserted
    with connect(URL) as card:
        load(card)
    heard = explorer("cd aid:F059484B0001", "info 0001", "cat 0001", "verify CHV129 31323334")
    assert "Dedicated File" not in heard
    assert re.search(r"File size: +64 bytes", heard)
    content = Borrower.example().encode()
    for at in range(0, 48, 16):
        assert f"{at:08X}: {content[at : at + 16].hex(' ').upper()}" in heard
    assert "Code correct." in heard


def test_opensc_explorer_is_refused_what_needs_a_pin(inserted: Any) -> None:
    assert inserted
    with connect(URL) as card:
        load(card)
    heard = explorer("cd aid:F059484B0001", "apdu 00B2011400", "verify CHV129 39393939", "apdu 002000810431323334")
    assert "SW1=0x69, SW2=0x82" in heard
    assert "Incorrect code, 2 tries left." in heard
    assert "SW1=0x90, SW2=0x00" in heard
    with connect(URL) as card:
        assert card.open(LibraryCard).holder.tries_left == 3


def test_opensc_explorer_finds_the_files_and_nothing_else(inserted: Any) -> None:
    """Its ``ls`` needs a driver that knows the card: ISO/IEC 7816-4 has no command that lists the files of a DF."""
    assert inserted
    with connect(URL) as card:
        load(card)
    heard = explorer("cd aid:F059484B0001", "find 0000 0120", "info 0002", "cat 0001", "ls")
    found = re.findall(r"^ ([0-9A-F]{4}) +\t +(\w+) +(\d+)", heard, re.MULTILINE)
    assert found == [("0001", "wEF", "64"), ("0002", "wEF", "320")], heard
    assert re.search(r"EF structure: +Cyclic\s+Number of records: +20\s+Max\. record size: +16 bytes", heard)
    assert f"00000000: {Borrower.example().encode()[:16].hex(' ').upper()}" in heard
    assert "Unable to receive file listing: Not supported" in heard


def test_doctor_tells_what_the_card_holds(inserted: Any) -> None:
    assert inserted
    with connect(URL) as card:
        load(card)
    told = output(sys.executable, "-c", "from yohaku.cli import main; main()", "doctor")
    assert f"reader {READER}" in told
    assert "holds library-card version 1" in told
    with connect(URL):
        told = output(sys.executable, "-c", "from yohaku.cli import main; main()", "doctor")
    assert "another program holds the card in it" in told
    assert "?wait=30" in told


def test_500_commands_in_a_row_get_the_same_answer(inserted: Any) -> None:
    """They take 25 s when the card does not acknowledge at once; how fast it is stands in specs/benchmarks/link.md."""
    assert inserted
    with connect(URL) as card:
        load(card)
        card.open(LibraryCard)
        answers = {card.transmit(bytes.fromhex("00B0810040")) for _ in range(500)}
    assert len(answers) == 1
