"""Loading, listing and deleting on the emulated card."""

from collections.abc import Iterator

import pytest

from yohaku import ALWAYS, NEVER, Applet, CyclicFile, Key, LinearFile, Pin, Record, TransparentFile, connect, field
from yohaku.card import (
    AccessDeniedError,
    AppletNotInstalledError,
    AppletNotReadyError,
    Card,
    CardError,
    NoCardError,
    Secrets,
    StatusError,
)
from yohaku.card.session import AppletSession
from yohaku.errors import EncodeError, UnknownNameError, YohakuError
from yohaku.fields import Blob, UInt
from yohaku.globalplatform import (
    LOAD_FILE,
    AlreadyInstalledError,
    CardData,
    ContentError,
    Dgi,
    InstallRequest,
    LoadError,
    NoSpaceError,
    SecureChannelError,
    SecurityDomain,
    Step,
    delete_applet,
    load_applet,
)
from yohaku.iso7816 import Instruction
from yohaku.schema import compile_descriptor
from yohaku_emulator import errors as emulated
from yohaku_emulator.card import EmulatedCard
from yohaku_emulator.link import EmulatorLink


class Value(Record):
    number: int = field(UInt(16))


class Block(Record):
    content: bytes = field(Blob(700))


class Shop(Applet, aid="F0 59 48 4B 54 05"):
    """試験"""

    owner = Pin(length=4)
    master = Key()
    value = TransparentFile(Value, read=ALWAYS, update=master)
    block = TransparentFile(Block, read=ALWAYS, update=master)
    log = CyclicFile(Value, records=3, read=ALWAYS, append=master)
    book = LinearFile(Value, records=2, read=ALWAYS, append=master)


class NewShop(Applet, aid="F0 59 48 4B 54 05", version=2, name="shop"):
    """試験"""

    value = TransparentFile(Value, read=ALWAYS, update=ALWAYS)


class Huge(Applet, aid="F0 59 48 4B 54 06"):
    """試験"""

    block = TransparentFile(Value, read=ALWAYS, update=ALWAYS, size=32767)
    other = TransparentFile(Value, read=ALWAYS, update=ALWAYS, size=32767)


class Tiny(Applet, aid="F0 59 48 4B 54 07"):
    """試験"""

    block = TransparentFile(Value, read=ALWAYS, update=ALWAYS)


SECRETS = Secrets.for_tests(Shop)
VALUES = [Value(number=number) for number in range(5)]


@pytest.fixture
def card() -> Iterator[Card]:
    with connect("emulator:") as made:
        yield made


def aids(card: Card) -> list[bytes]:
    return [entry.aid for entry in SecurityDomain.open(card).applications()]


def test_a_load_gives_every_part_its_first_value(card: Card) -> None:
    block = Block(content=bytes(range(100)) * 7)
    contents: dict[str, Record | list[Value]] = {"value": VALUES[3], "block": block, "log": VALUES, "book": VALUES[:2]}
    steps: list[Step] = []
    report = load_applet(card, Shop, secrets=SECRETS, contents=contents, progress=steps.append)
    assert (report.name, report.aid, report.blocks) == ("shop", Shop.aid, 4)
    assert report.descriptor_size == len(compile_descriptor(Shop))
    assert report.traffic.commands == 10, "one to look, three for the channel, six to load"
    assert [(step.done, step.total) for step in steps] == [(done, 3) for done in (0, 1, 2, 2, 2, 2, 2, 3)]
    assert [step.text for step in steps][3:-1] == [f"personalising shop, block {done} of 4" for done in (1, 2, 3, 4)]
    shop = card.open(Shop)
    assert shop.value.read() == VALUES[3]
    assert shop.block.read() == block
    assert shop.log.records() == VALUES[:1:-1]
    assert shop.book.records() == VALUES[:2]
    shop.owner.verify("1234")
    shop.master.authenticate(SECRETS["master"])


class Vault(Applet, aid="F0 59 48 4B 54 08"):
    """試験"""

    owner = Pin(length=4, tries=1)
    hidden = TransparentFile(Value, read=NEVER, update=owner)
    seen = TransparentFile(Value, read=owner, update=owner)


