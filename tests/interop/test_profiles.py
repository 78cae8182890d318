"""Kinds of cards behind a real pcscd: T=0, extended length, the status words of JICSAP's specification."""

from typing import Any

import pytest

from yohaku import Applet, Key, Pin, Record, TransparentFile, connect, field
from yohaku.card import PinBlockedError, Secrets
from yohaku.fields import Blob
from yohaku.globalplatform import KeySet, load_applet
from yohaku.iso7816 import Atr

URL = "pcsc:Virtual PCD 00 00"


class Page(Record):
    body: bytes = field(Blob(700))


class Pad(Applet, aid="F0 59 48 4B 54 22"):
    """帳"""

    clerk = Key()
    owner = Pin(tries=2, length=4, reset=clerk, can_disable=True)
    page = TransparentFile(Page, read=owner, update=owner)


SECRETS = Secrets.for_tests(Pad, on_real_cards=True)
PAGE, OTHER = Page(body=bytes(range(175)) * 4), Page(body=bytes(range(175, 0, -1)) * 4)


@pytest.mark.parametrize(
    ("inserted", "protocol", "reads"), [("t0", 0, 3), ("extended", 1, 1), ("jicsap", 1, 3)], indirect=["inserted"]
)
def test_a_kind_of_card_is_loaded_read_written_and_blocked(inserted: Any, protocol: int, reads: int) -> None:
    assert inserted
    with connect(URL) as card:
        assert Atr.from_bytes(card.atr).protocols == (protocol,)
        load_applet(card, Pad, secrets=SECRETS, contents={"page": PAGE}, keys=KeySet.for_tests(), allow_test_keys=True)
        pad = card.open(Pad)
        pad.owner.verify(SECRETS["owner"])
        before = card.traffic.snapshot()
        assert pad.page.read() == PAGE
        assert (card.traffic - before).commands == reads
        pad.page.write(OTHER)
        pad.owner.disable(SECRETS["owner"])
        card.reset()
        pad = card.open(Pad)
        assert pad.page.read() == OTHER
        pad.owner.enable(SECRETS["owner"])
        for allowed in (False, True):
            with pytest.raises(Exception, match="wrong PIN"):
                pad.owner.verify("0000", last_try=allowed)
        with pytest.raises(PinBlockedError):
            pad.owner.verify(SECRETS["owner"])
