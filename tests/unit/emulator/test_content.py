"""Content management on the card: load files, instances, domains, life cycles, keys and data objects."""

import logging
from dataclasses import replace

import pytest

from yohaku.globalplatform.cap import Package
from yohaku.globalplatform.cap.layouts import Tag
from yohaku.globalplatform.cap.model import component
from yohaku.globalplatform.cap.writer import FRAMEWORK, JAVA_LANG, SmallCap
from yohaku.globalplatform.keydata import KeyField, PutKeyRequest
from yohaku.globalplatform.keys import Algorithm, KeySet
from yohaku.globalplatform.loadfile import LoadRequest, Quotas, blocks, load_file
from yohaku.globalplatform.scp import AuthenticationError, open_channel
from yohaku.globalplatform.wire import InstallRequest, parse_registry
from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku.iso7816.tlv import Tlv
from yohaku_emulator import PROFILES, EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.container import LOAD_FILE, MODULE
from yohaku_emulator.domains import applet as domains

CARD = EmulatedCard("generic", seed=3)
CARD.power_on()
ISSUER = bytes.fromhex("A000000151000000")
PACKAGE = Package(bytes.fromhex("F059484BCA"), (1, 2))
CLASS, INSTANCE, DOMAIN = PACKAGE.aid + b"\x01", PACKAGE.aid + b"\x01\x01", PACKAGE.aid + b"\xdd"
CAP = SmallCap(PACKAGE, (CLASS,), bulk=700)
BOX = bytes.fromhex("F059484B0001")
OK = Status.OK


def data_of(cap, order=None):
    parts = cap.components()
    wanted = [tag for tag in order or parts if tag != Tag.DESCRIPTOR]
    return b"".join(component(tag, parts[tag], extended=cap.extended) for tag in wanted)


@pytest.fixture
def card():
    return CARD.fork()


@pytest.fixture
def domain(card):
    return t.Terminal(card).manage()


def load(domain, data=None, *, aid=PACKAGE.aid, size=200, announced=b"", parameters=b"", owner=b""):
    """Load a load file data block; give the status word of the first refusal, or of the last block."""
    data = data_of(CAP) if data is None else data
    request = LoadRequest(aid, owner, announced, parameters)
    status = domain.send(Ins.INSTALL, 0x02, 0, request.to_bytes(), 256).status
    parts = blocks(load_file(data), size)
    for number, part in enumerate(parts):
        if status != OK:
            return status
        last = 0x80 if number == len(parts) - 1 else 0
        status = domain.send(Ins.LOAD, last, number, part, 256).status
    return status


def install(domain, aid=INSTANCE, *, source=PACKAGE.aid, module=CLASS, p1=0x0C, privileges=b"\0", parameters=b"\xc9\0"):
    request = InstallRequest(aid, source, module, privileges, parameters)
    return domain.send(Ins.INSTALL, p1, 0, request.to_bytes(), 256).status


def delete(domain, aid, *, related=False):
    return domain.send(Ins.DELETE, 0, 0x80 if related else 0, Tlv(0x4F, aid).to_bytes(), 256).status


def registry(domain, kind=0x40):
    response = domain.send(Ins.GET_STATUS, kind, 2, b"\x4f\x00", 256)
    return {entry.aid: entry for entry in parse_registry(response.data)} if response.status == OK else {}


def free(card):
    return card._system.registry.free_bytes


def test_a_load_file_takes_its_memory_and_is_listed_with_its_modules(card, domain):
    before, size = free(card), len(data_of(CAP))
    assert load(domain) == OK
    assert before - free(card) >= size
    entry = registry(domain, 0x10)[PACKAGE.aid]
    assert (entry.version, entry.modules, entry.domain, entry.life) == (b"\x01\x02", (CLASS,), ISSUER, 1)
    card.power_on()
    assert PACKAGE.aid in registry(t.Terminal(card).manage(), 0x20)


def test_an_instance_of_a_loaded_class_is_listed_and_answers_6d00_with_the_reason_in_the_log(card, domain, caplog):
    load(domain)
    assert install(domain) == OK
    entry = registry(domain)[INSTANCE]
    assert (entry.load_file, entry.life, entry.domain) == (PACKAGE.aid, 0x07, ISSUER)
    terminal = t.Terminal(card)
    terminal.select(INSTANCE)
    with caplog.at_level(logging.WARNING):
        assert terminal.send(Ins.READ_BINARY, 0x81, 0, le=1).status == Status.INSTRUCTION_UNKNOWN
    assert "cannot run the code" in caplog.text


