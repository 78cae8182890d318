"""The host's side of content management, on the emulated card: channel, CAP files, domains, keys, diagnosis."""

from dataclasses import replace

import pytest

from yohaku.card import AccessDeniedError, Card, SecretError, Secrets, StatusError, connect
from yohaku.globalplatform import NoSpaceError, SecurityDomain, delete_applet, load_applet
from yohaku.globalplatform.cap import Package, read_cap
from yohaku.globalplatform.cap.writer import FRAMEWORK, SmallCap
from yohaku.globalplatform.capabilities import Capabilities
from yohaku.globalplatform.diagnosis import Condition, diagnose
from yohaku.globalplatform.keys import Diversification, Diversified, KeySet, diversify
from yohaku.globalplatform.rotation import RotationError, delete_keys, put_keys, rotate_keys, store_keys
from yohaku.globalplatform.scp import AuthenticationError, SecureChannelError
from yohaku.globalplatform.wire import WireError
from yohaku_applets.emergency_medical import EmergencyMedical
from yohaku_applets.library_card import LibraryCard
from yohaku_emulator import PROFILES, EmulatedCard
from yohaku_emulator.link import EmulatorLink

PACKAGE = Package(bytes.fromhex("F059484BCA"), (1, 0))
CLASS, INSTANCE, DOMAIN = PACKAGE.aid + b"\x01", PACKAGE.aid + b"\x01\x01", PACKAGE.aid + b"\xdd"
CAP = read_cap(SmallCap(PACKAGE, (CLASS,), bulk=600).to_bytes())
OLD, NEW = KeySet.for_tests(), KeySet(bytes(range(16)), bytes(range(1, 17)), bytes(range(2, 18)), 0x31)
SECRETS = Secrets.for_tests(LibraryCard)


@pytest.fixture(params=["generic", "scp02"])
def card(request):
    return connect(f"emulator:?profile={request.param}")


@pytest.fixture
def new(card):
    protocol = SecurityDomain.select(card).card_data().channels[0][0]
    return NEW.with_version(0x21 if protocol == 2 else 0x31)


def emulated(profile):
    return Card(EmulatorLink(EmulatedCard(profile), "emulated"))


class Real:
    """An emulated card that says it is a real one."""

    is_emulator = False

    def __init__(self, profile="generic"):
        self._link = EmulatorLink(EmulatedCard(profile), "ACME Reader")

    def __getattr__(self, name):
        return getattr(self._link, name)


def test_a_cap_file_is_loaded_in_blocks_and_its_applet_installed(card):
    domain = SecurityDomain.open(card)
    steps = []
    assert domain.load(CAP, progress=lambda *step: steps.append(step)) == 4
    assert steps == [(number, 4) for number in range(1, 5)]
    domain.install(INSTANCE, b"\x01\x02", load_file=PACKAGE.aid, module=CLASS)
    assert [entry.aid for entry in domain.applications()] == [INSTANCE]
    with pytest.raises(StatusError, match="6985"):
        domain.delete(PACKAGE.aid)
    domain.delete(PACKAGE.aid, related=True)
    assert domain.applications() == []


def test_a_cap_file_that_the_card_cannot_take_is_refused_with_the_reason(card):
    newer = Package(FRAMEWORK.aid, (1, 9))
    cap = read_cap(SmallCap(PACKAGE, (CLASS,), (newer,)).to_bytes())
    with pytest.raises(StatusError, match="imports is not on the card"):
        SecurityDomain.open(card).load(cap)
    big = read_cap(SmallCap(PACKAGE, (CLASS,), bulk=40_000).to_bytes())
    with pytest.raises(NoSpaceError, match="bytes are free"):
        SecurityDomain.open(card).load(big)
    huge = read_cap(SmallCap(PACKAGE, (CLASS,), bulk=64_000).to_bytes())
    with pytest.raises(WireError, match="LOAD counts to 256"):
        SecurityDomain.open(card).load(huge)


def test_a_domain_is_made_and_gets_content(card):
    domain = SecurityDomain.open(card)
    domain.create_domain(DOMAIN, quota=2000)
    domain.load(CAP, domain=DOMAIN)
    domain.install(INSTANCE, b"", load_file=PACKAGE.aid, module=CLASS)
    domain.extradite(INSTANCE, DOMAIN)
    owners = {entry.aid: entry.domain for entry in [*domain.applications(), *domain.load_files()]}
    assert owners[INSTANCE] == owners[PACKAGE.aid] == DOMAIN
    big = read_cap(SmallCap(Package(PACKAGE.aid + b"\2", (1, 0)), (), bulk=1800).to_bytes())
    with pytest.raises(NoSpaceError):
        domain.load(big, domain=DOMAIN)


