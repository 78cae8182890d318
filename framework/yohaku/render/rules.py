"""The rules that declarations are checked by and compared by, as a page and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.schema import breaking, checks

if TYPE_CHECKING:
    from yohaku.codec import Json

_PAGE = """# Rules

Written by `yohaku schema rules --markdown`; do not edit.

## What `yohaku schema check` looks for

An error ends the command with 1. A declaration ignores a rule where it is right, with a reason that is printed:
`Applet(..., ignore={{"RULE": "reason"}})`, or `.ignoring("RULE", "reason")` on a file, a PIN or a key.

| rule | severity | what it objects to |
|---|---|---|
{checks}

## What `yohaku schema breaking` looks for

WIRE breaks cards that hold the older version, VALUE the meaning of what they hold, SOURCE programs that use the class.

| rule | strength | what it finds |
|---|---|---|
{breaking}
"""


def rules_markdown() -> str:
    """Write every rule of both kinds as one Markdown page."""
    return _PAGE.format(
        checks="\n".join(f"| `{rule.id}` | {_severity(rule)} | {rule.summary} |" for rule in checks.RULES.values()),
        breaking="\n".join(
            f"| `{rule.id}` | {rule.strength.name} | {rule.summary} |"
            for rule in sorted(breaking.RULES.values(), key=lambda rule: -rule.strength)
        ),
    )


def _severity(rule: checks.CheckRule) -> str:
    name = rule.severity.name.lower()
    return name if rule.ignorable else f"{name}, never ignored"


def rules_json() -> Json:
    """Give every rule of both kinds: id, severity or strength in lower case, summary."""
    return {
        "check": [
            {"id": rule.id, "severity": rule.severity.name.lower(), "summary": rule.summary}
            for rule in checks.RULES.values()
        ],
        "breaking": [
            {"id": rule.id, "strength": rule.strength.name.lower(), "summary": rule.summary}
            for rule in breaking.RULES.values()
        ],
    }