@pytest.mark.parametrize("size", [1, 2, 3, 5, 127, 255 - 16])
def test_a_load_file_may_be_cut_anywhere(domain, size):
    small = SmallCap(PACKAGE, (CLASS,))
    assert load(domain, data_of(small), size=size) == OK


@pytest.mark.parametrize(("minor", "extended"), [(1, False), (2, False), (3, False), (3, True)])
def test_every_format_is_taken(domain, minor, extended):
    assert load(domain, data_of(SmallCap(PACKAGE, (CLASS,), minor=minor, extended=extended))) == OK
    assert install(domain) == OK


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_the_announced_hash_is_compared(domain, algorithm):
    import hashlib

    right = hashlib.new(algorithm, data_of(CAP)).digest()
    assert load(domain, announced=right[:-1] + bytes((right[-1] ^ 1,))) == Status.WRONG_DATA
    assert load(domain, announced=right[:-1]) == Status.WRONG_DATA
    assert load(domain, announced=right) == OK


def without(cap, tag):
    return data_of(cap, [each for each in cap.components() if each != tag])


ORDER = list(CAP.components())


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (data_of(CAP)[:-1], 0x6A80),
        (data_of(CAP) + b"\0", 0x6A80),
        (without(CAP, Tag.METHOD), 0x6A80),
        (data_of(CAP, [ORDER[0], ORDER[1], ORDER[3], ORDER[2], *ORDER[4:]]), 0x6A80),
        (data_of(CAP).replace(b"\xde\xca\xff\xed", b"\xde\xad\xff\xed"), 0x6A80),
        (data_of(replace(CAP, package=Package(PACKAGE.aid + b"\x07", (1, 0)))), 0x6A80),
        (data_of(replace(CAP, imports=(Package(bytes(7), (1, 0)), FRAMEWORK))), 0x6438),
        (data_of(replace(CAP, imports=(JAVA_LANG, Package(FRAMEWORK.aid, (1, 9))))), 0x6438),
        (data_of(replace(CAP, imports=(JAVA_LANG, Package(FRAMEWORK.aid, (2, 0))))), 0x6438),
        (b"", 0x6A80),
    ],
    ids=[
        "cut",
        "longer",
        "a component missing",
        "order",
        "magic",
        "another AID",
        "unknown import",
        "newer import",
        "other major version",
        "empty",
    ],
)
def test_what_is_not_sound_is_refused_and_its_memory_comes_back(card, domain, data, status):
    before = free(card)
    assert load(domain, data) == status
    assert free(card) == before
    assert PACKAGE.aid not in registry(domain, 0x20)
    assert load(domain) == OK


def test_blocks_come_in_strict_order_and_a_refusal_ends_the_load(card, domain):
    before = free(card)
    parts = blocks(load_file(data_of(CAP)), 200)
    request = LoadRequest(PACKAGE.aid).to_bytes()
    for wrong in (1, 2):
        assert domain.send(Ins.INSTALL, 0x02, 0, request, 256).status == OK
        if wrong == 2:
            assert domain.send(Ins.LOAD, 0, 0, parts[0], 256).status == OK
        assert domain.send(Ins.LOAD, 0, wrong, parts[1], 256).status == Status.CONDITIONS
        assert domain.send(Ins.LOAD, 0, 0, parts[0], 256).status == Status.CONDITIONS
        assert free(card) == before
    assert domain.send(Ins.LOAD, 0, 0, parts[0], 256).status == Status.CONDITIONS


def test_a_load_ends_when_something_else_is_done_and_gives_its_memory_back(card):
    before = free(card)
    first = blocks(load_file(data_of(CAP)), 200)[0]
    for end in (lambda _: t.Terminal(card).select(), install, lambda _: card.power_on()):
        domain = t.Terminal(card).manage()
        domain.do(Ins.INSTALL, 0x02, 0, LoadRequest(PACKAGE.aid).to_bytes(), 256)
        domain.do(Ins.LOAD, 0, 0, first, 256)
        assert free(card) < before
        end(domain)
        assert free(card) == before


