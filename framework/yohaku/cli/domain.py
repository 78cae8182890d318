"""``yohaku domain``: the security domains of a card and their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.keyfiles import keys_option, plan_option, test_keys_option
from yohaku.cli.parameters import card_option, json_option, yes_option

if TYPE_CHECKING:
    from yohaku.codec import Json
    from yohaku.globalplatform import RegistryEntry
    from yohaku.globalplatform.keydata import KeyInformation

AID = "F059484B000100"
NEW_KEYS = (
    "export YOHAKU_CARD=emulator:card.img",
    "umask 077; printf 'key = \"000102030405060708090A0B0C0D0E0F\"\\nversion = 49\\n' >new.toml",
)
aid_argument = click.argument("aid", metavar="AID")


@click.group(cls=Group, short_help="Make security domains, list them, see and exchange keys.")
def domain() -> None:
    """Make security domains on a card, list them, see their keys and exchange them."""


def _aid(text: str) -> bytes:
    from yohaku.cli.errors import UsageError

    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if not 5 <= len(found) <= 16:
        raise UsageError(f"{text!r} is no AID: 5 to 16 bytes in hex")
    return found


@domain.command("list", examples=("yohaku domain list", "yohaku domain list --card emulator:card.img --json"))
@card_option
@keys_option
@test_keys_option
@json_option
def list_(url: str, key_file: str | None, *, allow_test_keys: bool, as_json: bool) -> None:
    """List the security domains of a card: its own and those that were made."""
    from yohaku.cli.cards import open_card
    from yohaku.cli.keyfiles import card_keys
    from yohaku.globalplatform import SecurityDomain
    from yohaku.globalplatform.states import Privilege, privileges

    with open_card(url) as card:
        opened = SecurityDomain.open(card, card_keys(card, key_file), allow_test_keys=allow_test_keys)
        found = opened.issuer()
        found += [
            each
            for each in opened.applications()
            if each.privileges and privileges(each.privileges) & Privilege.SECURITY_DOMAIN
        ]
    if as_json:
        console.print_json([_entry_json(each, is_issuer=number == 0) for number, each in enumerate(found)])
        return
    rows = [(each.aid.hex(), *_words(each, is_issuer=number == 0)) for number, each in enumerate(found)]
    console.table(rows, head=("AID", "STATE", "PRIVILEGES"))


def _words(entry: RegistryEntry, *, is_issuer: bool) -> tuple[str, str]:
    from yohaku.globalplatform.states import card_life, domain_life, privileges

    life = f"card {card_life(entry.life)}" if is_issuer else domain_life(entry.life)
    return life, ", ".join(privileges(entry.privileges or b"\0").names)


def _entry_json(entry: RegistryEntry, *, is_issuer: bool) -> Json:
    from yohaku.globalplatform.states import privileges

    return {
        "aid": entry.aid.hex(),
        "issuer": is_issuer,
        "life": entry.life,
        "state": _words(entry, is_issuer=is_issuer)[0],
        "privileges": list(privileges(entry.privileges or b"\0").names),
    }


@domain.command(
    examples=(
        f"yohaku domain create {AID} --card emulator:card.img --quota 4000",
        "yohaku domain list --card emulator:card.img",
    )
)
@aid_argument
@card_option
@click.option("--quota", type=click.IntRange(0), default=0, metavar="BYTES", help="Most memory that its content takes.")
@keys_option
@test_keys_option
@plan_option
@yes_option
def create(
    aid: str, url: str, quota: int, key_file: str | None, *, allow_test_keys: bool, plan: bool, yes: bool
) -> None:
    """Make a security domain with the AID (hex); it has no keys of its own yet."""
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card
    from yohaku.cli.keyfiles import card_keys, planned
    from yohaku.globalplatform import SecurityDomain

    made = _aid(aid)
    limit = f", its content takes {console.counted(quota, 'byte')} at most" if quota else ""
    lines = [f"make security domain {console.spaced(made)}{limit}"]
    if planned(lines, plan=plan):
        return
    with open_card(url) as card:
        keys = card_keys(card, key_file)
        confirm(card, lines, yes=yes)
        SecurityDomain.open(card, keys, allow_test_keys=allow_test_keys).create_domain(made, quota=quota)
    console.note(f"made security domain {console.spaced(made)}")


@domain.command(examples=("yohaku domain keys", "yohaku domain keys --json"))
@click.argument("aid", metavar="[AID]", required=False)
@card_option
@json_option
def keys(aid: str | None, url: str, *, as_json: bool) -> None:
    """List the keys of a security domain, the card's own by default: versions, kinds and lengths, not the keys."""
    show_keys(url, b"" if aid is None else _aid(aid), as_json=as_json)