def test_a_domain_has_keys_of_its_own_only_when_somebody_puts_them(card, new):
    SecurityDomain.open(card).create_domain(DOMAIN)
    assert SecurityDomain.open(card, OLD, aid=DOMAIN).keys().keys == ()
    assert rotate_keys(card, OLD, new, aid=DOMAIN).removed is None
    assert list(SecurityDomain.open(card, new, aid=DOMAIN).keys().versions) == [new.version]
    with pytest.raises(AuthenticationError):
        SecurityDomain.open(card, OLD, aid=DOMAIN)
    SecurityDomain.open(card, OLD)
    third = KeySet.single(bytes(range(3, 19)), version=new.version + 1)
    assert rotate_keys(card, new, third, aid=DOMAIN).removed == new.version


def test_locking_keeps_people_out_until_it_is_unlocked(card):
    load_applet(card, LibraryCard, secrets=SECRETS)
    SecurityDomain.open(card).set_locked(LibraryCard.aid, locked=True)
    assert diagnose(card, [LibraryCard]).found[0].condition is Condition.LOCKED
    SecurityDomain.open(card).set_locked(LibraryCard.aid, locked=False)
    card.open(LibraryCard)


def test_the_domain_keeps_data_objects(card):
    SecurityDomain.open(card).store(b"\x42\x03ABC")
    assert card.transmit(bytes.fromhex("00A4040000"))[-2:] == b"\x90\0"
    assert card.transmit(bytes.fromhex("00CA004200"))[:3] == b"ABC"


def test_keys_are_rotated_with_proof(card, new):
    done = rotate_keys(card, OLD, new)
    assert (done.added, done.removed) == (new.version, 0x20 if new.version == 0x21 else 0x30)
    with pytest.raises(AuthenticationError, match="no try was spent"):
        SecurityDomain.open(card)
    assert list(SecurityDomain.open(card, new).keys().versions) == [new.version]
    load_applet(card, LibraryCard, secrets=SECRETS, keys=new)
    delete_applet(card, LibraryCard.aid, keys=new)


def test_old_keys_may_stay_and_new_ones_may_take_their_place(card, new):
    assert rotate_keys(card, OLD, new, keep_old=True).removed is None
    SecurityDomain.open(card, OLD.with_version(new.version - 1))
    third = KeySet.single(bytes(range(3, 19)), version=new.version)
    assert rotate_keys(card, new, third, in_place=True).removed is None
    SecurityDomain.open(card, third)
    with pytest.raises(AuthenticationError):
        SecurityDomain.open(card, new)


def test_a_key_version_that_is_taken_is_not_overwritten(card, new):
    rotate_keys(card, OLD, new, keep_old=True)
    with pytest.raises(RotationError, match="give the new keys another one"):
        rotate_keys(card, OLD, KeySet.single(bytes(range(9, 25)), version=new.version))
    with pytest.raises(RotationError, match="give the new keys another one"):
        rotate_keys(card, new, new)


def test_an_exchange_that_was_cut_short_goes_on_and_one_that_is_done_stays_done(card, new):
    put_keys(SecurityDomain.open(card), new)
    first = new.version - 1 if new.version == 0x31 else 0x20
    assert rotate_keys(card, OLD, new).removed == first
    again = rotate_keys(card, OLD, new)
    assert (again.added, again.removed) == (new.version, None)
    assert rotate_keys(card, OLD.with_version(first), new).removed is None
    stranger = KeySet.single(bytes(range(9, 25)), version=new.version + 1)
    with pytest.raises(AuthenticationError, match="no try was spent"):
        rotate_keys(card, OLD, stranger)


def test_published_keys_are_not_put_on_a_real_card():
    card = Card(Real())
    rotate_keys(card, OLD, NEW, allow_test_keys=True)
    with pytest.raises(SecretError, match="ACME Reader is a real card"):
        rotate_keys(card, NEW, KeySet.for_tests(version=0x32))


