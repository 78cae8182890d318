"""A small applet to have on a card whose image is fuzzed: a file of each kind, a PIN, a key."""

from __future__ import annotations

from yohaku.fields import Text, UInt
from yohaku.schema import ALWAYS, Applet, CyclicFile, Key, LinearFile, Pin, Record, TransparentFile, field


class Note(Record):
    """A note (覚書)."""

    number: int = field(UInt(16), "番号")
    text: str = field(Text(12, "utf-8"), "内容")


class Example(Applet, aid="F0 59 48 4B 7F 01", version=1):
    """An applet to try cards with (試験用)."""

    holder = Pin("暗証番号", tries=3, length=4)
    clerk = Key("端末鍵")

    note = TransparentFile(Note, "覚書", read=ALWAYS, update=ALWAYS)
    list = LinearFile(Note, "一覧", records=3, read=ALWAYS, append=holder, update=holder)
    log = CyclicFile(Note, "履歴", records=3, read=holder, append=clerk)
