"""Checks pass what is right and name what is broken: each planted fault breaks the invariant that tells of it."""

import json

import pytest

from yohaku import ALWAYS, Applet, Key, Pin, Record, TransparentFile, field
from yohaku.codec import FixedField
from yohaku.fields import Text, UInt
from yohaku.globalplatform.scp import scp02, scp03
from yohaku.iso7816 import Response
from yohaku.testing.fuzz import BrokenInvariantError, checks, messaging, parsing
from yohaku.testing.fuzz.cards import check_session, session_of
from yohaku.testing.fuzz.checks import ACCEPTED, REFUSED
from yohaku.testing.fuzz.domains import check_domain
from yohaku.testing.fuzz.images import check_file, check_image, image
from yohaku.testing.fuzz.targets import offered
from yohaku.testing.fuzz.tracing import check_trace


class Planted(FixedField[int]):
    """One byte, with a fault to be found."""

    def __init__(self, fault=""):
        super().__init__(1)
        self.fault = fault

    def write(self, value):
        if type(value) is not int or not 0 <= value < 256:
            self.refuse("is no byte")
        return bytes((value & 0xFE if self.fault == "write" else value,))

    def unpack(self, raw):
        if self.fault == "raises":
            raise LookupError("planted")
        return raw[0]

    def example(self):
        return 2

    def to_json(self, value):
        return value ^ 1 if self.fault == "json" else value


def record_of(fault):
    class Sheet(Record):
        name: str = field(Text(8, "utf-8"))
        cell: int = field(Planted(fault))

    return Sheet


RAW = b"abc\0\0\0\0\0\x05"
JSON = b'{"name": "abc", "cell": 5}'
CSV = b"name,cell\nabc,5\n"


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.check_bytes, RAW, RAW[:-1]),
        (checks.check_prefix, RAW + b"more", b"\xff" * 9),
        (checks.check_json, JSON, b'{"name": 5}'),
        (checks.check_csv, CSV, b"name\nabc\n"),
        (checks.check_csv, CSV, b"\xff"),
    ],
)
def test_right_codecs_pass(check, good, bad):
    assert check(record_of(""), good) == ACCEPTED
    assert check(record_of(""), bad) == REFUSED


@pytest.mark.parametrize(
    ("check", "fault", "data", "invariant"),
    [
        (checks.check_bytes, "write", RAW, "decode-encode"),
        (checks.check_prefix, "write", RAW + b"more", "decode-encode"),
        (checks.check_bytes, "json", RAW, "json-round-trip"),
        (checks.check_json, "write", JSON, "json-bytes"),
        (checks.check_json, "json", JSON, "json-round-trip"),
        (checks.check_csv, "write", CSV, "json-bytes"),
        (checks.check_csv, "json", CSV, "json-round-trip"),
    ],
)
def test_a_planted_fault_breaks_the_invariant_that_tells_of_it(check, fault, data, invariant):
    with pytest.raises(BrokenInvariantError) as caught:
        check(record_of(fault), data)
    assert caught.value.invariant == invariant


def test_what_is_no_yohaku_error_leaves_the_check():
    with pytest.raises(LookupError, match="planted"):
        checks.check_bytes(record_of("raises"), RAW)


def test_generated_code_that_differs_from_the_field_types_is_told():
    record = record_of("")
    record.decode(RAW)
    honest = record.decode
    record.decode = staticmethod(lambda data: honest(data).replace(cell=9))
    record.encode = lambda _self: RAW
    with pytest.raises(BrokenInvariantError) as caught:
        checks.check_bytes(record, RAW)
    assert caught.value.invariant == "compiled-interpreted"


def test_a_table_that_comes_back_different_is_told(monkeypatch):
    monkeypatch.setattr(checks, "write_csv", lambda _record, _records: ["name,cell\n", "xyz,5\n"])
    with pytest.raises(BrokenInvariantError) as caught:
        checks.check_csv(record_of(""), CSV)
    assert caught.value.invariant == "table-round-trip"


@pytest.mark.parametrize("name", ["tlv", "cap", "secure-messaging", "trace", "domain", "image"])
def test_every_seed_of_every_target_passes(name):
    for part in offered()[name].load()().parts:
        assert [tuple(part.check(data)) for data in part.seeds()]


def seeds(name, part=0):
    return offered()[name].load()().parts[part].seeds()


def test_seeds_reach_what_they_are_for():
    assert all(set(parsing.check_objects(data)) & set(ACCEPTED) for data in seeds("tlv"))
    found = {mark for data in seeds("tlv", 1) for mark in parsing.check_structures(data)}
    assert {kind.__name__ for kind in parsing.STRUCTURES} | {"DGI", "registry"} <= found
    assert all("accepted" in parsing.check_load_file(data) for data in seeds("cap"))
    assert all(parsing.check_archive(data) == ACCEPTED for data in seeds("cap", 1))
    marks = {mark for data in seeds("secure-messaging") for mark in messaging.check_messages(data)}
    assert {"arrived", "card refused", "host refused", "forgery refused", "level 33"} <= marks


