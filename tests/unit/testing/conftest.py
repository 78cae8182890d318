"""Stages with the library card and with an applet of every kind of part, and links that lie."""

import pytest

from yohaku import (
    ALWAYS,
    Applet,
    CyclicFile,
    Key,
    LinearFile,
    Pin,
    Purse,
    PurseLimits,
    PurseLog,
    Record,
    TransparentFile,
    field,
)
from yohaku.card import open_link
from yohaku.fields import Blob, UInt
from yohaku.testing import Stage
from yohaku_applets.library_card import LibraryCard


class Small(Record):
    """小さい記録"""

    number: int = field(UInt(16), "番号")


class Large(Record):
    """大きい記録"""

    data: bytes = field(Blob(300), "内容")


class Everything(Applet, aid="F0 59 48 4B 01 01", version=3):
    """全部"""

    owner = Pin("所有者", tries=3, length=(4, 6), can_disable=True)
    clerk = Pin("係員", tries=2, length=4, alphabet="printable")
    desk = Key("窓口", tries=2)
    master = Key("親鍵", bits=256)

    small = TransparentFile(Small, "小", read=ALWAYS, update=owner)
    large = TransparentFile(Large, "大", read=owner | desk, update=owner & desk)
    log = CyclicFile(Small, "記録", records=3, read=ALWAYS, append=desk, update=master)
    coins = Purse(
        "財布",
        limits=PurseLimits(900, credit=500, debit=300),
        receipts=master,
        read=ALWAYS,
        credit=desk,
        debit=owner,
        log=PurseLog(3, owner | desk),
    )
    list = LinearFile(Small, "一覧", records=2, read=clerk, append=ALWAYS, update=clerk | master)


class LyingLink:
    """A link whose answers pass through a function of command and answer."""

    is_emulator = True

    def __init__(self, link, lie):
        self._link, self._lie = link, lie
        self.card, self.name, self.atr = link.card, link.name, link.atr

    def transmit(self, command):
        return self._lie(command, self._link.transmit(command))

    def reset(self):
        return self._link.reset()

    def close(self):
        self._link.close()


@pytest.fixture(scope="session")
def library():
    return Stage(LibraryCard, open_link("emulator:"))


@pytest.fixture(scope="session")
def everything():
    return Stage(Everything, open_link("emulator:"))


@pytest.fixture(scope="session")
def lying():
    """Give a function that makes a wrapper of a lie."""
    return lambda lie: lambda link: LyingLink(link, lie)