def test_pages_of_a_load_are_not_given_to_others_meanwhile(card):
    t.Terminal(card).do(Ins.MANAGE_CHANNEL, 0, 1)
    loading, other = t.Terminal(card, 0).manage(), t.Terminal(card, 1).manage()
    parts = blocks(load_file(data_of(CAP)), 200)
    loading.do(Ins.INSTALL, 0x02, 0, LoadRequest(PACKAGE.aid).to_bytes(), 256)
    loading.do(Ins.LOAD, 0, 0, parts[0], 256)
    other.do(Ins.INSTALL, 0x0C, 0, t.install_data(BOX, t.descriptor(files=[t.transparent(1, 900)])), 256)
    for number, part in enumerate(parts[1:], 1):
        loading.do(Ins.LOAD, 0x80 if number == len(parts) - 1 else 0, number, part, 256)
    entries = card._system.registry.entries
    assert not set(entries[BOX].pages) & set(entries[PACKAGE.aid].pages)
    assert install(loading) == OK


def test_a_load_that_does_not_fit_is_refused_at_once(card, domain):
    before = free(card)
    assert load(domain, data_of(replace(CAP, bulk=before))) == Status.NO_SPACE
    assert load(domain, parameters=Quotas(code=before + 1).to_bytes()) == Status.NO_SPACE
    assert free(card) == before
    assert load(domain, parameters=Quotas(code=1000).to_bytes()) == OK


def test_an_aid_names_one_thing(domain):
    assert load(domain) == OK
    for aid in (PACKAGE.aid, LOAD_FILE, ISSUER):
        assert load(domain, aid=aid) == Status.CONDITIONS
        assert install(domain, aid) == Status.CONDITIONS


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"source": b"\xf0\1\2\3\4"}, 0x6A88),
        ({"module": CLASS + b"\1"}, 0x6A88),
        ({"aid": b"\xf0\1\2\3"}, 0x6A80),
        ({"privileges": b"\x80"}, 0x6A80),
        ({"privileges": b"\x01\0\0"}, 0x6A80),
        ({"parameters": b""}, 0x6A80),
        ({"p1": 0x0E}, 0x6A86),
        ({"p1": 0x04}, 0x9000),
    ],
)
def test_install_checks_every_field(domain, change, status):
    load(domain)
    assert install(domain, **change) == status


def test_an_instance_is_made_selectable_in_a_second_step(card, domain):
    load(domain)
    install(domain, p1=0x04)
    terminal = t.Terminal(card)
    assert terminal.send(Ins.SELECT, 4, 0, INSTANCE, 256).status == Status.FILE_NOT_FOUND
    domain = terminal.manage()
    assert install(domain, source=b"", module=b"", p1=0x08, parameters=b"") == OK
    assert install(domain, source=b"", module=b"", p1=0x08, parameters=b"") == Status.CONDITIONS
    terminal.select(INSTANCE)


def test_a_load_file_goes_with_its_instances_or_not_at_all(card, domain):
    before = free(card)
    load(domain)
    install(domain)
    install(domain, INSTANCE + b"\2")
    assert delete(domain, PACKAGE.aid) == Status.CONDITIONS
    assert delete(domain, PACKAGE.aid, related=True) == OK
    assert (free(card), registry(domain)) == (before, {})


def test_a_load_file_that_others_import_stays(card, domain):
    before = free(card)
    load(domain)
    user = SmallCap(Package(PACKAGE.aid + b"\5", (1, 0)), (), (Package(PACKAGE.aid, (1, 1)), FRAMEWORK))
    assert load(domain, data_of(user), aid=user.package.aid) == OK
    assert delete(domain, PACKAGE.aid, related=True) == Status.CONDITIONS
    assert delete(domain, user.package.aid) == OK
    assert delete(domain, PACKAGE.aid) == OK
    assert free(card) == before


def test_what_was_there_before_and_the_issuer_stay(domain):
    for aid, status in ((ISSUER, 0x6985), (LOAD_FILE, 0x6A88), (b"\xf0\1\2\3\4", 0x6A88)):
        assert delete(domain, aid, related=True) == status