def test_what_is_loaded_can_be_read_back_as_far_as_it_can_be_and_nothing_stays_verified(card: Card) -> None:
    secrets = Secrets.for_tests(Vault)
    contents = {"hidden": VALUES[0], "seen": VALUES[1]}
    report = load_applet(card, Vault, secrets=secrets, contents=contents, reads_back=True)
    assert report.traffic.commands > 8
    session = AppletSession.of(card.open(Vault))
    assert session.send(0xB0, 0x80 | Vault.files()["seen"].sfi, 0, expected=2).status == 0x6982
    card.open(Vault).owner.verify("1234", last_try=True)


def test_contents_that_do_not_read_back_are_not_called_loaded(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yohaku.globalplatform.readback._held", lambda *_: [b"something else"])
    with pytest.raises(LoadError, match=r"value does not hold what was written into it.* deleted again"):
        load_applet(card, Shop, secrets=SECRETS, contents={"value": VALUES[0]}, reads_back=True)
    assert SecurityDomain.open(card).applications() == []


def begin(card: Card, *stray: Dgi) -> None:
    """Leave a load as one that was cut short leaves it, with other contents."""
    domain = SecurityDomain.open(card)
    domain.install(Shop.aid, compile_descriptor(Shop))
    domain.send(Instruction.INSTALL, 0x20, 0, InstallRequest(Shop.aid).to_bytes())
    response = domain.send(Instruction.STORE_DATA, 0x08, 0, b"".join(item.to_bytes() for item in stray))
    domain.check(response, "beginning")


@pytest.mark.parametrize("stray", [Dgi(0x0301, b"\0\0\7"), Dgi(0x0302, b"\2\x58!")])
def test_a_card_that_holds_something_else_is_not_called_loaded(card: Card, stray: Dgi) -> None:
    """Zeros do not travel, so what a load of other contents left stays; the card itself finds it."""
    begin(card, stray)
    with pytest.raises(LoadError, match=r"does not hold what was sent; the half-loaded instance was deleted again"):
        load_applet(card, Shop, secrets=SECRETS, contents={"log": VALUES}, resume=True)
    assert aids(card) == []
    load_applet(card, Shop, secrets=SECRETS, contents={"log": VALUES})


def test_records_of_a_load_that_was_cut_short_are_forgotten(card: Card) -> None:
    begin(card, Dgi(0x0403, b"\0\7"), Dgi(0x0404, b"\0\7"))
    load_applet(card, Shop, secrets=SECRETS, contents={"log": VALUES}, resume=True)
    shop = card.open(Shop)
    assert (shop.log.records(), shop.book.records()) == (VALUES[:1:-1], [])


def test_a_small_load_is_seven_commands_three_of_them_for_the_channel(card: Card) -> None:
    assert load_applet(card, Shop, secrets=SECRETS).traffic.commands == 7


def test_an_applet_without_secrets_and_contents_is_loaded(card: Card) -> None:
    load_applet(card, NewShop, secrets=Secrets())
    assert card.open(NewShop).value.read() == Value(number=0)


def test_a_second_load_changes_nothing(card: Card) -> None:
    load_applet(card, Shop, secrets=SECRETS, contents={"value": VALUES[3]})
    with pytest.raises(AlreadyInstalledError, match="shop version 1 is on this card already; nothing was changed"):
        load_applet(card, Shop, secrets=SECRETS)
    with pytest.raises(AlreadyInstalledError, match="the card holds version 1, this program declares version 2"):
        load_applet(card, NewShop, secrets=Secrets())
    assert card.open(Shop).value.read() == VALUES[3]


def test_a_load_that_was_cut_short_must_be_deleted_first(card: Card) -> None:
    SecurityDomain.open(card).install(Shop.aid, compile_descriptor(Shop))
    with pytest.raises(AlreadyInstalledError, match="its load was never completed; delete it"):
        load_applet(card, Shop, secrets=SECRETS)
    delete_applet(card, Shop.aid)
    load_applet(card, Shop, secrets=SECRETS)


def test_a_card_that_is_gone_is_not_called_loaded(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_aid: bytes, **_names: str) -> None:
        raise NoCardError("the card was taken away; insert it")

    monkeypatch.setattr(card, "select", gone)
    with pytest.raises(NoCardError, match="taken away"):
        load_applet(card, Shop, secrets=SECRETS)


def test_a_failed_load_is_rolled_back_and_says_so(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    free = SecurityDomain.open(card).free_bytes()
    monkeypatch.setattr("yohaku.globalplatform.load.PIN_VALUE", 0x0700)
    with pytest.raises(LoadError, match=r"personalising F0 .* 6A88 .*; the half-loaded instance was deleted again"):
        load_applet(card, Shop, secrets=SECRETS)
    assert aids(card) == []
    assert SecurityDomain.open(card).free_bytes() == free


def test_an_interrupted_load_is_rolled_back(card: Card) -> None:
    def interrupt(step: Step) -> None:
        if step.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_applet(card, Shop, secrets=SECRETS, progress=interrupt)
    assert aids(card) == []


def test_a_roll_back_that_fails_says_what_to_do(card: Card) -> None:
    def leave(step: Step) -> None:
        if step.done == 2:
            delete_applet(card, Shop.aid)

    with pytest.raises(LoadError, match=r"could not be deleted again \(nothing of AID .*delete it before the next try"):
        load_applet(card, Shop, secrets=SECRETS, progress=leave)


def test_too_little_memory_leaves_nothing(card: Card) -> None:
    free = SecurityDomain.open(card).free_bytes()
    with pytest.raises(NoSpaceError, match=f"too little memory, {free} bytes are free; delete an applet"):
        load_applet(card, Huge, secrets=Secrets())
    assert aids(card) == []


@pytest.mark.parametrize(
    ("contents", "error", "said"),
    [
        ({"vlue": VALUES[0]}, UnknownNameError, "no file 'vlue' in shop: .*did you mean 'value'"),
        ({"value": Value(number=70000)}, EncodeError, "number"),
        ({"value": VALUES}, ContentError, "value starts with one Value, not with a list"),
        ({"value": Block(content=bytes(700))}, ContentError, "value starts with one Value, not with a Block"),
        ({"log": VALUES[0]}, ContentError, "log starts with a list of Value, not with a Value"),
        ({"log": [Block(content=bytes(700))]}, ContentError, "log starts with a list of Value"),
        ({"book": VALUES}, ContentError, "book has room for 2 records, not for 5"),
    ],
)
def test_contents_are_checked_before_anything_is_sent(
    card: Card, contents: dict[str, Record | list[Record]], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        load_applet(card, Shop, secrets=SECRETS, contents=contents)
    assert card.traffic.commands == 0


def test_the_registry_lists_domain_applications_and_load_files(card: Card) -> None:
    load_applet(card, Shop, secrets=SECRETS)
    load_applet(card, Tiny, secrets=Secrets())
    domain = SecurityDomain.open(card)
    assert {entry.aid for entry in domain.applications()} == {bytes(Shop.aid), bytes(Tiny.aid)}
    first, *_ = domain.registry()
    assert first.aid == bytes.fromhex("A000000151000000")
    shop = next(entry for entry in domain.registry() if entry.aid == Shop.aid)
    assert (shop.life, shop.load_file) == (0x0F, LOAD_FILE)


def test_a_long_registry_comes_in_parts(card: Card) -> None:
    for number in range(12):
        SecurityDomain.open(card).install(
            bytes.fromhex("F059484B5500") + bytes((number,)) * 10, compile_descriptor(Tiny)
        )
    domain = SecurityDomain.open(card)
    before = card.traffic.snapshot()
    assert len({entry.aid for entry in domain.applications()}) == 12
    assert (card.traffic - before).commands > 1


def test_an_applet_is_deleted_with_what_it_took(card: Card) -> None:
    free = SecurityDomain.open(card).free_bytes()
    load_applet(card, Shop, secrets=SECRETS)
    resources = SecurityDomain.open(card).resources()
    assert resources is not None
    assert free is not None
    assert resources.free is not None
    assert resources.free < free
    delete_applet(card, Shop.aid)
    assert SecurityDomain.open(card).free_bytes() == free
    with pytest.raises(AppletNotInstalledError, match="nothing of AID F0 59 48 4B 54 05 is on this card"):
        delete_applet(card, Shop.aid)


def test_a_card_says_which_specification_it_follows(card: Card) -> None:
    assert SecurityDomain.open(card).card_data() == CardData((2, 3, 1), ((3, 0x70),))


def test_an_unknown_container_is_named(card: Card) -> None:
    domain = SecurityDomain.open(card)
    with pytest.raises(StatusError, match=r"installing F0 .*the container itself is not on this card"):
        domain.install(Shop.aid, compile_descriptor(Shop), load_file=bytes.fromhex("F000000000"))


def test_more_than_256_blocks_are_refused_before_anything_is_sent(card: Card) -> None:
    domain = SecurityDomain.open(card)
    before = card.traffic.snapshot()
    with pytest.raises(CardError, match="these contents take 257 blocks, one personalisation has 256 at most"):
        domain.personalise(Shop.aid, [Dgi(0x0401, bytes(200))] * 257)
    assert (card.traffic - before).commands == 0


def test_a_part_that_does_not_fit_in_a_protected_command_is_refused_before_anything_is_sent(card: Card) -> None:
    domain = SecurityDomain.open(card)
    before = card.traffic.snapshot()
    with pytest.raises(CardError, match="has 253 bytes, 239 fit in a command"):
        domain.personalise(Shop.aid, [Dgi(0x0401, bytes(250))])
    assert (card.traffic - before).commands == 0


def test_a_malformed_descriptor_is_refused(card: Card) -> None:
    with pytest.raises(StatusError, match=r"installing F0 .*: 6A80"):
        SecurityDomain.open(card).install(Shop.aid, b"\x01")


class WantsSecureChannel:
    """The emulator, answering 6982 to class 80 as a card with keys would."""

    is_emulator = True
    name = "a locked card"

    def __init__(self, card: Card) -> None:
        self.atr, self.reset, self.close = card.atr, card.reset, card.close
        self._card = card

    def transmit(self, command: bytes, /) -> bytes:
        return b"\x69\x82" if command[0] == 0x80 else self._card.transmit(command)


def test_a_card_that_wants_a_secure_channel_gets_a_sentence(card: Card) -> None:
    locked = Card(WantsSecureChannel(card))
    for attempt in (
        lambda: load_applet(locked, Shop, secrets=SECRETS),
        lambda: delete_applet(locked, Shop.aid),
        lambda: SecurityDomain.open(locked),
    ):
        with pytest.raises(SecureChannelError, match="lets nobody authenticate"):
            attempt()
    domain = SecurityDomain.select(locked)
    with pytest.raises(AccessDeniedError, match="wants a secure channel first; give the keys"):
        domain.registry()
    assert (domain.resources(), domain.free_bytes(), domain.card_data()) == (None, None, None)


def test_a_load_cut_at_any_write_leaves_none_or_a_half_that_says_so() -> None:
    cut, outcomes = 0, set[str]()
    while True:
        cut += 1
        emulated = EmulatedCard()
        card = Card(EmulatorLink(emulated, "emulator:"))
        emulated.memory.cut_at(cut)
        try:
            load_applet(card, Shop, secrets=SECRETS, contents={"log": VALUES})
        except YohakuError:
            card.reset()
        else:
            break
        outcomes.add(state(card))
        load_applet(card, Shop, secrets=SECRETS, contents={"log": VALUES})
        assert card.open(Shop).log.records() == VALUES[:1:-1]
    assert outcomes == {"absent", "half", "complete"}


def state(card: Card) -> str:
    """Say what is on the card, and delete it."""
    try:
        card.open(Shop)
    except AppletNotInstalledError:
        return "absent"
    except AppletNotReadyError:
        delete_applet(card, Shop.aid)
        return "half"
    delete_applet(card, Shop.aid)
    return "complete"


class TestEarlyContainers:
    """A container of version 1.0 answers 6A88 to a digest, and nothing of that block is taken."""

    @pytest.fixture(autouse=True)
    def knows_no_digest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_arguments: object) -> None:
            raise emulated.StatusError(0x6A88)

        monkeypatch.setattr("yohaku_emulator.container.applet.check_digest", refuse)

    def test_contents_go_without_proof_and_are_read_back(self, card: Card) -> None:
        contents: dict[str, Record | list[Value]] = {"value": VALUES[3], "log": VALUES}
        steps: list[Step] = []
        load_applet(card, Shop, secrets=SECRETS, contents=contents, progress=steps.append)
        assert "reading shop" in [step.text for step in steps]
        shop = card.open(Shop)
        assert (shop.value.read(), shop.log.records()) == (VALUES[3], VALUES[:1:-1])

    def test_what_is_not_there_is_found_by_reading(self, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("yohaku.globalplatform.readback._held", lambda *_: [b"something else"])
        with pytest.raises(LoadError, match=r"value does not hold what was written into it.* deleted again"):
            load_applet(card, Shop, secrets=SECRETS, contents={"value": VALUES[0]})
        assert aids(card) == []