def test_new_keys_that_do_not_open_are_taken_back(card, new, monkeypatch):
    from yohaku.globalplatform import rotation

    def fails(_):
        raise AuthenticationError("the channel does not open")

    opened = rotation.SecurityDomain.open
    monkeypatch.setattr(
        rotation.SecurityDomain,
        "open",
        lambda card, keys=None, **rest: fails(0) if keys is new else opened(card, keys, **rest),
    )
    with pytest.raises(RotationError, match="removed again, the card answers to the old ones"):
        rotate_keys(card, OLD, new)
    assert new.version not in SecurityDomain.open(card).keys().versions


def test_the_last_key_set_and_that_of_the_channel_stay(card):
    domain = SecurityDomain.open(card)
    with pytest.raises(StatusError, match="6985"):
        delete_keys(domain, domain.channel.terms.version)


def test_keys_do_not_travel_in_clear():
    card = emulated("open")
    with pytest.raises(SecureChannelError, match="none is open"):
        put_keys(SecurityDomain.select(card), NEW)


@pytest.mark.parametrize("size", [24, 32])
def test_long_keys_are_put_on_a_card_with_scp03(size):
    card = connect("emulator:")
    keys = KeySet(bytes(range(size)), bytes(range(1, size + 1)), bytes(range(2, size + 2)), 0x32)
    rotate_keys(card, OLD, keys)
    domain = SecurityDomain.open(card, keys)
    assert domain.keys().versions[0x32][0].components == ((0x88, size),)
    with pytest.raises(SecureChannelError, match="cannot use such keys"):
        put_keys(SecurityDomain.open(connect("emulator:?profile=scp02")), keys)


@pytest.mark.parametrize("method", [Diversification.VISA2, Diversification.EMV, Diversification.KDF3])
def test_a_card_with_diversified_keys_opens_with_the_master_keys(method):
    master = KeySet(bytes(range(5, 21)), bytes(range(6, 22)), bytes(range(7, 23)))
    plain = emulated("generic")
    data = SecurityDomain.open(plain).channel.terms.diversification
    own = diversify(master, data, method)
    card = emulated(replace(PROFILES["generic"], keys=own))
    SecurityDomain.open(card, Diversified(master, method))
    with pytest.raises(AuthenticationError):
        SecurityDomain.open(card, master)


def test_a_real_card_gets_no_test_keys_unless_that_is_allowed():
    card = Card(Real())
    with pytest.raises(SecretError, match="ACME Reader is a real card"):
        SecurityDomain.open(card, OLD)
    SecurityDomain.open(card, OLD, allow_test_keys=True)
    clear = SecurityDomain.open(card)
    assert clear.channel is None
    with pytest.raises(AccessDeniedError, match="give the keys of its security domain"):
        clear.applications()


def test_a_level_that_is_too_low_is_named(card):
    from yohaku.globalplatform.scp import Level

    domain = SecurityDomain.open(card, level=Level.NONE)
    with pytest.raises(AccessDeniedError, match="level 00"):
        domain.set_locked(INSTANCE, locked=True)


def test_a_diagnosis_tells_every_condition(card):
    assert diagnose(card, []).found == ()
    load_applet(card, LibraryCard, secrets=SECRETS)
    domain = SecurityDomain.open(card)
    from yohaku.schema import compile_descriptor

    domain.install(EmergencyMedical.aid, compile_descriptor(EmergencyMedical))
    domain.load(CAP)
    domain.install(INSTANCE, b"", load_file=PACKAGE.aid, module=CLASS)
    domain.create_domain(DOMAIN)
    told = diagnose(card, [LibraryCard, EmergencyMedical])
    assert [each.condition for each in told.found] == [
        Condition.READY,
        Condition.INCOMPLETE,
        Condition.FOREIGN,
        Condition.DOMAIN,
    ]
    assert "load it again" in told.found[1].advice
    free = SecurityDomain.select(card).free_bytes()
    assert (told.life, told.free, told.found[0].version) == ("secured", free, LibraryCard.version)
    assert dict(told.load_files)[PACKAGE.aid] == 1
    assert diagnose(card, []).found[0].condition is Condition.UNKNOWN


