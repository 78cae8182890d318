"""DAP, delegated management and receipts: schemes by themselves, then card and host together."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from yohaku.card import AccessDeniedError, StatusError, connect
from yohaku.globalplatform import KeySet, SecurityDomain
from yohaku.globalplatform.cap import Package, read_cap
from yohaku.globalplatform.cap.writer import SmallCap
from yohaku.globalplatform.keys import Algorithm
from yohaku.globalplatform.rotation import put_key, put_keys, put_public_key
from yohaku.globalplatform.states import Privilege
from yohaku.globalplatform.tokens import (
    DAP_VERSION,
    EC_PUBLIC,
    RECEIPT_VERSION,
    TOKEN_VERSION,
    EcSigner,
    MacSigner,
    Receipt,
    is_point,
    parse_receipt,
    verify,
)
from yohaku.globalplatform.wire import WireError

PACKAGE = Package(bytes.fromhex("F059484BCA"), (1, 0))
CLASS, INSTANCE, DOMAIN = PACKAGE.aid + b"\x01", PACKAGE.aid + b"\x01\x01", PACKAGE.aid + b"\xdd"
CAP = read_cap(SmallCap(PACKAGE, (CLASS,), bulk=300).to_bytes())
KEY, OTHER = bytes(range(16)), bytes(range(1, 17))
EC, OTHER_EC = EcSigner(generate_private_key(SECP256R1())), EcSigner(generate_private_key(SECP256R1()))
CHANNEL_KEYS = KeySet(bytes(range(2, 18)), bytes(range(3, 19)), bytes(range(4, 20)), 0x31)
CARD = b"YOHAKU\0\0\0\1"


@pytest.mark.parametrize(
    ("kind", "key", "signer"),
    [
        (Algorithm.AES, KEY, MacSigner(KEY)),
        (Algorithm.DES, KEY, MacSigner(KEY, Algorithm.DES)),
        (EC_PUBLIC, EC.point, EC),
    ],
    ids=("AES", "DES", "EC"),
)
def test_a_signature_fits_its_key_and_its_data(kind, key, signer):
    signature = signer.sign(b"data")
    assert verify(kind, key, b"data", signature)
    assert not verify(kind, key, b"date", signature)
    assert not verify(kind, key, b"data", signature[:-1])
    assert not verify(kind, OTHER_EC.point if kind == EC_PUBLIC else OTHER, b"data", signature)
    assert not verify(0xA1, key, b"data", signature)


def test_signers_show_no_key():
    assert repr(MacSigner(KEY)) == "<MacSigner AES>"
    assert repr(EC) == "<EcSigner P-256>"


def test_points_are_on_the_curve():
    assert is_point(EC.point)
    assert not is_point(b"\x04" + bytes(64))
    assert not is_point(b"")


def test_receipts_are_read_as_they_are_written():
    made = Receipt(bytes(16), b"\0\1", CARD)
    assert Receipt.from_bytes(made.to_bytes()) == made
    assert parse_receipt(b"\0") is parse_receipt(b"") is None
    with pytest.raises(WireError, match="no receipt"):
        parse_receipt(b"\x05hello")


@pytest.fixture
def card():
    return connect("emulator:")


def domain_with(card, privilege, put):
    """Make a domain with its own channel keys and one key more."""
    SecurityDomain.open(card).create_domain(DOMAIN, privileges=privilege)
    domain = SecurityDomain.open(card, KeySet.for_tests(), aid=DOMAIN)
    put(domain)
    put_keys(domain, CHANNEL_KEYS)
    return domain


SIGNERS = {
    "AES": (MacSigner(KEY), MacSigner(OTHER), lambda domain: put_key(domain, KEY, DAP_VERSION)),
    "P-256": (EC, OTHER_EC, lambda domain: put_public_key(domain, EC.point, DAP_VERSION)),
}


@pytest.mark.parametrize("scheme", SIGNERS)
def test_a_domain_that_verifies_takes_signed_load_files_only(card, scheme):
    good, bad, put = SIGNERS[scheme]
    domain_with(card, Privilege.DAP_VERIFICATION, put)
    issuer = SecurityDomain.open(card)
    with pytest.raises(StatusError, match="6985"):
        issuer.load(CAP, domain=DOMAIN)
    with pytest.raises(AccessDeniedError, match="6982"):
        issuer.load(CAP, domain=DOMAIN, signers={DOMAIN: bad})
    assert issuer.load_files()[-1].aid != PACKAGE.aid
    issuer.load(CAP, domain=DOMAIN, signers={DOMAIN: good})
    assert issuer.load_files()[-1].aid == PACKAGE.aid


def test_a_mandated_signature_is_asked_of_everybody(card):
    good, _, put = SIGNERS["AES"]
    domain_with(card, Privilege.MANDATED_DAP, put)
    issuer = SecurityDomain.open(card)
    with pytest.raises(StatusError, match="6985"):
        issuer.load(CAP)
    issuer.load(CAP, signers={DOMAIN: good})


def test_a_signature_for_somebody_who_does_not_verify_is_refused(card):
    SecurityDomain.open(card).create_domain(DOMAIN)
    with pytest.raises(StatusError, match="6A80"):
        SecurityDomain.open(card).load(CAP, signers={DOMAIN: MacSigner(KEY)})


@pytest.fixture(params=["AES", "P-256"])
def delegated(card, request):
    """A domain to which management is delegated, and whoever signs for the issuer."""
    issuer = SecurityDomain.open(card)
    if request.param == "AES":
        put_key(issuer, KEY, TOKEN_VERSION)
    else:
        put_public_key(issuer, EC.point, TOKEN_VERSION)
    put_key(issuer, OTHER, RECEIPT_VERSION)
    domain_with(card, Privilege.DELEGATED_MANAGEMENT, lambda _: None)
    domain = SecurityDomain.open(card, CHANNEL_KEYS, aid=DOMAIN)
    return domain, SIGNERS[request.param]


def test_each_change_needs_a_token_and_gives_a_receipt(delegated):
    domain, (signer, _, _) = delegated
    domain.tokens = signer
    domain.load(CAP, domain=DOMAIN)
    domain.install(INSTANCE, b"", load_file=PACKAGE.aid, module=CLASS)
    domain.delete(INSTANCE)
    domain.delete(PACKAGE.aid)
    told = [(PACKAGE.aid, DOMAIN), (PACKAGE.aid, INSTANCE), (INSTANCE,), (PACKAGE.aid,)]
    assert [receipt.counter for receipt in domain.receipts] == [bytes((0, number)) for number in (1, 2, 3, 4)]
    for receipt, what in zip(domain.receipts, told, strict=True):
        assert receipt.card == CARD
        assert receipt.is_proved(Algorithm.AES, OTHER, *what)
        assert not receipt.is_proved(Algorithm.AES, OTHER, *what[::-1], b"x")
    assert domain.applications() == []


@pytest.mark.parametrize("who", ["nobody", "another"])
def test_without_the_issuers_token_nothing_is_changed(delegated, who):
    domain, (_, bad, _) = delegated
    domain.tokens = None if who == "nobody" else bad
    with pytest.raises(AccessDeniedError, match="6982"):
        domain.load(CAP, domain=DOMAIN)
    with pytest.raises(AccessDeniedError, match="6982"):
        domain.delete(PACKAGE.aid)
    assert domain.receipts == []


def test_a_delegate_loads_for_itself_only(delegated):
    domain, (signer, _, _) = delegated
    domain.tokens = signer
    with pytest.raises(StatusError, match="6985"):
        domain.load(CAP, domain=bytes.fromhex("A000000151000000"))


def test_a_token_that_nobody_asked_for_is_refused(card):
    issuer = SecurityDomain.open(card)
    issuer.tokens = MacSigner(KEY)
    with pytest.raises(StatusError, match="6A80"):
        issuer.load(CAP)


@pytest.mark.parametrize(
    "privileges",
    [
        Privilege.DELEGATED_MANAGEMENT | Privilege.AUTHORIZED_MANAGEMENT,
        Privilege.CARD_LOCK,
        Privilege.FINAL_APPLICATION,
    ],
)
def test_privileges_that_cannot_be_had_are_refused(card, privileges):
    with pytest.raises(StatusError, match="6A80"):
        SecurityDomain.open(card).create_domain(DOMAIN, privileges=privileges)