def test_an_instance_in_use_elsewhere_stays(card, domain):
    load(domain)
    install(domain)
    terminal = t.Terminal(card)
    terminal.do(Ins.MANAGE_CHANNEL, 0, 1)
    t.Terminal(card, 1).select(INSTANCE)
    domain = terminal.manage()
    assert delete(domain, PACKAGE.aid, related=True) == Status.CONDITIONS
    t.Terminal(card, 1).select()
    assert delete(domain, PACKAGE.aid, related=True) == OK


def make_domain(domain, aid=DOMAIN, *, quota=0, privileges=b"\x80\x80\0"):
    limits = Quotas(permanent=quota).to_bytes() if quota else b""
    return install(
        domain,
        aid,
        source=domains.LOAD_FILE,
        module=domains.MODULE,
        privileges=privileges,
        parameters=b"\xc9\0" + limits,
    )


def test_a_security_domain_has_its_own_content_and_may_not_manage_it_without_leave(card, domain):
    assert make_domain(domain) == OK
    assert load(domain, owner=DOMAIN) == OK
    assert registry(domain, 0x20)[PACKAGE.aid].domain == DOMAIN
    assert delete(domain, DOMAIN) == Status.CONDITIONS
    assert load(domain, aid=PACKAGE.aid + b"\1", owner=b"\xf0\1\2\3\4") == Status.REFERENCE_NOT_FOUND
    terminal = t.Terminal(card)
    terminal.select(DOMAIN)
    assert terminal.send(Ins.GET_DATA, 0, 0xE0, le=256, cla=0x80).data == b"\xe0\0"
    assert terminal.send(0x50, 0x31, 0, bytes(8), 256, cla=0x80).status == Status.REFERENCE_NOT_FOUND
    channel = t.Management(open_channel(t.Raw(terminal), KeySet.for_tests()))
    assert load(channel, aid=PACKAGE.aid) == Status.CONDITIONS
    assert delete(channel, PACKAGE.aid) == Status.CONDITIONS


def test_a_domain_is_made_of_the_domains_module_and_nothing_else(domain):
    assert make_domain(domain, privileges=b"\0") == Status.WRONG_DATA
    load(domain)
    assert install(domain, privileges=b"\x80\0\0") == Status.WRONG_DATA
    assert make_domain(domain, privileges=b"\x80") == OK
    assert registry(domain)[DOMAIN].privileges == b"\x80\x80\0"


def test_a_quota_holds_for_load_files_instances_and_what_is_handed_over(domain):
    make_domain(domain, quota=600)
    assert load(domain, owner=DOMAIN) == Status.NO_SPACE
    assert load(domain, data_of(replace(CAP, bulk=10)), owner=DOMAIN) == OK
    big = Package(PACKAGE.aid + b"\2", (1, 0))
    assert load(domain, data_of(replace(CAP, package=big, applets=())), aid=big.aid) == OK
    request = InstallRequest(big.aid, load_file=DOMAIN).to_bytes()
    assert domain.send(Ins.INSTALL, 0x10, 0, request, 256).status == Status.NO_SPACE


def test_extradition_changes_the_owner(domain):
    make_domain(domain)
    load(domain)
    install(domain)
    request = InstallRequest(INSTANCE, load_file=DOMAIN).to_bytes()
    assert domain.send(Ins.INSTALL, 0x10, 0, request, 256).status == OK
    assert registry(domain)[INSTANCE].domain == DOMAIN
    assert domain.send(Ins.INSTALL, 0x10, 0, request, 256).status == Status.CONDITIONS
    nowhere = InstallRequest(PACKAGE.aid, load_file=INSTANCE).to_bytes()
    assert domain.send(Ins.INSTALL, 0x10, 0, nowhere, 256).status == Status.REFERENCE_NOT_FOUND


def test_domains_form_a_tree(domain):
    second = DOMAIN + b"\2"
    make_domain(domain)
    make_domain(domain, second)

    def hand_over(what, to):
        return domain.send(Ins.INSTALL, 0x10, 0, InstallRequest(what, load_file=to).to_bytes(), 256).status

    assert hand_over(DOMAIN, DOMAIN) == Status.CONDITIONS
    assert hand_over(DOMAIN, second) == OK
    assert hand_over(second, DOMAIN) == Status.CONDITIONS


