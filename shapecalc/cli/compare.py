"""`shapecalc compare`: networks side by side."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import CHECK_FAILED, complete_spec, reported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.compare import Comparison
    from shapecalc.analysis.compare.totals import TotalCondition
    from shapecalc.output.view import View


@click.command(
    short_help="Compare networks: totals, layers, what changed.",
    epilog="""\b
Examples:
  shapecalc compare alexnet googlenet
  shapecalc compare vgg11 vgg13 vgg16 vgg19
  shapecalc compare resnet50 resnet101 --depth 2 --columns output,params
  shapecalc compare main.yaml mine.yaml --fail-if "params > 60M" --fail-if "macs > 1.05x"
""",
)
@click.argument(
    "specs", nargs=-1, required=True, metavar="A B [C]...", shell_complete=complete_spec
)
@options.written("analysis.compare.Comparison", drawn="layers as bars, a bar a network")
@options.columns
@options.depth
@options.rows
@options.only
@options.hide
@click.option("--full", is_flag=True, help="Show every row, also where nothing differs.")
@click.option(
    "--fail-if",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Exit 1 when it holds for a network after the first, like 'params > 60M', or"
    " 'macs > 1.05x' of the first's.  Repeatable.",
)
@click.option("--fail-if-changed", is_flag=True, help="Exit 1 when any layer or total differs.")
@options.settings
@options.inputs
@options.fold_batchnorm
@options.strict
@options.profile
@options.batch
@options.dtype
@options.units
@options.device
@options.layout
def compare(
    specs: tuple[str, ...],
    output: options.Output,
    columns: str | None,
    depth: int | None,
    rows: tuple[str, ...],
    only: tuple[str, ...],
    hide: tuple[str, ...],
    full: bool,
    conditions: tuple[str, ...],
    fail_if_changed: bool,
    settings: dict[str, str],
    inputs: dict[str, str],
    fold_batchnorm: bool,
    profile: str | None,
    batch: int,
    dtype: str,
    units: str,
    device: str | None,
    layout: str,
) -> None:
    """Compare networks with the first: totals with ratios, layers side by side, what changed.

    Each is a file, the name of a shipped spec (`shapecalc specs`), or - for standard input.
    """
    with reported(as_json=output.as_json):
        from shapecalc.analysis.compare import compare as compare_networks
        from shapecalc.analysis.compare.totals import read_conditions, total_names
        from shapecalc.output.options import make_view

        picture = output.picture()
        if picture is None:
            output.chosen()
        view = make_view(
            columns=columns,
            depth=depth,
            rows=rows,
            only=only,
            hide=hide,
            profile=profile,
            batch=batch,
            dtype=dtype,
            units=units,
            device=device,
            layout=layout,
        )
        refused = read_conditions(conditions, total_names(view))
        comparison = compare_networks(
            *specs, settings=settings, input=inputs, fold_batchnorm=fold_batchnorm
        )
        if picture is None:
            output.write(comparison, view=view, full=full)
        else:
            from shapecalc.analysis.compare.bars import paired_bars

            output.draw(picture, paired_bars(comparison, view))
    verdicts = list(_judged(comparison, refused, view))
    if fail_if_changed:
        verdicts += _changed(comparison, view)
    for word, sentence in verdicts:
        click.echo(f"{word}: {sentence}", err=True)
    if any(word == "failed" for word, _ in verdicts):
        sys.exit(CHECK_FAILED)


def _judged(
    comparison: Comparison, conditions: tuple[TotalCondition, ...], view: View
) -> Iterator[tuple[str, str]]:
    """Tell for which networks a condition holds, or the numbers of all for which it does not."""
    from shapecalc.analysis.compare.totals import labels_of, totals_of

    labels = labels_of(comparison.reports)
    first, *others = [totals_of(report, view) for report in comparison.reports]
    for condition in conditions:
        total = condition.total
        before = labels[0], first[total]
        numbers = [(label, totals[total]) for label, totals in zip(labels[1:], others, strict=True)]
        held = [number for number in numbers if condition.holds(number[1], first[total])]
        yield from (("failed", condition.sentence(*number, *before)) for number in held)
        if not held:
            all_ = "; ".join(condition.numbers(*number, *before) for number in numbers)
            yield "passed", f"{condition.text}: {all_}"


def _changed(comparison: Comparison, view: View) -> Iterator[tuple[str, str]]:
    """Tell what differs, or that nothing does."""
    from shapecalc.analysis.compare.table import shown_depth, summary
    from shapecalc.analysis.compare.totals import labels_of

    if comparison.same:
        yield "passed", f"nothing differs between {' and '.join(labels_of(comparison.reports))}"
        return
    first, *others = [report.totals for report in comparison.reports]
    sentences = summary(
        comparison, comparison.rows(shown_depth(view)), labels_of(comparison.reports)
    )
    for totals, sentence in zip(others, sentences, strict=True):
        numbers = f"params {first.params:,} -> {totals.params:,}"
        numbers += f", macs {first.macs:,} -> {totals.macs:,}"
        yield "failed", f"{sentence.removesuffix('.')}; {numbers}"
