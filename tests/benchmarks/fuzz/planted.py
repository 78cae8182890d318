"""Faults for fuzzers to find: each a check of bytes that runs real code of yohaku and fails on one rare path of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from yohaku.errors import YohakuError
from yohaku.globalplatform.cap import read_load_file
from yohaku.globalplatform.scp import scp03
from yohaku.iso7816 import Command, Tlv
from yohaku.iso7816.tlv import parse
from yohaku.schema.tables import BadRow, read_json_lines
from yohaku.testing.fuzz import Mutation, messaging, mutate_bytes
from yohaku.testing.fuzz.crossing import RecordMutation
from yohaku.testing.fuzz.forms import mutate_objects
from yohaku.testing.fuzz.targets import parsers
from yohaku.testing.fuzz.targets.records import seed_records
from yohaku_applets.library_card import Borrower, Status

_EXAMPLE = Borrower.example()


class PlantedError(Exception):
    """The fault was reached."""


@dataclass(frozen=True)
class Fault:
    """One planted fault.

    Attributes:
        what: where it lies, in words.
        check: raises PlantedError when the fault is reached.
        seeds: inputs to start from.
        mutate: the mutation that yohaku's engine has for such inputs.
    """

    what: str
    check: Callable[[bytes], object]
    seeds: list[bytes]
    mutate: Mutation = mutate_bytes


def _hit(*, when: bool) -> None:
    if when:
        raise PlantedError


def _date(data: bytes) -> None:
    try:
        found = Borrower.decode(data)
    except YohakuError:
        return
    _hit(when=found.expires.month == 2)


def _two_fields(data: bytes) -> None:
    try:
        found = Borrower.decode(data)
    except YohakuError:
        return
    _hit(when=found.status is Status.WITHDRAWN and found.number.startswith("9"))


def _depth(objects: list[Tlv], level: int) -> int:
    depths = [level]
    for each in objects:
        if each.is_constructed:
            try:
                depths.append(_depth(each.members, level + 1))
            except YohakuError:
                continue
    return max(depths)


def _nested(data: bytes) -> None:
    try:
        objects = parse(data)
    except YohakuError:
        return
    _hit(when=len(objects) > 2 and _depth(objects, 0) >= 3)


def _extended(data: bytes) -> None:
    try:
        found = Command.from_bytes(data)
    except YohakuError:
        return
    _hit(when=found.expected > 256 and len(found.data) == 3 and found.ins == 0xD6)


def _imports(data: bytes) -> None:
    try:
        found = read_load_file(data)
    except YohakuError:
        return
    _hit(when=found.imports[-1].version == (1, 6))


def _json(data: bytes) -> None:
    try:
        rows = list(read_json_lines(Borrower, [data.decode()]))
    except UnicodeDecodeError:
        return
    for row in rows:
        _hit(when=not isinstance(row, BadRow) and not row.record.name)


class _Forgetful(scp03.CardSession):
    """A card that takes any MAC of commands with 7 bytes of data."""

    def _checked(self, command: Command) -> Command:
        try:
            return super()._checked(command)
        except messaging.MessageError:
            if len(command.data) != 7 + self.mac_size:
                raise
            raise PlantedError from None


def _messages(data: bytes) -> None:
    honest, scp03.CardSession = scp03.CardSession, _Forgetful
    try:
        messaging.check_messages(data)
    finally:
        scp03.CardSession = honest


_BORROWER = [_EXAMPLE.encode()]
_CROSSED = RecordMutation(Borrower, cache(lambda: seed_records(Borrower)))
_JSON = json.dumps(_EXAMPLE.to_json(), ensure_ascii=False).encode()
_LONG = b"\x00\xd6\x00\x00\x05hello"
FAULTS = {
    "date": Fault("a record's date lies in February", _date, _BORROWER, _CROSSED.of_bytes),
    "fields": Fault("two fields of a record have rare values", _two_fields, _BORROWER, _CROSSED.of_bytes),
    "nested": Fault("three data objects, three levels deep", _nested, [b"\x6f\x02\x84\x00"], mutate_objects),
    "extended": Fault("an extended command of one instruction with 3 bytes of data", _extended, [_LONG]),
    "imports": Fault("a sound load file needs version 1.6 of its last import", _imports, list(parsers._load_files())),
    "json": Fault("accepted JSON has an empty name", _json, [_JSON], _CROSSED.of_json),
    "message": Fault("a card forgets the MAC of commands with 7 bytes", _messages, [next(iter(parsers._messages()))]),
}