def test_a_domain_below_another_is_opened_with_the_nearest_keys_above(card, domain):
    second = DOMAIN + b"\2"
    make_domain(domain)
    make_domain(domain, second)
    domain.do(Ins.INSTALL, 0x10, 0, InstallRequest(second, load_file=DOMAIN).to_bytes(), 256)
    terminal = t.Terminal(card)
    terminal.select(DOMAIN)
    assert put_key(t.Management(open_channel(t.Raw(terminal), KeySet.for_tests())), NEW).status == OK
    terminal.select(second)
    open_channel(t.Raw(terminal), NEW)
    with pytest.raises(AuthenticationError):
        open_channel(t.Raw(terminal), KeySet.for_tests())


def test_a_load_on_a_worn_page_is_refused_and_gives_its_memory_back(card, domain):
    before = free(card)
    request = LoadRequest(PACKAGE.aid).to_bytes()
    domain.do(Ins.INSTALL, 0x02, 0, request, 256)
    parts = blocks(load_file(data_of(CAP)), 200)
    domain.do(Ins.LOAD, 0, 0, parts[0], 256)
    card.memory.wear_out(card._system.registry.free[0] - 1)
    statuses = [domain.send(Ins.LOAD, 0, number, part, 256).status for number, part in enumerate(parts[1:], 1)]
    assert Status.MEMORY_FAILURE in statuses
    assert free(card) == before - card._system.store.payload, "all but the worn page"


def test_registry_update_changes_privileges(domain):
    load(domain)
    install(domain)
    update = InstallRequest(INSTANCE, privileges=b"\0\x08\0").to_bytes()
    assert domain.send(Ins.INSTALL, 0x40, 0, update, 256).status == OK
    assert registry(domain)[INSTANCE].privileges == b"\0\x08\0"
    forbidden = InstallRequest(INSTANCE, privileges=b"\x80\0\0").to_bytes()
    assert domain.send(Ins.INSTALL, 0x40, 0, forbidden, 256).status == Status.WRONG_DATA


def test_a_locked_instance_cannot_be_selected_or_personalised(card, domain):
    load(domain)
    install(domain)
    assert domain.send(Ins.SET_STATUS, 0x40, 0x80, INSTANCE).status == OK
    assert domain.send(Ins.SET_STATUS, 0x40, 0x80, INSTANCE).status == Status.WRONG_DATA
    assert registry(domain)[INSTANCE].life == 0x87
    assert domain.send(Ins.INSTALL, 0x20, 0, InstallRequest(INSTANCE).to_bytes(), 256).status == Status.CONDITIONS
    terminal = t.Terminal(card)
    assert terminal.send(Ins.SELECT, 4, 0, INSTANCE, 256).status == Status.FILE_NOT_FOUND
    domain = terminal.manage()
    assert domain.send(Ins.SET_STATUS, 0x40, 0x07, INSTANCE).status == OK
    terminal.select(INSTANCE)


def test_a_domain_is_locked_with_all_that_is_its_own(domain):
    make_domain(domain)
    load(domain)
    install(domain)
    domain.do(Ins.INSTALL, 0x10, 0, InstallRequest(INSTANCE, load_file=DOMAIN).to_bytes(), 256)
    assert domain.send(Ins.SET_STATUS, 0x60, 0x80, DOMAIN).status == OK
    assert {entry.life & 0x80 for entry in registry(domain).values()} == {0x80}
    assert domain.send(Ins.SET_STATUS, 0x60, 0x80, INSTANCE).status == Status.WRONG_DATA


@pytest.mark.parametrize(
    ("p1", "aid", "status"),
    [
        (0x40, ISSUER, 0x6A88),
        (0x40, b"\xf0\1\2\3\4", 0x6A88),
        (0x40, PACKAGE.aid, 0x6A88),
        (0x20, PACKAGE.aid, 0x6A86),
    ],
)
def test_set_status_refuses(domain, p1, aid, status):
    load(domain)
    assert domain.send(Ins.SET_STATUS, p1, 0x80, aid).status == status


def test_a_locked_card_has_one_door(card, domain):
    domain.do(Ins.INSTALL, 0x0C, 0, t.install_data(BOX, t.descriptor(files=[t.transparent(1, 4)])), 256)
    assert domain.send(Ins.SET_STATUS, 0x80, 0x01).status == Status.WRONG_DATA
    assert domain.send(Ins.SET_STATUS, 0x80, 0x7F).status == OK
    card.power_on()
    terminal = t.Terminal(card)
    assert terminal.send(Ins.SELECT, 4, 0, BOX, 256).status == Status.FILE_NOT_FOUND
    assert terminal.send(Ins.SELECT, 4, 0, b"", 256).status == Status.FILE_DEACTIVATED
    channel = open_channel(t.Raw(terminal), KeySet.for_tests())
    domain = t.Management(channel)
    assert domain.send(Ins.SET_STATUS, 0x80, 0x0F).status == OK
    terminal.select(BOX)


