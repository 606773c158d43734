"""`shapecalc completion`: completion of commands, specs and layer types in a shell."""

from __future__ import annotations

import click


@click.command(
    short_help="Print a shell's completion script.",
    epilog='Example:  eval "$(shapecalc completion bash)"   in ~/.bashrc',
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes SHELL complete shapecalc's commands, specs and layers."""
    from click.shell_completion import get_completion_class

    from shapecalc.cli import main

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(completion(main, {}, "shapecalc", "_SHAPECALC_COMPLETE").source())