def test_a_diagnosis_tells_other_versions_and_other_declarations(card, monkeypatch):
    load_applet(card, LibraryCard, secrets=SECRETS)
    with monkeypatch.context() as patched:
        patched.setattr(LibraryCard, "version", 9)
        assert diagnose(card, [LibraryCard]).found[0].condition is Condition.OTHER_VERSION
    with monkeypatch.context() as patched:
        patched.setattr("yohaku.globalplatform.diagnosis.compile_descriptor", lambda _: b"another")
        assert diagnose(card, [LibraryCard]).found[0].condition is Condition.OTHER_DECLARATION


class Module:
    """Keys that stay where they are: the library asks for operations, as of a PKCS#11 token."""

    version, size, is_published = 0x31, 16, False

    def __init__(self, keys):
        self._ask, self.asked = keys, []

    def keys_for(self, data, protocol):
        self.asked.append((len(data), protocol))
        return self

    def aes_cmac(self, role, data):
        self.asked.append(("CKM_AES_CMAC", role))
        return self._ask.aes_cmac(role, data)

    def aes_encrypt(self, role, data):
        self.asked.append(("CKM_AES_CBC", role))
        return self._ask.aes_encrypt(role, data)

    def des_encrypt(self, role, data):
        self.asked.append(("CKM_DES3_CBC", role))
        return self._ask.des_encrypt(role, data)


def test_keys_may_stay_in_a_module(card, new):
    rotate_keys(card, OLD, new)
    module = Module(new)
    module.version = new.version
    load_applet(card, LibraryCard, secrets=SECRETS, keys=module)
    rotate_keys(card, module, KeySet.single(bytes(range(5, 21)), version=new.version + 1))
    protocol = 2 if new.version == 0x21 else 3
    operations = {each for each in module.asked if isinstance(each[0], str)}
    assert (10, protocol) in module.asked
    wanted = {("CKM_DES3_CBC", role) for role in (1, 2, 3)}
    assert operations == (wanted if protocol == 2 else {("CKM_AES_CMAC", 1), ("CKM_AES_CMAC", 2), ("CKM_AES_CBC", 3)})


def test_a_card_tells_what_it_can_do(card):
    told = SecurityDomain.select(card).capabilities()
    protocol, options, sizes = told.channels[0]
    assert (protocol, options, sizes) in {(3, (0x70,), (16, 24, 32)), (2, (0x55,), (16,))}
    assert told.hashes == ("sha1", "sha256", "sha384", "sha512")
    assert "delegated management" in told.domain_privileges.names
    assert Capabilities.from_bytes(told.to_bytes()) == told
    assert Capabilities.from_bytes(b"\x67\x00") == Capabilities()


def test_the_domain_above_gives_a_domain_its_keys(card, new):
    issuer = SecurityDomain.open(card)
    issuer.create_domain(DOMAIN)
    store_keys(issuer, new, DOMAIN)
    assert list(SecurityDomain.open(card, new, aid=DOMAIN).keys().versions) == [new.version]
    again = KeySet.single(bytes(range(9, 25)), version=new.version)
    store_keys(SecurityDomain.open(card), again, DOMAIN)
    SecurityDomain.open(card, again, aid=DOMAIN)
    assert new.version not in SecurityDomain.open(card).keys().versions
    with pytest.raises(StatusError, match="6A88"):
        store_keys(SecurityDomain.open(card), new, INSTANCE)


@pytest.mark.parametrize(
    ("p1", "data", "status"),
    [
        (0x88, b"", "6985"),
        (0x68, b"", "6985"),
        (0xE8, b"", "6A80"),
        (0xE8, b"\x00\xb9\x00", "6A80"),
        (0xE8, b"\x81\x13\x02ab", "6A80"),
        (0xE8, b"\x00\xb9\x03\xb9\x01\x80", "6A80"),
    ],
)
def test_keys_in_clear_and_what_are_no_keys_are_refused(card, p1, data, status):
    domain = SecurityDomain.open(card)
    with pytest.raises(StatusError, match=status):
        domain.check(domain.send(0xE2, p1, 0, data), "storing keys")
    assert len(domain.keys().versions) == 1


def test_a_wrong_check_value_is_refused(card, new, monkeypatch):
    monkeypatch.setattr("yohaku.globalplatform.rotation._check_value", lambda *_: b"\1\2\3")
    issuer = SecurityDomain.open(card)
    issuer.create_domain(DOMAIN)
    with pytest.raises(AccessDeniedError, match="6982"):
        store_keys(issuer, new, DOMAIN)