def test_a_terminated_card_answers_get_data_and_nothing_else(card, domain):
    assert domain.send(Ins.SET_STATUS, 0x80, 0xFF).status == OK
    card.power_on()
    terminal = t.Terminal(card)
    assert terminal.send(Ins.SELECT, 4, 0, b"", 256).status == Status.CONDITIONS
    assert terminal.send(Ins.GET_DATA, 0, 0x66, le=256).status == OK


def put_key(domain, keys, *, replaces=0, check=None, p2=0x81, algorithm=Algorithm.AES):
    fields = []
    for number, key in enumerate((keys.enc, keys.mac, keys.dek)):
        padded = key + bytes(-len(key) % domain.channel.key_block)
        value = keys.check_values(algorithm)[number] if check is None else check
        fields.append(KeyField.of(key, algorithm, value, domain.channel.encrypt_secret(padded)))
    return domain.send(Ins.PUT_KEY, replaces, p2, PutKeyRequest(keys.version, tuple(fields)).to_bytes(), 256)


NEW = KeySet(bytes(range(16)), bytes(range(1, 17)), bytes(range(2, 18)), 0x31)


def opens(card, keys):
    terminal = t.Terminal(card)
    terminal.select()
    try:
        return open_channel(t.Raw(terminal), keys)
    except AuthenticationError:
        return None


@pytest.mark.parametrize("size", [16, 24, 32])
def test_keys_of_every_size_are_added_and_answer(card, domain, size):
    keys = KeySet(bytes(range(size)), bytes(range(1, size + 1)), bytes(range(2, size + 2)), 0x31)
    response = put_key(domain, keys)
    assert response.data == b"\x31" + b"".join(keys.check_values(Algorithm.AES))
    assert opens(card, keys)
    assert opens(card, KeySet.for_tests(version=0x30))
    terminal = t.Terminal(card)
    terminal.select()
    assert terminal.do(Ins.GET_DATA, 0, 0xE0, le=256, cla=0x80).count(b"\xc0\x04") == 6


def test_keys_are_replaced_in_their_place_and_the_session_goes_on(card, domain):
    assert put_key(domain, NEW.with_version(0x30), replaces=0x30).status == OK
    assert domain.send(Ins.GET_STATUS, 0x80, 2, b"\x4f\x00", 256).status == OK
    assert opens(card, NEW.with_version(0x30))
    assert opens(card, KeySet.for_tests()) is None


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"check": b"\1\2\3"}, 0x6982),
        ({"replaces": 0x7F}, 0x6A88),
        ({"p2": 0x01}, 0x6A80),
        ({"p2": 0x82}, 0x6A80),
        ({"keys": KeySet.for_tests(version=0x30)}, 0x6A80),
        ({"keys": KeySet.for_tests()}, 0x6A80),
        ({"keys": KeySet.single(bytes(32), version=0x31), "replaces": 0x30}, 0x6A80),
    ],
    ids=[
        "check value",
        "nothing there",
        "one key announced",
        "other identifier",
        "version taken",
        "no version",
        "other length",
    ],
)
def test_put_key_refuses_and_changes_nothing(card, domain, change, status):
    before = bytes(card.memory.cells)
    assert put_key(domain, **{"keys": NEW, **change}).status == status
    assert card.memory.cells == before


def test_put_key_wants_a_session_even_on_an_open_card():
    card = EmulatedCard("open")
    card.power_on()
    terminal = t.Terminal(card)
    terminal.select()
    assert terminal.send(Ins.PUT_KEY, 0, 0x81, bytes(70), 256, cla=0x80).status == Status.SECURITY_STATUS


def test_there_is_room_for_four_key_sets(domain):
    for version in (0x31, 0x32, 0x33):
        assert put_key(domain, NEW.with_version(version)).status == OK
    assert put_key(domain, NEW.with_version(0x34)).status == Status.NO_SPACE


