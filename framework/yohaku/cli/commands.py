"""Click commands with runnable examples in their help, and groups that import their commands on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Lazy(NamedTuple):
    """A command that is not imported yet: its module, its name there, its one line of help."""

    module: str
    attribute: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        return cast("click.Command", getattr(import_module(self.module), self.attribute))


class _Exemplified:
    """The part of a command that writes its examples, one line each, never wrapped."""

    examples: Sequence[str]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples at the end of the help."""
        del ctx
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"{'':{formatter.current_indent}}{line}\n" for line in self.examples))


class Command(_Exemplified, click.Command):
    """A command whose help ends with examples that run in a shell, top to bottom, on a fresh card."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = examples


class Group(_Exemplified, click.Group):
    """A noun: a group of verbs."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs in declared order."""
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names.

        Raises:
            UnknownNameError: there is none; the message lists those that exist.
        """
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            from yohaku.errors import UnknownNameError

            raise UnknownNameError("command", args[0], self.list_commands(ctx), where=f" in {ctx.command_path}")
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """A group that knows its commands by name and line of help until one is used."""

    def __init__(self, *args: Any, lazy: Mapping[str, Lazy], **options: Any) -> None:
        super().__init__(*args, **options)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        del ctx
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        return self.lazy[cmd_name].load() if cmd_name in self.lazy else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self.lazy.items()])
