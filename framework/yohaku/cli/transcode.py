"""``yohaku schema example``, ``encode`` and ``decode``: records as JSON, as bytes, and as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.parameters import file_argument, json_option, target_argument

if TYPE_CHECKING:
    from yohaku.schema import Applet

TABLES = click.Choice(["csv", "jsonl"])


@click.command(
    cls=Command,
    examples=(
        "yohaku schema example local-currency wallet",
        "yohaku schema example local-currency log >entry.json",
    ),
)
@target_argument
@file_argument
def example(target: str, file: str) -> None:
    """Print an example record of a file as JSON."""
    console.print_json(_record(target, file).example().to_json())


@click.command(
    cls=Command,
    examples=(
        "yohaku schema example local-currency wallet >wallet.json",
        "yohaku schema encode local-currency wallet wallet.json",
        "yohaku schema encode local-currency wallet - <wallet.json | yohaku schema decode local-currency wallet -",
        "printf 'at,event,branch,item\\n2026-04-01T01:30:00+00:00,lent,3,4000123456\\n' >loans.csv",
        "yohaku schema encode library-card loans loans.csv --from csv",
    ),
)
@target_argument
@file_argument
@click.argument("source")
@click.option("--from", "table", type=TABLES, help="SOURCE is a table; each row becomes a line of hex.")
@click.option("--binary", is_flag=True, help="Print raw bytes.")
@json_option
def encode(target: str, file: str, source: str, table: str | None, *, binary: bool, as_json: bool) -> None:
    """Turn a record from JSON into bytes, printed as one line of hex.

    SOURCE is - for stdin, a path, or JSON that starts with {. A CSV table has a header of field names, such as
    those that decode --to csv writes; rows that hold no record are reported, and the others go on.
    """
    from yohaku.cli.errors import UsageError
    from yohaku.cli.sources import read_json

    if (table is not None) + binary + as_json > 1:
        raise UsageError("choose one of --from, --binary and --json")
    record = _record(target, file)
    if table is not None:
        from yohaku.cli.tables import encode_rows

        encode_rows(record, source, table)
        return
    data: bytes = record.from_json(read_json(source)).encode()
    if as_json:
        console.print_json({"hex": data.hex(), "bytes": len(data)})
    else:
        click.echo(data if binary else data.hex(), nl=not binary)


@click.command(
    cls=Command,
    examples=(
        "yohaku schema decode local-currency wallet 37201330303030313233343536000012c0000220270331",
        "yohaku schema example local-currency wallet >wallet.json",
        "yohaku schema encode local-currency wallet wallet.json --binary >wallet.bin",
        "yohaku schema decode local-currency wallet wallet.bin --binary",
        "yohaku schema encode local-currency wallet wallet.json >wallet.hex",
        "yohaku schema decode local-currency wallet wallet.hex --to csv",
    ),
)
@target_argument
@file_argument
@click.argument("source")
@click.option("--to", "table", type=TABLES, help="SOURCE has a record in hex on each line; print a table.")
@click.option("--binary", is_flag=True, help="Read raw bytes.")
def decode(target: str, file: str, source: str, table: str | None, *, binary: bool) -> None:
    """Turn the bytes of a record into JSON; every byte must be accounted for.

    SOURCE is - for stdin, a path, or hex.
    """
    from yohaku.cli.errors import UsageError
    from yohaku.cli.sources import read_hex

    if table is not None and binary:
        raise UsageError("choose one of --to and --binary")
    record = _record(target, file)
    if table is not None:
        from yohaku.cli.tables import decode_rows

        decode_rows(record, source, table)
    else:
        console.print_json(record.decode(read_hex(source, binary=binary)).to_json())


def _record(target: str, file: str) -> Any:
    """Give the record class of a file of an applet."""
    from yohaku.cli.targets import load_target

    applet: type[Applet] = load_target(target)
    return applet.file(file).record
