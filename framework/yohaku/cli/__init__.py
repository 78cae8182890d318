"""The ``yohaku`` command: the only place that prints, prompts, exits or reads the environment.

Nothing but click is imported before a command runs, so that help comes at once.
"""


def main() -> None:
    """Run the command line and exit."""
    from yohaku.cli.root import yohaku

    yohaku(prog_name="yohaku")
