"""Which PINs and keys a command may use, where their values come from, and who is asked before a card changes.

Values come from a secrets file or a prompt, never from the command line; an emulated card takes published test values.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import click

from yohaku.card import SecretError, Secrets
from yohaku.card.secrets import key_bytes
from yohaku.card.session import AppletSession
from yohaku.cli.console import note
from yohaku.cli.errors import UsageError
from yohaku.errors import UnknownNameError
from yohaku.schema import Alphabet, Pin
from yohaku.schema.evolution import file_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from yohaku.card import Card
    from yohaku.schema import Applet, Rule

    Values = dict[str, str | bytes]


def unlock(card: Card, instance: Applet, rules: Iterable[Rule], path: str | None, *, last_try: bool) -> None:
    """Present what each of the rules needs; a rule that nobody can satisfy is left for the card to refuse.

    Raises:
        SecretError: the secrets file cannot be used.
        YohakuError: the card refuses, as `AppletSession.satisfy` says.
    """
    session = AppletSession.of(instance)
    for rule in rules:
        if rule.alternatives and all(rule.alternatives) and not session.holds(rule):
            session.satisfy(rule, _for_rule(card, type(instance), rule, path), last_try=last_try)


def _for_rule(card: Card, applet: type[Applet], rule: Rule, path: str | None) -> Secrets:
    values = _stored(card, applet, path)
    if isinstance(values, Secrets):
        return values
    return Secrets(values | _asked(applet, rule, values))


def _asked(applet: type[Applet], rule: Rule, values: Values) -> Values:
    """Ask for the PINs that a rule needs besides the values at hand."""
    missing = [[item for item in row if item.name not in values] for row in rule.ordered]
    asked = next((row for row in missing if all(isinstance(item, Pin) for item in row)), [])
    return {item.name: _ask(applet.pins()[item.name]) for item in asked}


def all_secrets(card: Card, applet: type[Applet], path: str | None) -> Secrets:
    """Give a value for every PIN and key of an applet that is to be loaded; new PINs are asked for twice.

    Raises:
        SecretError: the secrets file cannot be used.
    """
    values = _stored(card, applet, path)
    if isinstance(values, Secrets):
        return values
    asked = {name: _ask(pin, new=True) for name, pin in applet.pins().items() if name not in values and _can_ask()}
    return Secrets(values | asked)


def secrets_for_upgrade(card: Card, held: type[Applet], applet: type[Applet], path: str | None) -> Secrets:
    """Give the values that an upgrade needs: of PINs and keys that are new, and to read the files that change.

    Raises:
        SecretError: the secrets file cannot be used, or a PIN is needed and nobody can be asked.
    """
    values = _stored(card, applet, path)
    if isinstance(values, Secrets):
        return values
    new = {name: pin for name, pin in applet.pins().items() if name not in held.pins() and name not in values}
    found = values | {name: _ask(pin, new=True) for name, pin in new.items()}
    for step in file_steps(applet, held.version):
        if step.source is not None and not step.copied:
            found |= _asked(held, step.source.read, found)
    return Secrets(found)


def known_secrets(card: Card, applet: type[Applet], path: str | None) -> Secrets:
    """Give the values of an applet's PINs and keys that need no asking: of the secrets file, or published ones.

    Raises:
        SecretError: the secrets file cannot be used.
    """
    return Secrets(dict(_stored(card, applet, path)))


def pin_value(card: Card, applet: type[Applet], name: str, path: str | None) -> str | bytes:
    """Give the value of one PIN: of the secrets file, the published one on an emulated card, or asked for.

    Raises:
        SecretError: the secrets file cannot be used, or the PIN is needed and nobody can be asked.
    """
    values = _stored(card, applet, path)
    return values[name] if name in values else _ask(applet.pins()[name])


def stored_key(applet: type[Applet], name: str, path: str | None, *, test: bool) -> bytes:
    """Give the value of a key where no card is at hand: of the secrets file, or the published one.

    Raises:
        SecretError: the secrets file cannot be used, or has no value of this name and ``test`` is false.
        PinFormatError: the value has another length than declared.
    """
    tables = {} if path is None else _read(path)
    values: Mapping[str, str | bytes] = _values(applet, tables.get(applet.name, {}), str(path))
    if name not in values and test:
        note(f"{applet.name}: using the published test value of {name}, with which anybody can make receipts")
        values = Secrets.for_tests(applet)
    if name not in values:
        raise SecretError(
            f"the value of {name} is needed: give it with --secrets FILE, or --allow-test-keys for an emulated card"
        )
    return key_bytes(applet.keys()[name], Secrets(values)[name])


def supposed_secrets(applet: type[Applet], rules: Iterable[Rule], path: str | None) -> tuple[Secrets, Secrets]:
    """Give values for a card that only stands in for another one: all that it has, and those that would be presented.

    The latter are of the secrets file, or PINs that would be asked for; of all names where these are not enough.

    Raises:
        SecretError: the secrets file cannot be used.
    """
    tables = {} if path is None else _read(path)
    given = _values(applet, tables[applet.name], str(path)) if applet.name in tables else {}
    every = {**Secrets.for_tests(applet), **given}
    at_hand = given or applet.pins()
    ways = [[all(item.name in at_hand for item in row) for row in rule.alternatives] for rule in rules]
    presented = at_hand if all(map(any, filter(None, ways))) else every
    return Secrets(every), Secrets({name: every[name] for name in presented})


def new_pin_value(applet: type[Applet], name: str, path: str | None) -> str | bytes:
    """Give a new value for a PIN: of a secrets file, or asked for twice.

    Raises:
        SecretError: the file cannot be used or has no value for it, or nobody can be asked.
    """
    if path is None:
        return _ask(applet.pins()[name], new=True)
    values = _values(applet, _read(path).get(applet.name, {}), path)
    if name not in values:
        raise SecretError(f"{path} has no value for {name} in a table [{applet.name}]; {_FORM}")
    return values[name]


def _stored(card: Card, applet: type[Applet], path: str | None) -> Values | Secrets:
    """Give the values of the secrets file, or published test values on an emulated card without any."""
    tables = {} if path is None else _read(path)
    if applet.name in tables:
        return _values(applet, tables[applet.name], str(path))
    if card.is_emulator:
        if applet.pins() or applet.keys():
            note(f"{applet.name}: using published test PINs and keys, which only emulated cards accept")
        return Secrets.for_tests(applet)
    if path is not None:
        raise SecretError(f"{path} has no table [{applet.name}]; there is {', '.join(tables) or 'none'}")
    return {}


def _read(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:  # noqa: PTH123 - the opened file itself is examined
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise SecretError(f"others may read {path} (mode {mode:03o}), so nothing was read; run: chmod 600 {path}")
        try:
            return tomllib.loads(file.read().decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            line = re.search(r"at (?:line \d+|end of document)", str(error))
            raise SecretError(f"{path} is no TOML{f' {line[0]}' if line else ''}; {_FORM}") from None


_FORM = 'write [applet-name], then a line name = "value" for each PIN (text) and key (hex)'


def _values(applet: type[Applet], table: Any, path: str) -> Values:
    if not isinstance(table, dict):
        raise SecretError(f"{applet.name} in {path} is no table; {_FORM}")
    pins, keys = applet.pins(), applet.keys()
    for name in table:
        if name not in pins and name not in keys:
            raise UnknownNameError("PIN or key", name, [*pins, *keys], where=f" in {applet.name} ({path})")
    return {
        name: _value(value, f"{name} in {path}", is_text=name in pins and pins[name].alphabet != Alphabet.BYTES)
        for name, value in table.items()
    }


def _value(value: Any, where: str, *, is_text: bool) -> str | bytes:
    if not isinstance(value, str):
        raise SecretError(f"{where} must be a string in quotation marks")
    try:
        return value if is_text else bytes.fromhex(value)
    except ValueError:
        raise SecretError(f"{where} must be hex: pairs of 0-9 and a-f") from None


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _ask(pin: Pin, *, new: bool = False) -> str:
    if not _can_ask():
        raise SecretError(f"{pin.name} is needed, and there is no terminal to ask at; give it with --secrets FILE")
    value: str = click.prompt(f"{pin.english} ({pin.label})", hide_input=True, confirmation_prompt=new, err=True)
    return value


def confirm(card: Card, changes: Iterable[str], *, yes: bool) -> None:
    """Say what will change, and ask before a real card is written to.

    Raises:
        UsageError: nobody can be asked and ``--yes`` was not given.
        click.Abort: the answer is no.
    """
    for line in changes:
        note(line)
    if card.is_emulator or yes:
        return
    if not _can_ask():
        raise UsageError(f"{card.name} is a real card, and there is no terminal to ask at: add --yes to go on")
    click.confirm(f"{card.name} is a real card. Go on?", abort=True, err=True)
