"""`%%homework` in a notebook: a cell's table is checked where it stands.

`%load_ext shapecalc` brings it.  IPython is the user's own and is not imported.  What is wrong is
told in a few lines, and the cells below it run.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Protocol

import click

from shapecalc.cli import options
from shapecalc.cli.usage import problem_of
from shapecalc.errors import SpecErrors, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.diagnosis import Checked


#: How a cell calls it.
NAME = "%%homework"


class Shell(Protocol):
    """What of IPython's shell is called."""

    def register_magic_function(
        self, func: Callable[[str, str], object], magic_kind: str, magic_name: str
    ) -> None:
        """Make a function a magic word."""


class ShownCheck:
    """A check as a notebook shows it: with as much as was asked for."""

    def __init__(self, checked: Checked, **options: Any) -> None:  # noqa: ANN401
        self.checked = checked
        self._options = options

    def _repr_html_(self) -> str:
        return self.checked.render("html", standalone=False, **self._options)

    def _repr_markdown_(self) -> str:
        return self.checked.render("markdown", **self._options)

    def __repr__(self) -> str:
        """Write the whole check: it is all that a terminal shows of a cell."""
        return self.checked.render("text", **self._options).rstrip("\n")


@click.command(
    epilog="""\b
Examples:
  %%homework homework.yaml
  %%homework --against alexnet --hint 3
""",
)
@click.argument("file", type=click.Path(), required=False)
@click.option("--against", metavar="SPEC", help="A network in place of FILE: any of its rows.")
@click.option(
    "--hint",
    type=options.WholeNumber(1, 3),
    default=2,
    show_default=True,
    help="How much is told: 1 which cells, 2 which idea, 3 the rule with your numbers.",
)
@options.variants
@options.variant
@options.variant_seed
@click.option("--solution", is_flag=True, help="Show the right answers.")
@options.settings
@options.inputs
@click.pass_context
def magic(
    ctx: click.Context,
    file: str | None,
    against: str | None,
    hint: int,
    variants: str | None,
    student: str | None,
    seed: str | None,
    solution: bool,
    settings: dict[str, str],
    inputs: dict[str, str],
) -> ShownCheck:
    """Judge the table in this cell by FILE, a teacher's homework.yaml.

    It is CSV, Markdown, YAML or JSON, or what Keras and torchinfo print.
    """
    from shapecalc.cli.homework import WhichVariant, homework_for
    from shapecalc.homework.answers.values import read_value
    from shapecalc.homework.diagnosis.check import check

    if (file is None) == (against is None):
        words = "nothing says" if file is None else "FILE and --against both say"
        how = "name a homework.yaml, or a network: %%homework --against alexnet"
        raise refuse("E706", f"{words} what the answers are about", hint=how)
    answers = read_value(ctx.obj)
    which = WhichVariant(variants, student, seed)
    asked = homework_for(against, file, which, settings, inputs, answers)
    return ShownCheck(check(asked, answers), hint=hint, solution=solution)


def homework(line: str, cell: str | None = None) -> ShownCheck | None:
    """Run the magic word of a cell; None after a message about what is wrong with it, or the help.

    A line alone, without a table below it, asks for the help.
    """
    try:
        words = ["--help"] if cell is None else _words(line)
        shown = magic.main(words, NAME, standalone_mode=False, obj=cell)
    except SpecErrors as error:
        _tell(error)
    except click.UsageError as error:
        error.ctx = error.ctx or click.Context(magic, info_name=NAME)
        _tell(SpecErrors([problem_of(error)]))
    else:
        return shown if isinstance(shown, ShownCheck) else None
    return None


def _words(line: str) -> list[str]:
    """Part a line as a shell does.  Raises `SpecErrors` (E323)."""
    try:
        return shlex.split(line)
    except ValueError:
        hint = "write it as '...' or \"...\""
        raise refuse("E323", f"a quote has no other end: {line}", hint=hint) from None


def _tell(error: SpecErrors) -> None:
    from shapecalc.output.problems import problems_text

    click.echo(problems_text(error.problems), nl=False)


def load(shell: Shell) -> None:
    """Give a shell the magic word."""
    shell.register_magic_function(homework, "line_cell", "homework")
