"""Arguments and options that several commands share."""

from __future__ import annotations

import click

target_argument = click.argument("target")
file_argument = click.argument("file")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
card_option = click.option(
    "--card",
    "url",
    metavar="URL",
    envvar="YOHAKU_CARD",
    default="emulator:",
    show_default=True,
    show_envvar=True,
    help="The card: emulator: (fresh, gone afterwards), emulator:PATH (kept in a file) or pcsc:NAME (in a reader).",
)
secrets_option = click.option(
    "--secrets",
    "secrets_file",
    metavar="FILE",
    envvar="YOHAKU_SECRETS",
    show_envvar=True,
    help="PINs and keys: a TOML file with a table for each applet. An emulated card needs none.",
)
yes_option = click.option("--yes", is_flag=True, help="Write to a real card without asking.")
last_try_option = click.option("--last-try", is_flag=True, help="Present a PIN that has one try left, too.")