def test_a_key_set_is_deleted_but_not_that_of_the_session(card, domain):
    put_key(domain, NEW)
    assert domain.send(Ins.DELETE, 0, 0, b"\xd2\1\x30", 256).status == Status.CONDITIONS
    assert domain.send(Ins.DELETE, 0, 0, b"\xd2\1\x32", 256).status == Status.REFERENCE_NOT_FOUND
    assert domain.send(Ins.DELETE, 0, 0, b"\xd0\1\x01", 256).status == Status.WRONG_DATA
    assert domain.send(Ins.DELETE, 0, 0, b"\xd2\1\x31", 256).status == OK
    assert opens(card, KeySet.for_tests(version=0x30))


def test_des_keys_are_put_on_a_card_with_scp02():
    card = EmulatedCard("scp02")
    card.power_on()
    domain = t.Terminal(card).manage()
    new = NEW.with_version(0x21)
    assert put_key(domain, new, algorithm=Algorithm.DES).data == b"\x21" + b"".join(new.check_values(Algorithm.DES))
    assert put_key(domain, new.with_version(0x22)).status == Status.WRONG_DATA
    assert opens(card, new)


def test_the_sequence_counter_starts_anew_with_new_keys(card, domain):
    put_key(domain, NEW.with_version(0x30), replaces=0x30)
    terminal = t.Terminal(card)
    terminal.select()
    assert terminal.do(Ins.GET_DATA, 0, 0xC1, le=256) == bytes(3)


def test_the_domain_takes_its_own_data_objects(card, domain):
    assert domain.send(Ins.STORE_DATA, 0x90, 0, b"\x42\x02AB\x45\x03XYZ").status == OK
    card.power_on()
    terminal = t.Terminal(card)
    assert terminal.send(Ins.GET_DATA, 0, 0x42, le=256).data == b"AB"
    assert terminal.send(Ins.GET_DATA, 0, 0x45, le=256).data == b"XYZ"


@pytest.mark.parametrize(
    ("p1", "p2", "data", "status"),
    [
        (0x90, 0, b"\xe0\x01x", 0x6A80),
        (0x90, 0, b"\x42\x05A", 0x6A80),
        (0x90, 0, b"", 0x6A80),
        (0x90, 0, b"\x42\x60" + bytes(96), 0x6A84),
        (0x10, 0, b"\x42\x01A", 0x6A86),
        (0x90, 1, b"\x42\x01A", 0x6A86),
        (0xF0, 0, b"\x42\x01A", 0x6A86),
        (0x88, 0, b"\x42\x01A", 0x6985),
    ],
)
def test_store_data_for_the_domain_refuses(domain, p1, p2, data, status):
    assert domain.send(Ins.STORE_DATA, p1, p2, data).status == status


def test_the_old_form_of_the_registry(domain):
    load(domain)
    install(domain)
    told = domain.send(Ins.GET_STATUS, 0x40, 0, b"\x4f\x00", 256).data
    assert told == bytes((len(INSTANCE),)) + INSTANCE + b"\x07\x00"
    files = domain.send(Ins.GET_STATUS, 0x10, 0, Tlv(0x4F, PACKAGE.aid).to_bytes(), 256).data
    assert files == bytes((5,)) + PACKAGE.aid + b"\x01\x00\x01" + bytes((6,)) + CLASS


def test_a_container_is_still_a_container(card):
    terminal = t.Terminal(card)
    terminal.install(BOX, t.descriptor(files=[t.transparent(1, 4)]))
    terminal.personalise(BOX, t.group(3, 1, b"\0\0data"))
    terminal.select(BOX)
    assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=4) == b"data"
    assert MODULE.startswith(LOAD_FILE)


def test_the_registry_has_room_for_as_many_as_the_profile_says():
    card = EmulatedCard(replace(PROFILES["generic"], slots=2))
    card.power_on()
    domain = t.Terminal(card).manage()
    assert load(domain) == OK
    assert install(domain) == OK
    assert install(domain, INSTANCE + b"\2") == Status.NO_SPACE
    other = Package(PACKAGE.aid + b"\2", (1, 0))
    before = free(card)
    assert load(domain, data_of(replace(CAP, package=other)), aid=other.aid) == Status.NO_SPACE
    assert free(card) == before
