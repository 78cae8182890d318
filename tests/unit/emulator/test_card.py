import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yohaku.errors import UnknownNameError, YohakuError
from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku.iso7816.atr import Atr
from yohaku_emulator import PROFILES, EmulatedCard, ImageError, PowerCut
from yohaku_emulator import terminal as t

AID = bytes.fromhex("F059484B0001")
DESCRIPTOR = t.descriptor(pins=[t.pin(3, 4, 4)], files=[t.transparent(1, 300), t.cyclic(2, 10, 5)])


def make(profile="generic", seed=0):
    card = EmulatedCard(profile, seed=seed)
    card.power_on()
    terminal = t.Terminal(t.Driver(card))
    terminal.install(AID, DESCRIPTOR)
    terminal.personalise(AID, t.group(1, 1, b"1234") + t.group(3, 1, b"\0\0hello"))
    terminal.select(AID)
    return card


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_makes_a_card_that_works(name):
    card = make(name)
    assert t.Terminal(t.Driver(card)).do(Ins.READ_BINARY, 0x81, 0, le=5) == b"hello"
    assert len(card.memory.cells) == card.profile.layout.size
    parsed = Atr.from_bytes(card.profile.atr)
    assert parsed.raw == card.profile.atr


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(UnknownNameError, match="generic, extended, jicsap, my-number, open, scp02, small, t0"):
        EmulatedCard("generik")


def test_a_card_that_is_off_has_no_power():
    card = EmulatedCard()
    with pytest.raises(PowerCut, match="power_on"):
        card.transmit(b"\x00\xa4\x04\x00")
    card.power_on()
    card.power_off()
    assert not card.powered
    with pytest.raises(PowerCut):
        card.transmit(b"\x00\xa4\x04\x00")


def test_a_power_cut_leaves_the_card_off():
    card = make()
    card.memory.cut_at(1)
    with pytest.raises(PowerCut):
        t.Terminal(card).do(Ins.UPDATE_BINARY, 0x81, 0, b"HELLO")
    assert not card.powered


def test_same_seed_and_same_commands_give_the_same_bytes():
    def run(seed):
        card = make(seed=seed)
        terminal = t.Terminal(card)
        answers = [terminal.do(Ins.GET_CHALLENGE, le=40) for _ in range(3)]
        card.power_on()
        terminal.select(AID)
        answers.append(terminal.do(Ins.GET_CHALLENGE, le=40))
        return answers, card.to_image()

    assert run(1) == run(1)
    assert run(1)[0] != run(2)[0]
    answers = run(1)[0]
    assert len({answer[:16] for answer in answers}) == 4, "no challenge comes twice, also after a reset"


def test_a_challenge_does_not_come_again_from_an_image():
    card = make()
    terminal = t.Terminal(card)
    first = terminal.do(Ins.GET_CHALLENGE, le=16)
    again = EmulatedCard.from_image(card.to_image())
    again.power_on()
    terminal = t.Terminal(again)
    terminal.select(AID)
    assert terminal.do(Ins.GET_CHALLENGE, le=16) != first


def test_power_on_of_a_clean_card_writes_nothing():
    card = make()
    writes = card.writes
    assert card.power_on() == card.power_on() == PROFILES["generic"].atr
    assert card.writes == writes


def test_a_fork_keeps_session_state_and_shares_nothing():
    card = make()
    terminal = t.Terminal(card)
    terminal.do(Ins.VERIFY, 0, 0x81, b"1234")
    terminal.do(Ins.SELECT, 2, 0x0C, b"\0\x01")
    twin = card.fork()
    forked = t.Terminal(twin)
    assert forked.do(Ins.READ_BINARY, 0, 0, le=5) == b"hello", "the current file is still current"
    assert forked.do(Ins.GET_CHALLENGE, le=16) == terminal.do(Ins.GET_CHALLENGE, le=16)
    forked.do(Ins.UPDATE_BINARY, 0, 0, b"HELLO")
    forked.select()
    assert terminal.do(Ins.READ_BINARY, 0, 0, le=5) == b"hello"


def test_a_fork_keeps_waiting_answers_channels_and_personalisation():
    card = EmulatedCard("open")
    card.power_on()
    terminal = t.Terminal(card)
    terminal.install(AID, DESCRIPTOR)
    terminal.do(Ins.INSTALL, 0x20, 0, b"\0\0" + t.lv(AID) + bytes(3), 256, cla=0x80)
    terminal.do(Ins.MANAGE_CHANNEL, 0, 2)
    card.transmit(bytes.fromhex("82CA006600")[:4])
    twin = card.fork()
    assert twin.transmit(bytes.fromhex("02C0000000")) == card.transmit(bytes.fromhex("02C0000000"))
    assert t.Terminal(twin).send(Ins.STORE_DATA, 0x88, 0, cla=0x80).status == Status.OK


def test_a_snapshot_can_be_restored_many_times():
    card = make()
    terminal = t.Terminal(card)
    snapshot = card.snapshot()
    image = bytes(snapshot)
    for text in (b"first", b"other"):
        terminal.do(Ins.UPDATE_BINARY, 0x81, 0, text)
        assert terminal.do(Ins.READ_BINARY, 0, 0, le=5) == text
        card.restore(snapshot)
        assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=5) == b"hello"
        assert bytes(card.memory.cells) == bytes(snapshot) == image


