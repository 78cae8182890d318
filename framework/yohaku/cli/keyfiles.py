"""Where the keys of a card's security domain come from: a file or the environment, never the command line."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from yohaku.cli.console import note

if TYPE_CHECKING:
    from yohaku.card import Card
    from yohaku.globalplatform.keys import KeySet, KeySource

PIN_VARIABLE = "YOHAKU_TOKEN_PIN"
"""The environment variable that may hold the user PIN of a PKCS#11 token."""
VARIABLE = "YOHAKU_KEY"
"""The environment variable that may hold one key in hex, used three times."""
_FORM = 'write key = "hex", or enc, mac and dek = "hex"; then version = 48 and diversification = "visa2" where needed'
_NAMES = frozenset(("key", "enc", "mac", "dek", "version", "diversification"))
_MODULE_FORM = (
    'write module = "path of the PKCS#11 library", token = "label", key = "label" or enc, mac and dek = "label"'
)
_MODULE_NAMES = frozenset(("module", "token", "key", "enc", "mac", "dek", "version", "size"))

keys_option = click.option(
    "--keys",
    "key_file",
    metavar="FILE",
    envvar="YOHAKU_KEYS",
    show_envvar=True,
    help="Keys of the card's security domain: a TOML file. An emulated card needs none until its keys are changed.",
)
test_keys_option = click.option(
    "--allow-test-keys", is_flag=True, help="Use the published test keys on a real card, too."
)
plan_option = click.option("--plan", is_flag=True, help="Say what would be done; change nothing.")


def card_keys(card: Card, path: str | None) -> KeySource | None:
    """Give the keys for a card: those of the file, of the environment, or none.

    Raises:
        SecretError: the file or the variable cannot be used.
    """
    if path is not None:
        return read_keys(path)
    if text := os.environ.get(VARIABLE):
        return _key_set({"key": text}, f"variable {VARIABLE}")
    if card.is_emulator:
        note("using the published test keys (404142...4F) of the emulated card's security domain")
    return None


def read_keys(path: str) -> KeySource:
    """Read a key file that nobody else may read.

    Raises:
        SecretError: it is open to others, or no key file.
    """
    from yohaku.card import SecretError

    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the opened file itself is examined
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise SecretError(f"others may read {path} (mode {mode:03o}); run: chmod 600 {path}")
            table = tomllib.loads(file.read().decode())
    except OSError as error:
        raise SecretError(f"cannot read key file {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"at (?:line \d+|end of document)", str(error))
        raise SecretError(f"{path} is no TOML{f' {line[0]}' if line else ''}; {_FORM}") from None
    return _token_keys(table, path) if "module" in table else _key_set(table, path)


def _token_keys(table: dict[str, Any], where: str) -> KeySource:
    """Give the keys of a PKCS#11 token, whose PIN is in a variable or asked for without echo."""
    from yohaku.card import SecretError
    from yohaku.globalplatform.keys import Role
    from yohaku.globalplatform.pkcs11 import TokenKeys

    unknown = sorted(set(table) - _MODULE_NAMES)
    names = ("key", "key", "key") if "key" in table else ("enc", "mac", "dek")
    try:
        labels = {role: str(table[name]) for role, name in zip(Role, names, strict=True)}
        module, token = str(table["module"]), str(table["token"])
        numbers = int(table.get("version", 0)), int(table.get("size", 16))
    except (KeyError, ValueError, TypeError):
        raise SecretError(f"{where} is no key file; {_MODULE_FORM}") from None
    if unknown:
        raise SecretError(f"{where} has {', '.join(unknown)}, which no key file of a token has; {_MODULE_FORM}")
    return TokenKeys(module, token, labels, cache(lambda: _token_pin(token)), *numbers)


def _token_pin(token: str) -> str:
    """Give the token's PIN: from the variable, or from a prompt without echo."""
    pin = os.environ.get(PIN_VARIABLE) or click.prompt(f"PIN of token {token}", hide_input=True, err=True)
    return str(pin)


def read_key_set(path: str) -> KeySet:
    """Read a key file that holds the keys themselves, not master keys.

    Raises:
        SecretError: it is open to others, no key file, or says diversification.
    """
    from yohaku.card import SecretError
    from yohaku.globalplatform.keys import KeySet

    keys = read_keys(path)
    if not isinstance(keys, KeySet):
        raise SecretError(f"{path} has master keys; new keys of a card are given as they are")
    return keys


def _key_set(table: dict[str, Any], where: str) -> KeySource:
    from yohaku.card import SecretError
    from yohaku.globalplatform.keys import Diversification, Diversified, KeyFormatError, KeySet

    unknown = sorted(set(table) - _NAMES)
    if unknown:
        raise SecretError(f"{where} has {', '.join(unknown)}, which no key file has; {_FORM}")
    names = ("key", "key", "key") if "key" in table else ("enc", "mac", "dek")
    try:
        enc, mac, dek = (bytes.fromhex(table[name]) for name in names)
        keys = KeySet(enc, mac, dek, int(table.get("version", 0)))
        method = Diversification(table.get("diversification", "none"))
    except KeyFormatError as error:
        raise SecretError(f"{where}: {error}") from None
    except (KeyError, ValueError, TypeError):
        raise SecretError(f"{where} is no key file; {_FORM}") from None
    return keys if method is Diversification.NONE else Diversified(keys, method)


def planned(lines: list[str], *, plan: bool) -> bool:
    """Print what would be done when only a plan is asked for; say whether it was."""
    if plan:
        for line in lines:
            click.echo(line)
    return plan
