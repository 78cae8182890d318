"""What the commands of class 80 to an applet mean: they concern its purses (container version 1.1, chapter 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.card.purses import CLASS, PROOF
from yohaku.errors import DecodeError
from yohaku.iso7816 import Instruction, Status
from yohaku.schema.purses import HEAD
from yohaku.schema.receipts import SIZE, PurseState, Receipt

if TYPE_CHECKING:
    from yohaku.iso7816 import Command, Response
    from yohaku.schema import Applet, Purse

_ALIKE: Final[dict[int, tuple[int, int]]] = {
    Instruction.CREDIT: (8, HEAD),
    Instruction.DEBIT: (8, HEAD),
    Instruction.READ_PURSE: (8, HEAD),
    Instruction.READ_RECEIPTS: (8, SIZE - PROOF),
}
"""By instruction the bytes of an answer, or of each receipt in it, that are neither a purse's number nor a proof."""
_BOOKINGS: Final[dict[int, str]] = {Instruction.CREDIT: "CREDIT", Instruction.DEBIT: "DEBIT"}


def meaning(applet: type[Applet], command: Command, response: Response) -> tuple[str, list[str]] | None:
    """Say what a command does to a purse and what its answer tells; None when it concerns no purse of the applet."""
    purse = next((purse for purse in applet.purses().values() if purse.sfi == command.p2), None)
    if purse is None:
        return None
    done = response.status == Status.OK
    if command.ins in _BOOKINGS:
        amount = int.from_bytes(command.data[:4], "big")
        text = f"{_BOOKINGS[command.ins]} {purse.name}: {amount}, reference {command.data[4:].hex()}"
        return text, _state(response.data, HEAD + PROOF) if done else []
    if command.ins == Instruction.READ_PURSE:
        return f"READ PURSE {purse.name}", _state(response.data, HEAD) if done else []
    if command.ins == Instruction.READ_RECEIPTS:
        text = f"READ RECEIPTS {purse.name} from {command.p1}"
        return text, _receipts(applet, purse, response.data) if done else []
    return None


def comparable(command: bytes, response: bytes) -> bytes | None:
    """Give what of an answer to a command on a purse any card would say: no purse number, no proof; else None."""
    if len(command) < 4 or command[0] & 0x84 != CLASS or command[1] not in _ALIKE or len(response) < 2:
        return None
    whole, (start, stop) = response[:-2], _ALIKE[command[1]]
    size = SIZE if command[1] == Instruction.READ_RECEIPTS else max(len(whole), 1)
    parts = (whole[at : at + size][start:stop] for at in range(0, len(whole), size))
    return len(whole).to_bytes(2, "big") + b"".join(parts) + response[-2:]


def _state(data: bytes, size: int) -> list[str]:
    if len(data) != size:
        return [f"{len(data)} bytes that are no answer of a purse"]
    state = PurseState.from_bytes(data)
    return [f"balance {state.balance}, booking {state.sequence}, purse {state.number.hex()}"]


def _receipts(applet: type[Applet], purse: Purse, data: bytes) -> list[str]:
    try:
        found = [
            Receipt.from_bytes(data[at : at + SIZE], aid=applet.aid, key=purse.receipts.reference)
            for at in range(0, len(data), SIZE)
        ]
    except DecodeError as error:
        return [str(error)]
    return [
        f"booking {one.sequence}: {one.booking.name.lower()} {one.amount}, balance {one.balance}, "
        f"reference {one.reference.hex()}"
        for one in found
    ]
