import stat
import sys
from dataclasses import replace
from subprocess import PIPE, Popen

import pytest

from yohaku.errors import UnknownNameError
from yohaku.iso7816 import Instruction as Ins
from yohaku_emulator import PROFILES, EmulatedCard, ImageError, LinkError, PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.faults import FaultyLink, LostError
from yohaku_emulator.link import EmulatorLink, open_link

AID = bytes.fromhex("F059484B0001")
DESCRIPTOR = t.descriptor(files=[t.transparent(1, 30)])
SELECT = bytes.fromhex("00A4040000")


def load(link):
    terminal = t.Terminal(link)
    terminal.install(AID, DESCRIPTOR)
    terminal.personalise(AID, t.group(3, 1, b"\0\0hello"))


def read(link):
    terminal = t.Terminal(link)
    terminal.select(AID)
    return terminal.do(Ins.READ_BINARY, 0x81, 0, le=5)


def test_an_empty_place_is_a_fresh_card_in_memory():
    with open_link("") as link:
        assert link.atr == link.reset()
        assert link.is_emulator
        assert link.name == "emulator:"
        load(link)
        assert read(link) == b"hello"
    with open_link("?profile=small&seed=4") as link:
        assert link.card.profile.name == "small"


def test_the_file_appears_with_the_first_change_and_holds_every_acknowledged_command(tmp_path):
    path = tmp_path / "card.img"
    with open_link(f"{path}?profile=small") as link:
        t.Terminal(link).select()
        assert not path.exists()
        load(link)
        assert path.exists()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        on_disk = path.read_bytes()
        assert on_disk == link.card.to_image()
        read(link)
        assert path.read_bytes() == on_disk, "reading writes nothing"
    assert [one.name for one in tmp_path.iterdir()] == ["card.img"], "no lock, no temporary file is left"
    with open_link(str(path)) as link:
        assert link.card.profile.name == "small"
        assert read(link) == b"hello"


def test_the_memory_after_a_power_cut_is_on_disk_too(tmp_path):
    path = tmp_path / "card.img"
    with open_link(str(path)) as link:
        load(link)
        t.Terminal(link).select(AID)
        link.card.memory.cut_at(3, "mixed")
        with pytest.raises(PowerCut):
            t.Terminal(link).do(Ins.UPDATE_BINARY, 0x81, 0, b"HELLO")
        assert path.read_bytes() == link.card.to_image()
    with open_link(str(path)) as link:
        assert read(link) in {b"hello", b"HELLO"}
        assert path.read_bytes() == link.card.to_image(), "what recovery wrote is on disk"


HOLD = """
import sys
from yohaku_emulator.link import open_link
with open_link(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_two_processes_cannot_use_one_card_at_once(tmp_path):
    path = str(tmp_path / "card.img")
    with Popen([sys.executable, "-c", HOLD, path], stdin=PIPE, stdout=PIPE) as other:
        assert other.stdout.readline() == b"ready\n"
        with pytest.raises(LinkError, match="in use by another process"):
            open_link(path)
        other.stdin.close()
        assert other.wait(20) == 0
    open_link(path).close()


def test_a_damaged_file_is_refused_and_left_untouched(tmp_path):
    path = tmp_path / "card.img"
    path.write_bytes(b"YOHAKU\r\n but not really a card image at all, is it? not at all, no, no")
    before = path.read_bytes()
    with pytest.raises(ImageError):
        open_link(str(path))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["card.img"]


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("?colour=red", "unknown option 'colour'"),
        ("?seed=abc", "seed is 'abc'"),
        ("?seed=-1", "seed is '-1'"),
        ("/no/such/folder/card.img", "does its folder exist"),
    ],
)
def test_a_url_that_cannot_be_opened_says_why(rest, message):
    with pytest.raises(LinkError, match=message):
        open_link(rest)


def test_an_unknown_profile_is_named():
    with pytest.raises(UnknownNameError, match="small"):
        open_link("?profile=smal")


def test_a_profile_that_contradicts_the_file_is_refused(tmp_path):
    path = tmp_path / "card.img"
    with open_link(f"{path}?profile=small") as link:
        load(link)
    with pytest.raises(LinkError, match="is a 'small' card"):
        open_link(f"{path}?profile=generic")
    open_link(f"{path}?profile=small").close()


def test_a_folder_is_no_card_image(tmp_path):
    with pytest.raises(LinkError, match="cannot read"):
        open_link(str(tmp_path))


def test_closing_twice_is_harmless(tmp_path):
    link = open_link(str(tmp_path / "card.img"))
    link.close()
    link.close()


@pytest.mark.parametrize(("failure", "done"), [("command", False), ("response", True), ("truncate", True)])
def test_a_faulty_link_fails_at_one_command(failure, done):
    link = open_link("")
    load(link)
    t.Terminal(link).select(AID)
    faulty = FaultyLink(link, at=2, failure=failure)
    update = bytes.fromhex("00D6810005") + b"HELLO"
    assert faulty.transmit(bytes.fromhex("00B0810005")) == b"hello\x90\x00"
    if failure == "truncate":
        assert faulty.transmit(update) == b"\x90"
    else:
        with pytest.raises(LostError):
            faulty.transmit(update)
    assert faulty.transmit(bytes.fromhex("00B0810005")) == (b"HELLO" if done else b"hello") + b"\x90\x00"
    assert faulty.reset() == faulty.atr == link.atr
    assert faulty.card is link.card
    assert faulty.name == link.name
    faulty.close()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?fial=power", "there is profile, seed, fail, at, cut, outcome"),
        ("?fail=never", "power, command, response or truncate"),
        ("?at=0", "whole number from 1"),
        ("?cut=x", "whole number from 0"),
        ("?outcome=both", "old, new or mixed"),
    ],
)
def test_an_option_that_cannot_be_meant_is_named(query, says):
    with pytest.raises(LinkError, match=says):
        open_link(query)


def test_power_goes_as_the_named_command_arrives_and_comes_back_with_a_reset():
    with open_link("?fail=power&at=2") as link:
        assert link.transmit(SELECT)[-2:] == b"\x90\0"
        with pytest.raises(PowerCut, match="nothing of it was done"):
            link.transmit(SELECT)
        with pytest.raises(PowerCut, match="off"):
            link.transmit(SELECT)
        assert link.reset() == link.atr
        assert link.transmit(SELECT)[-2:] == b"\x90\0"


def test_power_goes_at_the_named_page_write():
    with open_link("?cut=1") as link:
        link.transmit(SELECT)
        with pytest.raises(PowerCut, match="while page"):
            link.transmit(bytes.fromhex("8050000008") + bytes(8))


@pytest.mark.parametrize(("protocols", "carries"), [((0,), False), ((1,), True), ((0, 1), False), ((1, 0), True)])
def test_t0_carries_no_extended_commands(protocols, carries):
    card = EmulatedCard(replace(PROFILES["extended"], protocols=protocols))
    link = EmulatorLink(card, "emulator:")
    assert link.carries_extended is carries
    assert FaultyLink(link, at=1, failure="command").carries_extended is carries
