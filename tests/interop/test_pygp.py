"""A program that we did not write (Py-GP 1.0.0, from PyPI) manages the emulated card over both secure channels.

It runs where ``pygp`` can be imported, or where YOHAKU_PYGP names the folder of its unpacked archive. Its binding to
PC/SC is replaced by a link to the card; its cryptography, wrapping and commands are its own.
"""

import importlib
import os
import sys
from types import ModuleType

import pytest

from yohaku.globalplatform.cap import Package
from yohaku.globalplatform.cap.writer import SmallCap
from yohaku.globalplatform.keys import KeySet
from yohaku.globalplatform.scp import open_channel
from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t

TEST_KEY = "404142434445464748494A4B4C4D4E4F"
NEW_KEY = "00112233445566778899AABBCCDDEEFF"
PACKAGE = Package(bytes.fromhex("F05948BB01"), (1, 0))
MODULE, INSTANCE = "F05948BB0101", "F05948BB010101"
PCSC = {
    "SCARD_SCOPE_USER": 0,
    "SCARD_S_SUCCESS": 0,
    "SCARD_SHARE_SHARED": 2,
    "SCARD_LEAVE_CARD": 0,
    "SCARD_RESET_CARD": 1,
    "SCARD_UNPOWER_CARD": 2,
    "SCARD_EJECT_CARD": 3,
}
T1 = 2


class Link:
    """What Py-GP's connection module must offer."""

    def __init__(self, errors):
        self.card, self._fine = None, errors.create_no_error_status

    def establish_context(self):
        return self._fine(0), 1

    def send_apdu_T1(self, _info, command):  # noqa: N802 - Py-GP's own name
        return self._fine(0), list(self.card.transmit(bytes(command)))


@pytest.fixture(scope="module")
def foreign():
    """Py-GP, with a link for a card of ours."""
    import cryptography.utils

    if folder := os.environ.get("YOHAKU_PYGP"):
        sys.path.insert(0, folder)
    binding = ModuleType("pygp.connection.pcsc.scard")
    vars(binding).update(PCSC)
    sys.modules["pygp.connection.pcsc.scard"] = binding
    cryptography.utils.register_interface = lambda _interface: lambda kind: kind
    try:
        program = importlib.import_module("pygp.pygp")
    except ImportError:
        pytest.skip("Py-GP is not installed: pip download py-gp, unpack it, YOHAKU_PYGP=FOLDER")
    connection = importlib.import_module("pygp.connection.connection")
    connection.connection_module = link = Link(importlib.import_module("pygp.error"))
    connection.establish_context()
    connection.create_card_info_dict("3B00", "", T1, 1)
    return program, link


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("profile", "version", "level"),
    [("scp02", "20", 0x01), ("scp02", "20", 0x03), *(("generic", "30", level) for level in (0x01, 0x03, 0x11, 0x13))],
)
def test_it_loads_installs_lists_and_deletes(foreign, tmp_path, profile, version, level):
    program, link = foreign
    link.card = card = EmulatedCard(profile)
    card.power_on()
    path = tmp_path / "small.cap"
    path.write_bytes(SmallCap(PACKAGE, (bytes.fromhex(MODULE),), bulk=300).to_bytes())
    program.select_isd()
    program.auth(TEST_KEY, TEST_KEY, TEST_KEY, None, None, version, securitylevel=level)
    program.get_status_isd()
    program.upload(str(path), "A000000151000000")
    program.install(True, PACKAGE.aid.hex().upper(), MODULE, INSTANCE)
    assert bytes.fromhex(INSTANCE) in card._system.registry.entries
    program.get_status_applications()
    program.get_key_information()
    program.get_cplc()
    program.delete(INSTANCE)
    program.delete_package(PACKAGE.aid.hex().upper())
    assert card._system.registry.applications == []
    assert card._system.registry.load_files == []


@pytest.mark.filterwarnings("ignore")
def test_it_puts_keys_that_open_the_card(foreign):
    program, link = foreign
    link.card = card = EmulatedCard("generic")
    card.power_on()
    program.select_isd()
    program.auth(TEST_KEY, TEST_KEY, TEST_KEY, None, None, "30", securitylevel=0x11)
    program.set_key(*(f"31/{number}/AES/{NEW_KEY}" for number in (1, 2, 3)))
    program.put_scp_key("31")
    terminal = t.Terminal(card)
    terminal.select()
    open_channel(t.Raw(terminal), KeySet.single(bytes.fromhex(NEW_KEY), version=0x31))
