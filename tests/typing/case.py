from datetime import date
from typing import assert_type
from yohaku import (
    ALWAYS,
    NEVER,
    Applet,
    CyclicFile,
    Key,
    Pin,
    Purse,
    PurseLimits,
    PurseLog,
    Record,
    TransparentFile,
    field,
)
from yohaku.fields import Date, Digits, UInt
from yohaku.schema import Receipt
from construct import Int8ub


class A(Record):
    number: str = field(Digits(10), "n")
    day: date = field(Date())
    count: int = field(UInt(8), default=3)
    raw: int = field(Int8ub)
    maybe: int | None = field(UInt(8), default=None)


class B(Record):
    inner: A = field(A)
    wrong: int = field(Digits(3))  # E: wrong annotation


class S(Applet, aid="F0 01 02 03 04"):
    pin = Pin("p")
    key = Key("k")
    f = TransparentFile(A, read=ALWAYS, update=key | pin)
    log = CyclicFile(A, records=3, read=pin & key, append=key)
    purse = Purse(
        limits=PurseLimits(9, debit=3), receipts=key, read=ALWAYS, credit=key, debit=pin, log=PurseLog(4, pin | key)
    )


def renewed(old: A) -> B:
    return B(inner=old, wrong=1)


class S2(Applet, version=2, previous=S):
    g = TransparentFile(B, read=ALWAYS, update=NEVER).replaces(S.f, by=renewed)
    same = TransparentFile(A, read=ALWAYS, update=NEVER).replaces(S.f).ignoring("RULE", "why")
    log = CyclicFile(B, records=3, read=ALWAYS, append=NEVER).replaces(S.log, by=lambda old: B(inner=old, wrong=1))
    back = TransparentFile(A, read=ALWAYS, update=NEVER).replaces(S.f, by=renewed)  # E: gives another record
    other = TransparentFile(B, read=ALWAYS, update=NEVER).replaces(S.f)  # E: holds another record


a = A(number="1", day=date(2020, 1, 1), raw=3)
A(number=1, day=date(2020, 1, 1), raw=3)  # E: wrong argument type
A(number="1", raw=3)  # E: missing argument
a.number = "x"  # E: frozen


def use(s: S) -> None:
    assert_type(s.f.read(), A)
    assert_type(s.f.read().day, date)
    assert_type(s.log.read(1), A)
    assert_type(s.pin.tries_left, int)
    assert_type(s.pin.required, bool)
    s.pin.disable(1234)  # E: a PIN is text or bytes
    s.key.authenticate(b"")
    s.f.reed()  # E: no such method
    assert_type(s.purse.balance, int)
    assert_type(s.purse.debit(3).amount, int)
    assert_type(s.purse.log(), list[Receipt])
    s.purse.credit("3")  # E: an amount is a number


assert_type(S.f, TransparentFile[A])
assert_type(S.purse, Purse)
assert_type(S2.g, TransparentFile[B])
