"""`shapecalc summarize`: the table of a network."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from shapecalc.cli.common import CHECK_FAILED, complete_spec, emit, reported
from shapecalc.errors import Problem, SpecErrors
from shapecalc.source import Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.report import Report


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read NAME=VALUE options."""
    found = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.strip() or not text.strip():
            raise click.BadParameter(f"'{value}' is not NAME=VALUE, like k=128")
        found[name.strip()] = text.strip()
    return found


def _inputs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read SHAPE, or NAME=SHAPE for a network with several inputs."""
    found = {}
    for value in values:
        name, equals, text = value.rpartition("=")
        if equals and not name.strip():
            raise click.BadParameter(f"'{value}' is not SHAPE or NAME=SHAPE, like left=105x105x1")
        found[name.strip()] = text.strip()
    return found


def _depth(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Read a depth: a number from 1 on, or `all`, which is 0."""
    if value is None:
        return None
    if value == "all":
        return 0
    if value.isdecimal() and value.isascii() and len(value) < 5 and int(value):
        return int(value)
    raise click.BadParameter(f"'{value}' is neither a number from 1 on nor 'all'")


def _columns_help(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """List the columns when asked for `help`."""
    if value == "help":
        from shapecalc.columns import COLUMNS

        width = max(len(column.key) for column in COLUMNS)
        for column in COLUMNS:
            click.echo(f"{column.key:<{width}}  {column.meaning}")
        ctx.exit()
    return value


def _complete(option: str) -> Callable[..., list[str]]:
    """Complete an option's words, looked up when a shell asks."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        from shapecalc.cells import DTYPES, UNITS
        from shapecalc.columns import COLUMNS
        from shapecalc.profile import PROFILES
        from shapecalc.render import FORMATS

        words = {
            "columns": [column.key for column in COLUMNS],
            "dtype": list(DTYPES),
            "format": list(FORMATS),
            "profile": list(PROFILES),
            "units": list(UNITS),
        }
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{word}" for word in words[option] if word.startswith(last)]

    return complete


@click.command(
    short_help="Print the table of a network.",
    epilog="""\b
Examples:
  shapecalc summarize alexnet.yaml
  shapecalc summarize vgg16 --columns name,output,params,memory --batch 32
  shapecalc summarize googlenet --depth all -o googlenet.md
  shapecalc summarize alphago --set k=256 --check
  shapecalc summarize vgg16 --input HxWx3
  shapecalc summarize alphago --free k
""",
)
@click.argument("spec", shell_complete=complete_spec)
@click.option(
    "-f",
    "--format",
    "format_",
    metavar="FORMAT",
    shell_complete=_complete("format"),
    help="terminal, text, markdown, csv, json, latex or html.  Default: terminal, or text"
    " when piped; with -o the file's suffix decides.",
)
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    type=click.Path(),
    help="Write to FILE (.txt .md .csv .json .tex .html).",
)
@click.option(
    "-c",
    "--columns",
    metavar="LIST",
    is_eager=True,
    callback=_columns_help,
    shell_complete=_complete("columns"),
    help="Columns to show, separated by commas; 'all' for all, 'help' to list them.",
)
@click.option(
    "--depth",
    metavar="N|all",
    callback=_depth,
    help="Fold blocks below N levels of the names.  Default: 1; csv and json: all.",
)
@click.option(
    "--sort",
    metavar="COLUMN",
    shell_complete=_complete("columns"),
    help="Sort rows by a column: numbers from the largest down, texts from A to Z.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_pairs,
    help="Give a `let` constant or a symbol of the input a value.  Repeatable.",
)
@click.option(
    "--free",
    multiple=True,
    metavar="NAME",
    help="Make a `let` constant a symbol, so that the numbers become formulas.  Repeatable.",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="[NAME=]SHAPE",
    callback=_inputs,
    help="Replace the input's shape, like 224x224x3, or HxWx3 with symbols.",
)
@click.option(
    "--profile",
    metavar="NAME",
    shell_complete=_complete("profile"),
    help="Add the column `count` under a counting convention: macs, flops, full.",
)
@click.option(
    "--batch",
    metavar="N",
    type=click.IntRange(1, 10**9),
    default=1,
    show_default=True,
    help="Examples at once; scales memory.",
)
@click.option(
    "--dtype",
    default="float32",
    show_default=True,
    metavar="TYPE",
    shell_complete=_complete("dtype"),
    help="Type of an element, which scales memory: float64, float32, float16, bfloat16, float8,"
    " int64, int32, int16, int8 or uint8.",
)
@click.option(
    "--units",
    default="exact",
    show_default=True,
    metavar="UNIT",
    shell_complete=_complete("units"),
    help="exact, K, M or G (powers of 1000), Ki, Mi or Gi (powers of 1024).",
)
@click.option(
    "--layout",
    type=click.Choice(["hwc", "chw"]),
    default="hwc",
    show_default=True,
    help="Order of a volume's extents in the output; input is always height x width x channels.",
)
@click.option(
    "--count-inplace", is_flag=True, help="Count activations of layers that work in place, too."
)
@click.option(
    "--check", is_flag=True, help="Compare with the spec's `expect`; exit 1 when they differ."
)
def summarize(
    spec: str,
    format_: str | None,
    path: str | None,
    columns: str | None,
    depth: int | None,
    sort: str | None,
    settings: dict[str, str],
    free: tuple[str, ...],
    inputs: dict[str, str],
    profile: str | None,
    batch: int,
    dtype: str,
    units: str,
    layout: str,
    count_inplace: bool,
    check: bool,
) -> None:
    """Print the table of SPEC: volumes, parameters and operations, layer by layer.

    SPEC is a file, the name of a shipped spec (`shapecalc specs`), or - for standard input.
    """
    path = None if path == "-" else path
    with reported(as_json=format_ == "json"):
        from shapecalc.api import build
        from shapecalc.files import find
        from shapecalc.propagate import propagate
        from shapecalc.render import format_for, render
        from shapecalc.view import make_view

        chosen = format_for(format_, path, terminal=sys.stdout.isatty())
        view = make_view(
            columns=columns,
            depth=depth,
            sort=sort,
            profile=profile,
            batch=batch,
            dtype=dtype,
            units=units,
            layout=layout,
            count_inplace=count_inplace,
        )
        settings.update(dict.fromkeys(free, "free"))
        report = propagate(build(find(spec), settings=settings, inputs=inputs))
        if check:
            _must_expect(report)  # before anything is written
        emit(render(report, chosen, view), path)
    if check and not _holds(report):
        sys.exit(CHECK_FAILED)


def _must_expect(report: Report) -> None:
    """Require that the spec states what must come out."""
    if not report.graph.expected:
        hint = "add `expect: {params: ..., macs: ...}` to the spec"
        message = f"{report.name} states nothing to check"
        origin = Origin(report.graph.spec.source)
        raise SpecErrors([Problem("E304", message, origin, hint=hint)])


def _holds(report: Report) -> bool:
    """Compare totals with the spec's `expect`, saying on standard error what came out."""
    wrong = 0
    for column, value in report.graph.expected.items():
        found = getattr(report.totals, column)
        difference = found - value
        if difference == 0:
            click.echo(f"check: {column} {found:,} as expected", err=True)
        else:
            wrong += 1
            apart = f" ({difference:+,})" if isinstance(difference, int) else ""
            click.echo(f"check: {column} is {found:,}, expected {value:,}{apart}", err=True)
    if report.graph.spec.expect_source:
        click.echo(f"check: expected by {report.graph.spec.expect_source}", err=True)
    return not wrong
