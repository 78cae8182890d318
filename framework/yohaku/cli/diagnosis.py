"""What ``yohaku doctor`` finds out about readers and the cards in them; nothing is changed on a card."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card import Card
    from yohaku.reader import ReaderState

_SERVICE = Path("/run/pcscd/pcscd.comm")
_DRIVERS = Path("/usr/lib/pcsc/drivers/serial")
_START = "systemctl start pcscd.socket, or as root: pcscd"
_NOT_THERE = "apt install pcscd libccid"


@dataclass(frozen=True)
class Check:
    """What was found out about one thing.

    Attributes:
        name: the thing.
        state: ``ok``, ``absent`` when yohaku does without it, or ``failed``.
        detail: version, or what is wrong.
        fix: what to do; empty when nothing need be done.
    """

    name: str
    state: str
    detail: str
    fix: str = ""


def reader_checks() -> Iterator[Check]:
    """Look at the PC/SC service, its virtual reader, each reader and each card."""
    yield _service()
    yield _virtual_reader()
    yield from _readers()


def _service() -> Check:
    program = shutil.which("pcscd", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")
    if program is None:
        return Check("pcscd", "absent", "the PC/SC service is not installed", _NOT_THERE)
    version = _version(program)
    if not _SERVICE.exists():
        return Check("pcscd", "absent", f"{version} does not run", _START)
    return Check("pcscd", "ok", f"{version} listens at {_SERVICE}")


def _version(program: str) -> str:
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=5).stdout  # noqa: S603 - found on the system's own path
    except (OSError, subprocess.TimeoutExpired):
        return "of unknown version"
    found = re.search(r"version (\d+(?:\.\d+)*)", told)
    return found[1] if found else "of unknown version"


def _virtual_reader() -> Check:
    if any(_DRIVERS.glob("libifdvpcd.so*")):
        return Check("virtual reader", "ok", "installed: yohaku emulator run --vpcd puts a card into it")
    return Check("virtual reader", "absent", "not installed; only tests need it", "apt install vsmartcard-vpcd")


def _readers() -> Iterator[Check]:
    from yohaku.reader import ReaderError, reader_states

    try:
        states = reader_states()
    except ReaderError as error:
        sentence, _, fix = str(error).partition("; ")
        yield Check("readers", "absent", sentence, fix)
        return
    if not states:
        yield Check("readers", "absent", "none connected", "plug one in; if it is in, look for its driver")
    for state in states:
        yield _reader(state)


def _reader(state: ReaderState) -> Check:
    name = f"reader {state.name}"
    if state.is_mute:
        fix = "turn it over, clean its contacts, insert it again"
        return Check(name, "absent", "the card in it gives no answer", fix)
    if not state.has_card:
        return Check(name, "ok", "no card in it")
    if state.is_taken:
        fix = "end that program, or add ?wait=30 to the card URL"
        return Check(name, "absent", "another program holds the card in it", fix)
    return _card(name, state)


def _card(name: str, state: ReaderState) -> Check:
    from yohaku.card import CardError, connect

    try:
        with connect(f"pcsc:{state.name}?share=shared") as card:
            held = list(_held(card))
    except CardError as error:
        sentence, _, fix = str(error).rpartition("; ")
        return Check(name, "absent", f"a card that cannot be used: {sentence or fix}", fix)
    listed = ", ".join(held) or "none of the applets installed here"
    return Check(name, "ok", f"a card, ATR {state.atr.hex(' ').upper()}, holds {listed}")


def _held(card: Card) -> Iterator[str]:
    """Name the applets installed here that the card has, found by SELECT."""
    from yohaku.card import AppletNotInstalledError, StatusError
    from yohaku.cli.targets import installed_applets

    for applet in installed_applets():
        try:
            fci = card.select(applet.aid).fci
        except (AppletNotInstalledError, StatusError):
            continue
        version = f" version {fci.version}" if fci.is_container else " (another application of its AID)"
        yield f"{applet.name}{version}{'' if fci.is_personalised or not fci.is_container else ', incomplete'}"
