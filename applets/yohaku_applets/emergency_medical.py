"""Medical data that an ambulance crew can read when nobody can be asked."""

from __future__ import annotations

from datetime import date
from enum import IntFlag

from yohaku import ALWAYS, Applet, Key, TlvRecord, TransparentFile, field
from yohaku.fields import BloodType, BloodTypeCode, Date, Flags, Repeat, Tagged, TelephoneNumber, Text


class Organs(IntFlag):
    """Organs that the holder agrees to donate (臓器提供意思表示)."""

    HEART = 0x01
    LUNGS = 0x02
    LIVER = 0x04
    KIDNEYS = 0x08
    PANCREAS = 0x10
    SMALL_INTESTINE = 0x20
    EYES = 0x40


class Emergency(TlvRecord, tag=0xE1):
    """救急医療情報"""

    blood: BloodType = field(
        Tagged(0x80, BloodTypeCode()),
        "血液型",
        english="blood type",
        example=BloodType.A_PLUS,
        personal=True,
    )
    updated: date = field(Tagged(0x81, Date()), "更新日", english="updated on", example=date(2026, 4, 1))
    allergies: tuple[str, ...] | None = field(
        Tagged(0xA2, Repeat(Tagged(0x0C, Text(48, "utf-8", padded=False)), most=8)),
        "アレルギー",
        default=None,
        example=("ペニシリン", "そば"),
        personal=True,
    )
    medications: tuple[str, ...] | None = field(
        Tagged(0xA3, Repeat(Tagged(0x0C, Text(64, "utf-8", padded=False)), most=5)),
        "服薬",
        default=None,
        example=("アムロジピン錠５ｍｇ",),
        personal=True,
    )
    contact: str | None = field(
        Tagged(0x84, TelephoneNumber()),
        "緊急連絡先電話番号",
        english="emergency telephone number",
        default=None,
        example="09012345678",
        personal=True,
    )
    organs: Organs | None = field(
        Tagged(0x85, Flags(Organs, bits=8)),
        "臓器提供意思",
        english="organs to donate",
        default=None,
        example=Organs.HEART | Organs.KIDNEYS,
        personal=True,
    )


class EmergencyMedical(Applet, aid="F0 59 48 4B 00 03", version=1):
    """救急医療情報カード

    For ambulance crews and emergency wards: the holder states blood type, allergies, medicines and a telephone
    number at the city office or the family doctor, who writes them with the clinic key. Reading needs nothing: the
    person concerned may be unconscious and the site without a network; that is why the holder chooses what to state.
    """

    clinic = Key("登録機関鍵", english="clinic key")

    record = TransparentFile(Emergency, "救急医療情報", read=ALWAYS, update=clinic, english="medical record").ignoring(
        "PERSONAL_DATA_READABLE",
        "the crew must read it when nobody can be asked and no network is there; the holder chooses what it states",
    )
