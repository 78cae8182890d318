"""Every form of document says the same of a purse: limits, key, rights, and what stands where."""

import json
from xml.etree import ElementTree as ET

import pytest

from yohaku import ALWAYS, Applet, Key, Purse, PurseLimits, PurseLog
from yohaku.card import Card, Secrets
from yohaku.globalplatform import load_applet
from yohaku.render.jsonschema import applet_schema
from yohaku.render.markdown import markdown
from yohaku.render.page import html
from yohaku.render.svg import svg
from yohaku.render.terminal import draw
from yohaku.schema import Booking, Receipt, applet_layout
from yohaku.schema.layout import purse_picture
from yohaku.schema.purse_layout import DRAWN, PurseContent
from yohaku_applets.health_points import HealthPoints
from yohaku_emulator import EmulatedCard
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.system import InstanceContext


class Only(Applet, aid="F0 59 48 4B 54 51"):
    """財布だけ

    An applet that has a purse and no file.
    """

    till, office = Key("端末"), Key("精算")
    money = Purse(
        "財布",
        limits=PurseLimits(7_654_321, credit=4_321, debit=1_234),
        receipts=office,
        read=ALWAYS,
        credit=till,
        debit=till,
        log=PurseLog(1, till),
        english="money",
    )


FORMS = {
    "terminal": lambda applet: draw(applet_layout(applet), colour=False),
    "svg": lambda applet: svg(applet_layout(applet)),
    "html": html,
    "markdown": markdown,
}


@pytest.mark.parametrize("applet", [Only, HealthPoints], ids=lambda applet: applet.name)
@pytest.mark.parametrize("form", FORMS)
def test_limits_key_rights_and_parts_stand_in_every_form(form, applet):
    text = FORMS[form](applet).replace("&#x27;", "'")
    (purse,) = applet_layout(applet).purses
    numbers = (f"{purse.maximum:,}", f"{purse.most_credit:,}", f"{purse.most_debit:,}", str(purse.entries))
    for fact in (*numbers, str(purse.size), purse.label, purse.receipts, f"credit: {purse.access['credit']}"):
        assert fact in text, fact
    for place in purse_picture(purse).fields:
        assert all(fact in text for fact in (str(place.offset), place.label, place.english, place.type)), place


def test_the_picture_is_well_formed_and_its_purse_is_marked():
    root = ET.fromstring(svg(applet_layout(Only)))  # noqa: S314 - our own text
    assert [one.get("data-purse") for one in root.iter() if one.get("data-purse")] == ["money"]


def test_what_is_drawn_is_what_the_card_holds():
    secrets = Secrets.for_tests(Only)
    with Card(EmulatorLink(EmulatedCard("generic", seed=2), "emulated")) as card:
        load_applet(card, Only, secrets=secrets)
        only = card.open(Only)
        only.till.authenticate(secrets["till"])
        receipt = only.money.credit(4_000, reference=b"till0001")
        system = card._link.card._system
        raw = InstanceContext(system, system.registry.entries[Only.aid]).arrays[-1].read()
    assert len(raw) == DRAWN == Only.money.size
    assert PurseContent.decode(raw) == PurseContent(
        number=receipt.purse, sequence=1, balance=4_000, booking=Booking.CREDIT, amount=4_000,
        balance_afterwards=4_000, reference=b"till0001",
    )  # fmt: skip
    assert sum(segment.stop - segment.start for segment in purse_picture(applet_layout(Only).purses[0]).segments) == 264


def test_bytes_are_counted_with_files_and_named():
    layout = applet_layout(Only)
    assert (layout.bytes, layout.purses[0].size) == (33, 33)
    assert "in files and purses" in draw(layout, colour=False)
    shown = layout.to_json()
    assert json.loads(json.dumps(shown))["purses"][0]["most_debit"] == 1_234


def test_the_json_schema_takes_a_receipt_and_nothing_else():
    schema = applet_schema(Only)["$defs"]["money"]
    receipt = Receipt(Only.aid, 2, bytes(8), 1, Booking.DEBIT, 5, 6, b"till0001", bytes(16)).to_json()
    assert set(receipt) == set(schema["properties"]) == set(schema["required"])
    validator = pytest.importorskip("jsonschema").Draft202012Validator(schema)
    assert validator.is_valid(receipt)
    for wrong in ({"amount": 4_322}, {"amount": 0}, {"booking": "refund"}, {"key": 1}, {"proof": "00"}, {"more": 1}):
        assert not validator.is_valid(receipt | wrong), wrong
