"""`shapecalc summarize`: the table of a network."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import CHECK_FAILED, complete_spec, freed, remark, reported
from shapecalc.cli.usage import Command
from shapecalc.errors import SpecErrors

if TYPE_CHECKING:
    from shapecalc.analysis.compare.totals import TotalCondition
    from shapecalc.output.view import View
    from shapecalc.report import Report


@click.command(
    cls=Command,
    short_help="Print the table of a network.",
    epilog="""\b
Examples:
  shapecalc summarize alexnet.yaml
  shapecalc summarize vgg16 --columns name,output,params,memory --batch 32
  shapecalc summarize googlenet --depth all -o googlenet.md
  shapecalc summarize vgg16 --only weighted --chart params
  shapecalc summarize alphago --set k=256 --check
  shapecalc summarize vgg16 --input HxWx3
  shapecalc summarize alphago --free k
  shapecalc summarize resnet50 --batch 8 --device "ops=10T, bandwidth=100G"
  shapecalc summarize resnet18 --fold-batchnorm --dtype int8 --units Ki
  shapecalc summarize resnet18 --dtype int8 --fail-if "peak_memory > 1MiB"
  shapecalc summarize model.onnx --strict
  shapecalc summarize py:torchvision.models:resnet18 --input 224x224x3
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
@click.option(
    "--chart",
    metavar="COLUMN",
    shell_complete=options.complete_words("columns"),
    help="Draw bars of a column beside the rows, on a terminal and in text.",
)
@options.settings
@options.free
@options.inputs
@options.profile
@options.batch
@options.dtype
@options.units
@options.device
@options.layout
@click.option(
    "--count-inplace", is_flag=True, help="Count activations of layers that work in place, too."
)
@click.option(
    "--check", is_flag=True, help="Compare with the spec's `expect`; exit 1 when they differ."
)
@options.strict
@options.fold_batchnorm
@options.fail_if
def summarize(
    spec: str,
    output: options.Output,
    columns: str | None,
    depth: int | None,
    rows: tuple[str, ...],
    only: tuple[str, ...],
    hide: tuple[str, ...],
    sort: str | None,
    chart: str | None,
    settings: dict[str, str],
    free: tuple[str, ...],
    inputs: dict[str, str],
    profile: str | None,
    batch: int,
    dtype: str,
    units: str,
    device: str | None,
    layout: str,
    count_inplace: bool,
    check: bool,
    fold_batchnorm: bool,
    conditions: tuple[str, ...],
) -> None:
    """Print the table of SPEC: volumes, parameters and operations, layer by layer.

    SPEC is a file, the name of a shipped spec (`shapecalc specs`), or - for standard input; a file
    may be a model of Caffe, Darknet, Keras, ONNX, PyTorch or TensorFlow Lite.
    py:package.module:function runs that code, whose model of PyTorch or Keras it takes.
    """
    if check and fold_batchnorm:
        message = "--check compares the network as it is written, without --fold-batchnorm"
        raise click.UsageError(message)
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
            device=device,
            layout=layout,
            count_inplace=count_inplace,
            chart=chart,
        )
        refused = _conditions(conditions, view)
        settings = freed(settings, free)
        if spec.startswith("py:"):  # costs no other command anything
            from shapecalc.cli.python_model import model_source

            source, inputs = model_source(spec, inputs), {}
        else:
            source = find(spec, inputs=inputs)
        graph = build(source, settings=settings, inputs=inputs, fold_batchnorm=fold_batchnorm)
        report = compute_report(graph)
        if refused:
            _must_have_numbers(report)
        output.write(report, view=view)
    expected = not check or _holds(report)
    if _fails(report, refused, view) or not expected:
        sys.exit(CHECK_FAILED)


def _conditions(texts: tuple[str, ...], view: View) -> tuple[TotalCondition, ...]:
    """Read the conditions that a network must not meet."""
    if not texts:
        return ()
    from shapecalc.analysis.compare.totals import read_conditions, total_names

    return read_conditions(texts, total_names(view), alone=True)


def _must_have_numbers(report: Report) -> None:
    """Require numbers, of which alone a condition can be decided."""
    from shapecalc.graph import without_values

    problems = without_values(report.graph, "a condition")
    if problems:
        raise SpecErrors(list(problems))


def _fails(report: Report, refused: tuple[TotalCondition, ...], view: View) -> bool:
    """Say on standard error which conditions hold, and which do not."""
    failed = False
    for condition in refused:
        from shapecalc.analysis.compare.totals import labels_of, totals_of

        number = totals_of(report, view)[condition.total]
        holds = condition.holds(number, number)
        (label,) = labels_of([report])
        sentence = condition.sentence(label, number, label, number)
        click.echo(f"{'failed' if holds else 'passed'}: {sentence}", err=True)
        failed = failed or holds
    return failed


def _holds(report: Report) -> bool:
    """Compare totals with the spec's `expect`, saying on standard error what came out."""
    from shapecalc.counting import MEASURES
    from shapecalc.output.view import View

    if not report.graph.expected:
        hint = "add `expect: {params: ..., macs: ...}` to the spec"
        remark([f"{report.name} states nothing to check: {hint}"])
    wrong = 0
    view = View()  # which nothing that can be expected depends on
    for column, value in report.graph.expected.items():
        total = MEASURES[column].of_all(report.totals, view)
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
