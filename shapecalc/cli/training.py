"""`shapecalc training`: what a training step costs and keeps."""

from __future__ import annotations

import click

from shapecalc.cli import options
from shapecalc.cli.common import complete_spec, reported


@click.command(
    short_help="Say what a training step costs and keeps.",
    epilog="""\b
Examples:
  shapecalc training alexnet
  shapecalc training vgg16 --batch 64 --optimizer adam --units G
  shapecalc training resnet50 --format json
""",
)
@click.argument("spec", shell_complete=complete_spec)
@click.option(
    "--optimizer",
    metavar="NAME",
    default="momentum",
    show_default=True,
    help="What makes the update: sgd, momentum or adam.",
)
@options.written("analysis.training.Training")
@options.depth
@options.rows
@options.only
@options.hide
@options.settings
@options.free
@options.inputs
@options.strict
@click.option("--fold-batchnorm", is_flag=True, hidden=True)  # refused, with the reason
@options.batch
@options.dtype
@options.units
def training(
    spec: str,
    optimizer: str,
    output: options.Output,
    depth: int | None,
    rows: tuple[str, ...],
    only: tuple[str, ...],
    hide: tuple[str, ...],
    settings: dict[str, str],
    free: tuple[str, ...],
    inputs: dict[str, str],
    fold_batchnorm: bool,
    batch: int,
    dtype: str,
    units: str,
) -> None:
    """Print what a training step of SPEC costs: forward, both gradients and the update.

    And what training and inference keep in memory.  SPEC is a file, the name of a shipped spec, or
    - for standard input.
    """
    with reported(as_json=output.as_json):
        from shapecalc.analysis.training import training_cost
        from shapecalc.api import build
        from shapecalc.output.options import make_view
        from shapecalc.report.compute import compute_report
        from shapecalc.spec.find import find

        output.chosen()
        view = make_view(
            depth=depth,
            rows=rows,
            only=only,
            hide=hide,
            batch=batch,
            dtype=dtype,
            units=units,
        )
        settings.update(dict.fromkeys(free, "free"))
        source = find(spec, inputs=inputs)
        graph = build(source, settings=settings, inputs=inputs, fold_batchnorm=fold_batchnorm)
        report = compute_report(graph)
        output.write(training_cost(report, optimizer), view=view)
