"""`shapecalc summarize`: the table of a network."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import CHECK_FAILED, complete_spec, freed, reported
from shapecalc.errors import refuse
from shapecalc.text import Origin

if TYPE_CHECKING:
    from shapecalc.report import Report


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
@options.written("report.Report")
@options.columns
@options.depth
@options.rows
@options.only
@options.hide
@click.option(
    "--sort",
    metavar="COLUMN",
    shell_complete=options.complete_words("columns"),
    help="Sort rows by a column: numbers from the largest down, texts from A to Z.",
)
@options.settings
@options.free
@options.inputs
@options.profile
@options.batch
@options.dtype
@options.units
@options.layout
@click.option(
    "--count-inplace", is_flag=True, help="Count activations of layers that work in place, too."
)
@click.option(
    "--check", is_flag=True, help="Compare with the spec's `expect`; exit 1 when they differ."
)
def summarize(
    spec: str,
    output: options.Output,
    columns: str | None,
    depth: int | None,
    rows: tuple[str, ...],
    only: tuple[str, ...],
    hide: tuple[str, ...],
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
    with reported(as_json=output.as_json):
        from shapecalc.api import build
        from shapecalc.output.options import make_view
        from shapecalc.report.compute import compute_report
        from shapecalc.spec.find import find

        output.chosen()
        view = make_view(
            columns=columns,
            depth=depth,
            sort=sort,
            rows=rows,
            only=only,
            hide=hide,
            profile=profile,
            batch=batch,
            dtype=dtype,
            units=units,
            layout=layout,
            count_inplace=count_inplace,
        )
        settings = freed(settings, free)
        report = compute_report(build(find(spec), settings=settings, inputs=inputs))
        if check:
            _must_expect(report)  # before anything is written
        output.write(report, view=view)
    if check and not _holds(report):
        sys.exit(CHECK_FAILED)


def _must_expect(report: Report) -> None:
    """Require that the spec states what must come out."""
    if not report.graph.expected:
        hint = "add `expect: {params: ..., macs: ...}` to the spec"
        message = f"{report.name} states nothing to check"
        origin = Origin(report.graph.spec.source)
        raise refuse("E304", message, origin, hint)


def _holds(report: Report) -> bool:
    """Compare totals with the spec's `expect`, saying on standard error what came out."""
    wrong = 0
    for column, value in report.graph.expected.items():
        total = getattr(report.totals, column)
        difference = total - value
        if difference == 0:
            click.echo(f"check: {column} {total:,} as expected", err=True)
        else:
            wrong += 1
            apart = f" ({difference:+,})" if isinstance(difference, int) else ""
            click.echo(f"check: {column} is {total:,}, expected {value:,}{apart}", err=True)
    if report.graph.spec.expect_source:
        click.echo(f"check: expected by {report.graph.spec.expect_source}", err=True)
    return not wrong