def test_an_image_opens_as_the_same_card():
    card = make("small", seed=3)
    again = EmulatedCard.from_image(card.to_image())
    assert again.profile is card.profile
    assert again.memory.wear == card.memory.wear
    assert again.writes == card.writes
    assert again.to_image() == card.to_image()
    again.power_on()
    terminal = t.Terminal(again)
    terminal.select(AID)
    assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=5) == b"hello"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:0], "not a card image"),
        (lambda data: b"x" + data[1:], "not a card image"),
        (lambda data: data[:20], "ends after 20 bytes"),
        (lambda data: data[:8] + b"\x02" + data[9:], "format 2, this version opens format 1"),
        (lambda data: data[:-1], "damaged"),
        (lambda data: data[:5000] + bytes((data[5000] ^ 1,)) + data[5001:], "damaged"),
        (lambda data: data + b"\0", "damaged"),
    ],
)
def test_a_damaged_image_is_refused_with_what_is_wrong(damage, message):
    data = make().to_image()
    with pytest.raises(ImageError, match=message):
        EmulatedCard.from_image(damage(data))


def sealed(data):
    from hashlib import sha256

    return data[:-32] + sha256(data[:-32]).digest()


def test_an_image_of_an_unknown_profile_or_another_size_is_refused():
    data = make().to_image()
    with pytest.raises(ImageError, match=r"no card profile 'generik'.*did you mean 'generic'"):
        EmulatedCard.from_image(sealed(data.replace(b"generic", b"generik", 1)))
    with pytest.raises(ImageError, match="does not fit profile 'small'"):
        EmulatedCard.from_image(sealed(data.replace(b"generic", b"small\0\0", 1)))


def test_a_flipped_bit_is_never_served_as_data():
    """Each bit of the pages of an instance and of the registry in turn: the right answer, or a refusal."""
    base = make("small")
    layout = base.profile.layout
    owned = next(iter(base._system.registry.entries.values())).pages
    refused = 0
    for page in (*range(layout.system_pages), *owned):
        for at in range(0, layout.page * 8, 7):
            card = base.fork()
            card.memory.flip(page * layout.page + at // 8, at % 8)
            card.power_on()
            terminal = t.Terminal(card)
            terminal.send(Ins.SELECT, 4, 0x0C, AID)
            for ins, p1, p2, le in ((Ins.READ_BINARY, 0x81, 0, 256), (Ins.GET_DATA, 0, 0xC5, 256)):
                response = terminal.send(ins, p1, p2, le=le)
                expected = t.Terminal(base).send(ins, p1, p2, le=le)
                refused += response.status != Status.OK
                assert response == expected or (response.status != Status.OK and not response.data)
            assert terminal.send(Ins.VERIFY, 0, 0x81, b"").status in {
                0x63C3,
                Status.MEMORY_FAILURE,
                Status.SELECT_FAILED,
            }
    assert refused > 100


def test_a_flipped_bit_in_a_page_of_the_last_commit_is_repaired_at_power_on():
    card = make()
    t.Terminal(card).do(Ins.UPDATE_BINARY, 0x81, 0, b"HELLO")
    number = card.memory.cells.index(b"HELLO", card.profile.layout.heap * card.profile.layout.page)
    card.memory.flip(number, 3)
    assert t.Terminal(card).send(Ins.READ_BINARY, 0x81, 0, le=5).status == Status.MEMORY_FAILURE
    card.power_on()
    t.Terminal(card).select(AID)
    assert t.Terminal(card).do(Ins.READ_BINARY, 0x81, 0, le=5) == b"HELLO"


def test_a_card_with_a_damaged_registry_refuses_everything():
    card = make()
    card.power_off()
    card.memory.flip(200)
    card.power_on()
    assert t.Terminal(card.fork()).send(Ins.SELECT, 4, 0, b"", 256).status == Status.MEMORY_FAILURE


def test_a_worn_page_is_refused_and_keeps_what_it_held():
    card = make()
    (entry,) = card._system.registry.applications
    for page in entry.pages:
        card.memory.wear_out(page)
    terminal = t.Terminal(card)
    assert terminal.send(Ins.UPDATE_BINARY, 0x81, 0, b"HELLO").status == Status.MEMORY_FAILURE
    assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=5) == b"hello"
    assert terminal.send(Ins.VERIFY, 0, 0x81, b"1234").status == Status.MEMORY_FAILURE, "no try without a counter"


REAL = [
    bytes.fromhex(one)
    for one in (
        "00A4040006F059484B000100",
        "80F24002024F0000",
        "80E620000C000006F059484B000100000000",
        "80E40000084F06F059484B0001",
        "00C0000000",
        "0070000001",
        "01A4040006F059484B000100",
        "10D68100024142",
        "00D68100024142",
        "00B2011500",
    )
]


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=270) | st.sampled_from(REAL), max_size=12))
def test_whatever_is_sent_a_status_word_comes_back(commands):
    card = BASE.fork()
    for command in commands:
        answer = card.transmit(command)
        assert len(answer) >= 2
        assert answer[-2] & 0xF0 in {0x60, 0x90}
        assert answer[-2:] != b"\x6f\x00", command.hex()


BASE = make("small")


def test_an_error_inside_becomes_6f00_and_rolls_back(monkeypatch):
    from yohaku_emulator.container.files import Files

    card = make()

    def broken(*arguments):
        raise RuntimeError(len(arguments))

    monkeypatch.setattr(Files, "append", broken)
    terminal = t.Terminal(card)
    assert terminal.send(Ins.APPEND_RECORD, 0, 2 << 3, bytes(10)).status == Status.UNKNOWN
    assert not card._system.store.in_transaction


def test_no_secret_shows_in_a_repr_or_an_error():
    card = make()
    assert "1234" not in repr(card) + repr(card.snapshot()) + repr(card.memory)
    assert issubclass(PowerCut, YohakuError)
