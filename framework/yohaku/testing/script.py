"""A session that broke something, as a short Python script and as a script of APDUs that anybody can run.

Both hold the values of the PINs and keys that the session ran with, which must be test values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.card.credentials import key_proof
from yohaku.globalplatform import Dgi
from yohaku.globalplatform.dgi import KEY_VALUE, PIN_VALUE, RECORD, file_content
from yohaku.iso7816 import Instruction as Ins
from yohaku.schema import FileKind
from yohaku.testing.model import Model
from yohaku.testing.steps import HostRead, HostWrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema import Applet
    from yohaku.testing.parts import Instance
    from yohaku.testing.watching import Event, InvariantBroken

_OK = b"\x90\x00"


def python_script(broken: InvariantBroken, applet: type[Applet], *, url: str = "emulator:") -> str:
    """Write a finding as a Python program that ends with an error as long as the finding is there.

    Args:
        broken: the finding.
        applet: the declaration.
        url: the card; it must not hold the applet yet.
    """
    return "\n".join([*_Python(broken, applet, url).lines(), ""])


class _Python:
    def __init__(self, broken: InvariantBroken, applet: type[Applet], url: str) -> None:
        self._broken, self._applet, self._url = broken, applet, url
        self._start = next(iter((broken.start or Model.of(applet)).instances.values()))
        self._by_name = "<" not in applet.__qualname__ and _is_plain(self._start, applet)
        self._faults = [event.fault for event in broken.log if event.fault is not None]
        self._key_values = {number: key.value for number, key in enumerate(self._start.keys, 1)}

    def lines(self) -> Iterator[str]:
        body = list(self._body())
        yield from (f"# {line}" for line in str(self._broken).splitlines())
        yield from self._imports(any("key_proof" in line for line in body))
        yield ""
        yield from self._helpers(body)
        yield from self._card()
        yield from (f"    {line}" for line in (*self._load(), "card.reset()", *self._select(), *body))

    def _imports(self, proves: bool) -> Iterator[str]:  # noqa: FBT001 - one caller, beside it
        host = _host_step(self._broken) is not None
        names = ["Card", "open_link"] if self._faults else ["connect"]
        yield f"from yohaku.card import {', '.join(sorted([*names, *(['Secrets'] if self._by_name else [])]))}"
        if proves:
            yield "from yohaku.card.credentials import key_proof"
        if any(not event.response and not event.is_reset and event.fault is None for event in self._broken.log):
            yield "from yohaku.errors import YohakuError"
        names = ["load_applet"] if self._by_name else ["Dgi", "SecurityDomain"]
        yield f"from yohaku.globalplatform import {', '.join(names)}"
        if self._faults:
            kinds = sorted({type(fault).__name__ for fault in self._faults} | {"UnreliableLink"})
            yield f"from yohaku.testing.faults import {', '.join(kinds)}"
        if self._by_name or host:
            yield f"from {self._applet.__module__} import {self._applet.__qualname__.split('.')[0]}"

    def _helpers(self, body: list[str]) -> Iterator[str]:
        yield from (
            "",
            "def send(command, *answers):",
            "    answer = card.transmit(bytes.fromhex(command)).hex()",
            '    assert not answers or answer in answers, f"{command} was answered {answer}, not {answers}"',
            "    return bytes.fromhex(answer)",
            "",
        )
        if any(line.startswith("lose(") for line in body):
            yield from ("", "def lose(command):", "    try:", "        card.transmit(bytes.fromhex(command))")
            yield from ("    except YohakuError as error:", "        print(error)", "")
        yield ""

    def _card(self) -> Iterator[str]:
        if self._faults:
            yield f"link = UnreliableLink(open_link({self._url!r}))"
            yield "with Card(link) as card:"
        else:
            yield f"with connect({self._url!r}) as card:"

    def _load(self) -> Iterator[str]:
        name = self._applet.__qualname__
        if self._by_name:
            yield f"load_applet(card, {name}, secrets=Secrets.for_tests({name}))"
            return
        yield f"aid = bytes.fromhex({self._start.aid.hex()!r})"
        yield "domain = SecurityDomain.open(card)"
        yield f"domain.install(aid, bytes.fromhex({self._start.descriptor.hex()!r}))"
        yield "domain.personalise(aid, ["
        for dgi in _groups(self._start):
            yield f"    Dgi(0x{dgi.tag:04X}, bytes.fromhex({dgi.data.hex()!r})),"
        yield "])"

    def _select(self) -> Iterator[str]:
        if _is_selected(self._broken):
            yield f"card.select(bytes.fromhex({self._start.aid.hex()!r}))"

    def _body(self) -> Iterator[str]:
        host, last, step = _host_step(self._broken), self._broken.log[-1:], 0
        challenge = b""
        for event in self._broken.log:
            if host is not None and event.step == self._broken.step:
                break
            if event.step != step:
                step = event.step
                yield f"# step {step}"
            yield from self._event(event, challenge, is_last=(event,) == tuple(last))
            if _is(event, Ins.GET_CHALLENGE):
                challenge = event.response[:-2]
        if host is not None:
            yield from self._host(host)

    def _event(self, event: Event, challenge: bytes, *, is_last: bool) -> Iterator[str]:
        if event.fault is not None:
            yield f"link.arm({event.fault!r})"
        elif event.is_reset:
            yield "card.reset()"
        elif not event.response:
            yield f"lose({event.command.hex()!r})"
        elif _is(event, Ins.GET_CHALLENGE):
            yield f"challenge = send({event.command.hex()!r})[:-2]"
        else:
            yield self._sent(event, challenge, is_last=is_last)

    def _sent(self, event: Event, challenge: bytes, *, is_last: bool) -> str:
        """Write a command with the answer it must have, the last one with those that would have been right."""
        command = self._command(event.command, challenge)
        if not is_last:
            return f"send({command}, {event.response.hex()!r})"
        if not self._broken.allowed:
            return f"assert send({command}).hex() != {event.response.hex()!r}"
        return f"send({command}, {', '.join(repr(answer.hex()) for answer in self._broken.allowed)})"

    def _command(self, command: bytes, challenge: bytes) -> str:
        """Write a command; a right proof is made of the challenge that the card gives then."""
        if not _is_external(command) or not challenge:
            return repr(command.hex())
        number = command[3] & 0x7F
        value = self._key_values.get(number, b"")
        if not value or command[5:] != key_proof(value, Ins.EXTERNAL_AUTHENTICATE, number, challenge, self._start.aid):
            return repr(command.hex())
        made = f"bytes.fromhex({value.hex()!r}), 0x82, {number}, challenge, bytes.fromhex({self._start.aid.hex()!r})"
        return f"{command[:5].hex()!r} + key_proof({made}).hex()"

    def _host(self, step: HostRead | HostWrite) -> Iterator[str]:
        """Write a step through `yohaku.card`, which raises what is not a YohakuError, or reads something else."""
        yield f"# step {self._broken.step}: {step}"
        yield f"applet = card.open({self._applet.__qualname__})"
        declared = self._applet.files()[step.file]
        if step.login:
            yield from _logins(self._applet, self._broken)
        record_file = declared.kind != FileKind.TRANSPARENT
        if isinstance(step, HostRead):
            call = f"applet.{step.file}.{'records' if record_file else 'read'}()"
            expected = self._broken.expected
            yield f"assert repr({call}) == {expected!r}" if expected else call
        else:
            raw = step.record.encode().hex()
            record = f"{self._applet.__qualname__}.{step.file}.record.decode(bytes.fromhex({raw!r}))"
            yield f"applet.{step.file}.{'append' if record_file else 'write'}({record})"


def _logins(applet: type[Applet], broken: InvariantBroken) -> Iterator[str]:
    instance = next(iter((broken.start or Model.of(applet)).instances.values()))
    for key in instance.keys:
        yield f"applet.{key.name}.authenticate(bytes.fromhex({key.value.hex()!r}))"
    for pin in instance.pins:
        yield f"applet.{pin.name}.verify({pin.value!r})"


def _host_step(broken: InvariantBroken) -> HostRead | HostWrite | None:
    """Give the step in which something broke, when it goes through `yohaku.card`."""
    return broken.cause if isinstance(broken.cause, HostRead | HostWrite) else None


def _is_selected(broken: InvariantBroken) -> bool:
    """Whether the session started with the applet selected already."""
    seat = broken.start.seats[0] if broken.start is not None else None
    return seat is not None and bool(seat.aid)


def _is_plain(instance: Instance, applet: type[Applet]) -> bool:
    """Whether an applet starts as a load without contents and with the published values leaves it."""
    return list(Model.of(applet).instances.values()) == [instance]


def _groups(instance: Instance) -> Iterator[Dgi]:
    """Give the data groupings that make an instance hold what it holds."""
    for number, pin in enumerate(instance.pins, 1):
        yield Dgi(PIN_VALUE | number, pin.value)
    for number, key in enumerate(instance.keys, 1):
        yield Dgi(KEY_VALUE | number, key.value)
    for file in instance.files.values():
        if any(file.body):
            yield from file_content(file.sfi, file.body)
        rows = file.rows[::-1] if file.kind == FileKind.CYCLIC else file.rows
        yield from (Dgi(RECORD | file.sfi, row) for row in rows)


def apdu_script(broken: InvariantBroken, applet: type[Applet]) -> str:
    """Write a finding as commands and the answers they should have, as ``yohaku card trace replay`` reads them.

    A reset stands as what an APDU can do of it: every other channel is closed and the card's domain selected. What
    needs a fault, such as a power cut, cannot be said in APDUs; the script ends there.

    Args:
        broken: the finding.
        applet: the declaration.
    """
    lines = [f"# {line}" for line in str(broken).splitlines()]
    lines += [
        f"# yohaku applet load {applet.name} --card emulator:before.img",
        "# yohaku card trace replay THIS_FILE --card emulator:before.img",
    ]
    return "\n".join([*lines, *_exchanges(broken), ""])


def _exchanges(broken: InvariantBroken) -> Iterator[str]:
    step, channels = -1, set[int]()
    if broken.start is not None and _is_selected(broken):
        instance = next(iter(broken.start.instances.values()))
        yield f"> 00a40400{len(instance.aid):02x}{instance.aid.hex()}00"
        yield f"< {instance.control_information.hex()}9000"
    for number, event in enumerate(broken.log, 1):
        if event.step != step:
            step = event.step
            yield f"# step {step}"
        if event.fault is not None:
            yield f"# {event.fault} cannot be said in APDUs: the Python script has the rest"
            return
        is_last = number == len(broken.log) and bool(broken.allowed)
        yield from _reset(channels) if event.is_reset else _exchange(event, broken.allowed[0] if is_last else b"")
        _note_channel(event, channels)


def _exchange(event: Event, wanted: bytes) -> Iterator[str]:
    if len(event.command) < 4:
        yield f"# {event.command.hex() or 'nothing'} is no APDU, and is left out"
        return
    yield f"> {event.command.hex()}"
    yield f"< {(wanted or event.response).hex()}"


def _reset(channels: set[int]) -> Iterator[str]:
    yield "# reset"
    for number in sorted(channels):
        yield from (f"> 007080{number:02x}", "< 9000")
    channels.clear()
    yield from ("> 00a4040c", "< 9000")


def _note_channel(event: Event, channels: set[int]) -> None:
    """Follow which channels are open."""
    if not _is(event, Ins.MANAGE_CHANNEL) or event.response[-2:] != _OK:
        return
    p1, p2 = event.command[2:4]
    number = p2 or (event.response[0] if not p1 else event.command[0] & 0x03)
    channels.discard(number) if p1 else channels.add(number)


def _is(event: Event, ins: int) -> bool:
    return len(event.command) >= 4 and event.command[1] == ins and not event.command[0] & 0x80


def _is_external(command: bytes) -> bool:
    return len(command) == 21 and command[1] == Ins.EXTERNAL_AUTHENTICATE and not command[0] & 0x80