def run_all_messages():
    return [messaging.check_messages(data) for data in seeds("secure-messaging")]


def forgets_macs(monkeypatch, protocol):
    monkeypatch.setattr(protocol.CardSession, "_checked", lambda _self, command, **_rest: command)


@pytest.mark.parametrize("protocol", [scp02, scp03])
def test_a_card_that_checks_no_macs_is_told(monkeypatch, protocol):

    forgets_macs(monkeypatch, protocol)
    monkeypatch.setattr(
        protocol.CardSession, "authenticate", lambda self, command: setattr(self, "level", command.p1) or 1
    )
    with pytest.raises(BrokenInvariantError):
        run_all_messages()


def test_a_host_that_checks_no_macs_is_told(monkeypatch):
    size = {8: 8, 16: 16}
    monkeypatch.setattr(
        scp03.HostSession,
        "unwrap",
        lambda self, response: Response(response.data[: -size[self.mac_size]], response.status),
    )
    with pytest.raises(BrokenInvariantError):
        run_all_messages()


def test_a_trace_that_shows_a_pin_is_told(monkeypatch):
    from yohaku.card.traces import entry

    monkeypatch.setattr(entry, "secret_positions", lambda _command: range(0))
    with pytest.raises(BrokenInvariantError, match="must be hidden"):
        check_trace(b"> 002000810431323334\n< 9000\n")


def test_an_image_is_opened_as_it_is_and_damage_is_survived():
    assert check_file(image()) == ("opened",)
    place = next(at for at, cell in enumerate(image()) if at > 60 and cell)
    assert "6581" not in " ".join(check_image(b""))
    assert check_image(place.to_bytes(3, "big") + b"\x01\xff")


def test_no_byte_of_the_registry_brings_the_card_down_when_its_checksums_are_right():
    places = [at for at, cell in enumerate(image()[:800]) if cell and at > 60]
    assert any("6581" in " ".join(check_image(at.to_bytes(3, "big") + b"\x81\0")) for at in places)


def test_memory_that_a_deletion_does_not_give_back_is_told(monkeypatch):
    from yohaku_emulator.registry import Registry

    install = next(data for data in seeds("domain") if data.count(b"80e6") == 2)
    check_domain(install)
    honest = Registry._own

    def forgetful(self, pages, owner):
        honest(self, pages if owner else pages[1:], owner)

    monkeypatch.setattr(Registry, "_own", forgetful)
    with pytest.raises(BrokenInvariantError) as caught:
        check_domain(install)
    assert caught.value.invariant == "quota"


class Sheet(Record):
    """台紙"""

    stamps: int = field(UInt(16), "数")


class Stamp(Applet, aid="F0 59 48 4B 77 02", version=1):
    """スタンプ"""

    shop = Key("鍵")
    holder = Pin("暗証番号", length=4)
    sheet = TransparentFile(Sheet, "台紙", read=holder, update=shop)
    open = TransparentFile(Sheet, "公開", read=ALWAYS, update=ALWAYS)


SESSION = b"""\
00b0810000
login
00b0810000
00d68200021234
nonsense
authenticate shop
authenticate nobody
cut 0 2 mixed 7
00d68200025678
reset
read open
write open 0001
"""


def test_a_session_is_read_from_lines_and_held_against_the_model():
    kinds = [type(step).__name__ for step in session_of(Stamp, SESSION).steps]
    assert kinds == [
        "Send",
        "Login",
        "Send",
        "Send",
        "Authenticate",
        "PowerCut",
        "Send",
        "Reset",
        "HostRead",
        "HostWrite",
    ]
    marks = set(check_session(Stamp, SESSION))
    assert (0xB0, b"\x69\x82") in marks
    assert (0xB0, b"\x90\x00") in marks


def test_a_card_that_gives_what_it_must_not_is_told_with_its_script(monkeypatch):
    from yohaku_emulator import EmulatedCard

    honest = EmulatedCard.transmit

    def lying(self, command):
        answer = honest(self, command)
        return b"\0\0\x90\0" if command[:3] == b"\x00\xb0\x81" and answer == b"\x69\x82" else answer

    check_session(Stamp, b"00b0810000")
    monkeypatch.setattr(EmulatedCard, "transmit", lying)
    with pytest.raises(BrokenInvariantError) as caught:
        check_session(Stamp, b"00b0810000")
    assert (caught.value.invariant, caught.value.step) == ("ACCESS", "instruction B0")
    assert str(caught.value).splitlines()[-2:] == ["> 00b0810000", "< 6982"]


def test_json_of_the_example_is_what_the_table_reads():
    assert json.loads(JSON) == record_of("").decode(RAW).to_json()
