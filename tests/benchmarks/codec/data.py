"""The three records of the benchmark: what they mean, and 64 seeded samples of each as plain Python values.

R1 is a library card of 64 bytes, R2 a wallet of 17 bytes with its log of 20 entries of 16 bytes, R3 an emergency
record in BER-TLV: ``E1 {80 blood, 81 date, A2 {0C text ...}, 83 allergens, 84 telephone, 85 organs}``.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from enum import Enum, IntFlag
from typing import Any

Plain = dict[str, Any]
"""A record as plain Python values: text, ints, dates, enum members, lists of dicts."""

SAMPLES = 64
LOG = 20


class Status(Enum):
    """State of a borrower's registration."""

    ACTIVE = 1
    SUSPENDED = 2
    EXPIRED = 3
    WITHDRAWN = 4


class Kind(Enum):
    """Kind of a transaction."""

    CHARGE = 1
    PAY = 2
    REFUND = 3
    EXPIRE = 4


class Blood(Enum):
    """ABO and Rh blood type."""

    UNKNOWN = 0x00
    A_PLUS = 0x11
    A_MINUS = 0x12
    B_PLUS = 0x21
    B_MINUS = 0x22
    O_PLUS = 0x31
    O_MINUS = 0x32
    AB_PLUS = 0x41
    AB_MINUS = 0x42


class Allergen(Enum):
    """What a patient must not be given."""

    PENICILLIN = 1
    CEPHEM = 2
    SULFA = 3
    ASPIRIN = 4
    IODINE = 5
    LATEX = 6
    BUCKWHEAT = 7
    PEANUT = 8
    EGG = 9
    MILK = 10
    WHEAT = 11
    SHRIMP = 12


class Organs(IntFlag):
    """Organs that the holder agrees to donate."""

    HEART = 0x01
    LUNGS = 0x02
    LIVER = 0x04
    KIDNEYS = 0x08
    PANCREAS = 0x10
    SMALL_INTESTINE = 0x20
    EYES = 0x40


FAMILY = ["佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "五十嵐", "長谷川"]
GIVEN = ["花子", "太郎", "翔", "陽菜", "健", "さくら", "蓮", "美咲", "大輔", "千代子"]
DRUGS = ["アムロジピン錠５ｍｇ", "ワルファリンＫ錠１ｍｇ", "メトホルミン錠", "インスリン", "ロキソプロフェン錠６０ｍｇ"]
PREFECTURES = [f"{number:02}" for number in range(1, 48)]


def municipality(rng: random.Random) -> str:
    """Draw a local government code with its check digit."""
    code = rng.choice(PREFECTURES) + f"{rng.randrange(100, 500):03}"
    total = sum(int(digit) * weight for digit, weight in zip(code, range(6, 1, -1), strict=True))
    return code + str((11 - total % 11) % 10)


def day(rng: random.Random, first: date, days: int) -> date:
    """Draw a day in the ``days`` after ``first``."""
    return first + timedelta(rng.randrange(days))


def borrower(rng: random.Random) -> Plain:
    """Draw an R1."""
    return {
        "municipality": municipality(rng),
        "number": f"{rng.randrange(10**10):010}",
        "name": f"{rng.choice(FAMILY)}　{rng.choice(GIVEN)}",
        "issued": day(rng, date(2019, 4, 1), 2500),
        "expires": day(rng, date(2026, 4, 1), 2500),
        "status": rng.choice(list(Status)),
        "limit": rng.choice([5, 10, 15, 20]),
    }


def entry(rng: random.Random, at: int, balance: int) -> Plain:
    """Draw one entry of an R2's log."""
    return {
        "at": at,
        "kind": rng.choice(list(Kind)),
        "amount": rng.randrange(1, 30_000),
        "balance": balance,
        "shop": rng.randrange(1, 65_536),
    }


def wallet(rng: random.Random) -> Plain:
    """Draw an R2 with a full log."""
    at = rng.randrange(1_700_000_000, 1_790_000_000)
    log = []
    for _ in range(LOG):
        at += rng.randrange(200_000)
        log.append(entry(rng, at, rng.randrange(100_000)))
    return {
        "issuer": municipality(rng),
        "member": rng.randrange(1 << 32),
        "balance": log[-1]["balance"],
        "counter": rng.randrange(LOG, 1 << 16),
        "expires": day(rng, date(2026, 4, 1), 1500),
        "log": log,
    }


def emergency(rng: random.Random) -> Plain:
    """Draw an R3."""
    return {
        "blood": rng.choice(list(Blood)),
        "updated": day(rng, date(2022, 4, 1), 1700),
        "medications": rng.choices(DRUGS, k=rng.randrange(6)),
        "allergies": rng.sample(list(Allergen), k=rng.randrange(9)),
        "contact": f"0{rng.randrange(10**8, 10**9)}" if rng.random() < 0.4 else f"090{rng.randrange(10**8):08}",
        "organs": Organs(rng.randrange(128)),
    }


DRAW = {"R1": borrower, "R2": wallet, "R3": emergency}


def samples(record: str) -> list[Plain]:
    """Give the samples of R1, R2 or R3: the same ones in every run."""
    rng = random.Random(f"yohaku {record}")
    return [DRAW[record](rng) for _ in range(SAMPLES)]
