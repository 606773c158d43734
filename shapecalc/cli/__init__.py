"""The command line: one module a command, imported when it is called.

Those that list what the tool has are together in `inventory`.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from shapecalc import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The exit code of what Ctrl-C ended, as a shell counts.
INTERRUPTED = 130
#: The commands; a module in this package has its command's name.
COMMANDS = (
    "summarize",
    "explain",
    "solve",
    "sweep",
    "compare",
    "tables",
    "reconcile",
    "profiles",
    "training",
    "verify",
    "run",
    "homework",
    "layers",
    "specs",
    "schema",
    "completion",
    "errors",
)

#: Those in `inventory`.
_LISTED = ("profiles", "layers", "specs", "schema", "completion", "errors")


@contextmanager
def _interrupted() -> Iterator[None]:
    """End on Ctrl-C: click would exit with 1, which means here that a check said no."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


class _Lazy(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = "inventory" if cmd_name in _LISTED else cmd_name
        command: click.Command = getattr(import_module(f"shapecalc.cli.{module}"), cmd_name)
        return command

    def make_context(self, *words: Any, **options: Any) -> click.Context:  # noqa: ANN401
        with _interrupted():
            return super().make_context(*words, **options)

    def invoke(self, ctx: click.Context) -> object:
        with _interrupted():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from shapecalc.text.words import did_you_mean

            hint = did_you_mean(args[0], COMMANDS) or "`shapecalc --help` lists the commands"
            ctx.fail(f"there is no command '{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  shapecalc summarize alexnet.yaml",
)
@click.version_option(__version__, prog_name="shapecalc")
def main() -> None:
    """Say what a ConvNet's layers cost: volumes, parameters, operations, memory.

    A network is a short YAML file; `shapecalc specs` lists those that come with the tool.
    """


def program() -> None:
    """Run the command line as a program, whatever its streams are."""
    import os

    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started the program
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: PTH123, SIM115
    try:
        main(prog_name="shapecalc")
    except OSError as error:  # of --help and --version; the commands speak for themselves
        click.echo(f"error: standard output cannot be written: {error.strerror}", err=True)
        os._exit(2)  # the interpreter's end would fail on what is still buffered
