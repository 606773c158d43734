"""Options that several commands have, each described once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.decorators import FC


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
        from shapecalc.output.columns import COLUMNS

        width = max(len(column.key) for column in COLUMNS)
        for column in COLUMNS:
            click.echo(f"{column.key:<{width}}  {column.meaning}")
        ctx.exit()
    return value


def complete_words(option: str) -> Callable[..., list[str]]:
    """Complete an option's words, looked up when a shell asks."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        from shapecalc.counting.profiles import PROFILES
        from shapecalc.output.cells import DTYPES, UNITS
        from shapecalc.output.columns import COLUMNS
        from shapecalc.output.formats import FORMATS

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


format_ = click.option(
    "-f",
    "--format",
    "format_",
    metavar="FORMAT",
    shell_complete=complete_words("format"),
    help="terminal, text, markdown, csv, json, latex or html.  Default: terminal, or text"
    " when piped; with -o the file's suffix decides.",
)


def output_as(suffixes: str) -> Callable[[FC], FC]:
    """Return the option of a file to write, with these suffixes or any."""
    return click.option(
        "-o",
        "--output",
        "path",
        metavar="FILE",
        type=click.Path(),
        help=f"Write to FILE ({suffixes})." if suffixes else "Write to FILE.",
    )


homework_file = click.option(
    "--homework",
    "file",
    metavar="FILE",
    type=click.Path(),
    help="The teacher's file, homework.yaml: what is asked, how it is counted and marked.",
)
variants = click.option(
    "--variants",
    metavar="FILE",
    type=click.Path(),
    help="The class's variants.csv; the sheet's stamp tells which variant is meant.",
)
output = output_as(".txt .md .csv .json .tex .html")
columns = click.option(
    "-c",
    "--columns",
    metavar="LIST",
    is_eager=True,
    callback=_columns_help,
    shell_complete=complete_words("columns"),
    help="Columns to show, separated by commas; 'all' for all, 'help' to list them.",
)
depth = click.option(
    "--depth",
    metavar="N|all",
    callback=_depth,
    help="Fold blocks below N levels of the names.  Default: 1; csv and json: all.",
)
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_pairs,
    help="Give a `let` constant or a symbol of the input a value.  Repeatable.",
)
free = click.option(
    "--free",
    multiple=True,
    metavar="NAME",
    help="Make a `let` constant a symbol, so that the numbers become formulas.  Repeatable.",
)
inputs = click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="[NAME=]SHAPE",
    callback=_inputs,
    help="Replace the input's shape, like 224x224x3, or HxWx3 with symbols.",
)
profile = click.option(
    "--profile",
    metavar="NAME",
    shell_complete=complete_words("profile"),
    help="Add the column `count` under a counting convention: macs, flops, full, paper:resnet,"
    " torchinfo, fvcore, ...; `shapecalc profiles` lists them.",
)
batch = click.option(
    "--batch",
    metavar="N",
    type=click.IntRange(1, 10**9),
    default=1,
    show_default=True,
    help="Examples at once; scales memory.",
)
dtype = click.option(
    "--dtype",
    default="float32",
    show_default=True,
    metavar="TYPE",
    shell_complete=complete_words("dtype"),
    help="Type of an element, which scales memory: float64, float32, float16, bfloat16, float8,"
    " int64, int32, int16, int8 or uint8.",
)
units = click.option(
    "--units",
    default="exact",
    show_default=True,
    metavar="UNIT",
    shell_complete=complete_words("units"),
    help="exact, K, M or G (powers of 1000), Ki, Mi or Gi (powers of 1024).",
)
layout = click.option(
    "--layout",
    type=click.Choice(["hwc", "chw"]),
    default="hwc",
    show_default=True,
    help="Order of a volume's extents in the output; input is always height x width x channels.",
)
seed = click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of what is random.",
)
force = click.option("--force", is_flag=True, help="Run even what needs more memory than is free.")
