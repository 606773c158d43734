"""`shapecalc homework example`: a class to try things on."""

from __future__ import annotations

import click

from shapecalc.cli.common import reported


@click.command(
    short_help="Write an example class into a folder.",
    epilog="""\b
Example:
  shapecalc homework example class
""",
)
@click.argument("folder", type=click.Path())
def example(folder: str) -> None:
    """Write a homework, a roster and the submissions of a class into FOLDER, to try things on."""
    with reported():
        from shapecalc.homework.classroom.example import write_example

        for path, what in write_example(folder):
            click.echo(f"{path}: {what}")