def show_keys(url: str, aid: bytes, *, as_json: bool) -> None:
    """Print what a card tells of the keys of a security domain."""
    from yohaku.cli.cards import open_card
    from yohaku.globalplatform import SecurityDomain

    with open_card(url) as card:
        selected = SecurityDomain.select(card, aid)
        told, data = selected.keys(), selected.card_data()
    if as_json:
        channels: list[Json] = [{"protocol": scp, "options": i} for scp, i in (data.channels if data else ())]
        console.print_json({"keys": _keys_json(told), "channels": channels})
        return
    if data is not None:
        offered = [f"SCP{protocol:02} (i = {options:02X})" for protocol, options in data.channels]
        console.note(f"secure channel: {', '.join(offered) or 'none told'}")
    if told is None or not told.keys:
        console.note("the domain tells of no keys")
        return
    rows = [
        (f"{key.version:02X}", str(key.identifier), _kind(kind), f"{size * 8} bits")
        for key in told.keys
        for kind, size in key.components
    ]
    console.table(rows, head=("VERSION", "KEY", "KIND", "LENGTH"))


_KINDS = {0x80: "DES", 0x88: "AES", 0xA0: "RSA exponent", 0xA1: "RSA modulus", 0xB0: "EC public", 0xF0: "EC curve"}


def _kind(number: int) -> str:
    return _KINDS.get(number, f"kind {number:02X}")


def _keys_json(told: KeyInformation | None) -> Json:
    return [
        {"version": key.version, "id": key.identifier, "kind": _kind(kind), "bytes": size}
        for key in (told.keys if told else ())
        for kind, size in key.components
    ]


@domain.command(
    examples=(
        *NEW_KEYS,
        "yohaku domain rotate new.toml --plan",
        "yohaku domain rotate new.toml",
        "yohaku domain list --keys new.toml",
    )
)
@click.argument("new", metavar="FILE")
@click.argument("aid", metavar="[AID]", required=False)
@card_option
@click.option("--keep-old", is_flag=True, help="Leave the old key set on the card, too.")
@click.option("--in-place", is_flag=True, help="Put the new set over the old one: there is no way back.")
@keys_option
@test_keys_option
@plan_option
@yes_option
def rotate(
    new: str,
    aid: str | None,
    url: str,
    key_file: str | None,
    *,
    keep_old: bool,
    in_place: bool,
    allow_test_keys: bool,
    plan: bool,
    yes: bool,
) -> None:
    """Exchange the keys of a security domain for those in FILE.

    The new set is put beside the old one, a channel is opened with it, and only then the old one is removed: whatever
    goes wrong, the card answers to a set that is known.
    """
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card
    from yohaku.cli.keyfiles import card_keys, planned, read_key_set
    from yohaku.globalplatform.keys import KeySet
    from yohaku.globalplatform.rotation import rotate_keys

    wanted, chosen = read_key_set(new), b"" if aid is None else _aid(aid)
    lines = [f"put key set {wanted.version:02X}{' over the old one' if in_place else ''}, open a channel with it"]
    if not (keep_old or in_place):
        lines.append("remove the old key set")
    if planned(lines, plan=plan):
        return
    with open_card(url) as card:
        old = card_keys(card, key_file) or KeySet.for_tests()
        confirm(card, lines, yes=yes)
        done = rotate_keys(
            card, old, wanted, aid=chosen, keep_old=keep_old, in_place=in_place, allow_test_keys=allow_test_keys
        )
    values = " ".join(value.hex().upper() for value in done.check_values)
    console.note(f"key set {done.added:02X} is proved, check values {values}")
