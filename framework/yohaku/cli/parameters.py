"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

TRACE_PATH, TRACE_SECRETS = "yohaku.trace_path", "yohaku.trace_secrets"
"""Where the context keeps what --trace and --trace-secrets say."""


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    ctx.meta[f"yohaku.{parameter.name}"] = value


target_argument = click.argument("target")
file_argument = click.argument("file")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_card = click.option(
    "--card",
    "url",
    metavar="URL",
    envvar="YOHAKU_CARD",
    default="emulator:",
    show_default=True,
    show_envvar=True,
    help="The card: emulator: (fresh, gone afterwards), emulator:PATH (kept in a file) or pcsc:NAME (in a reader).",
)
_trace = click.option(
    "--trace",
    "trace_path",
    metavar="FILE",
    expose_value=False,
    callback=_keep,
    help="Write what travels as JSON Lines, PINs and keys as xx; yohaku card trace show explains it.",
)
_trace_secrets = click.option(
    "--trace-secrets",
    "trace_secrets",
    is_flag=True,
    expose_value=False,
    callback=_keep,
    help="Write PINs and keys into the trace, too; nobody else may read the file.",
)


def card_option(command: F) -> F:
    """Let a command work on a card, and write down what travels."""
    return _card(_trace(_trace_secrets(command)))


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
