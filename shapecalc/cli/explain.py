"""`shapecalc explain`: where the numbers of a layer come from."""

from __future__ import annotations

import click

from shapecalc.cli import options
from shapecalc.cli.common import complete_spec, freed, reported


def _complete_layer(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the layers and blocks of the spec that stands before."""
    from contextlib import suppress

    from shapecalc.api import summarize
    from shapecalc.errors import SpecErrors

    with suppress(SpecErrors):
        report = summarize(ctx.params["spec"])
        names = [*(row.name for row in report.rows), *report.graph.groups]
        return [name for name in names if name.startswith(incomplete)]
    return []


def _complete_of(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete topics, the last of a list."""
    from shapecalc.analysis.explain import TOPICS

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{word}" for word in TOPICS if word.startswith(last)]


@click.command(
    short_help="Say where a layer's numbers come from.",
    epilog="""\b
Examples:
  shapecalc explain alexnet conv1
  shapecalc explain alexnet conv1 --input 224x224x3 --of output
  shapecalc explain googlenet inception_3a/3x3/reduce -o reduce.md
  shapecalc explain vgg16 --of params
  shapecalc explain alphago conv2 --free k
  shapecalc explain alexnet conv1 --of gradient -o gradient.svg
""",
)
@click.argument("spec", shell_complete=complete_spec)
@click.argument("layer", required=False, shell_complete=_complete_layer)
@click.option(
    "--of",
    metavar="TOPIC",
    shell_complete=_complete_of,
    help="output, params, macs, memory, receptive-field, gradient or what-if; several with commas."
    "  Default: output, params, macs and what-if; without LAYER: output.",
)
@options.written("analysis.explain.model.Explanation", latex=False, drawn="LAYER's picture")
@options.settings
@options.free
@options.inputs
@options.fold_batchnorm
@options.strict
@options.batch
@options.dtype
@options.layout
def explain(
    spec: str,
    layer: str | None,
    of: str | None,
    output: options.Output,
    settings: dict[str, str],
    free: tuple[str, ...],
    inputs: dict[str, str],
    fold_batchnorm: bool,
    batch: int,
    dtype: str,
    layout: str,
) -> None:
    """Say where the numbers of LAYER come from: the rule, SPEC's own numbers in it, every step.

    SPEC is a file, the name of a shipped spec (`shapecalc specs`), or - for standard input.
    LAYER is a layer or a block, by its name or its path; without one every layer gets a line.
    """
    with reported(as_json=output.as_json):
        from shapecalc.analysis.explain import lesson, picture
        from shapecalc.api import build
        from shapecalc.errors import refuse
        from shapecalc.output.options import make_view
        from shapecalc.report.compute import compute_report
        from shapecalc.spec.find import find

        file_kind = output.picture()
        if file_kind is not None and layer is None:
            raise refuse("E302", "a picture shows one layer", hint="name it, as in the examples")
        if file_kind is None:
            output.chosen()
        view = make_view(batch=batch, dtype=dtype, layout=layout)
        settings = freed(settings, free)
        source = find(spec, inputs=inputs)
        graph = build(source, settings=settings, inputs=inputs, fold_batchnorm=fold_batchnorm)
        report = compute_report(graph)
        if file_kind is not None and layer is not None:
            output.draw(file_kind, picture(report, layer, of, view))
            return
        output.write(lesson(report, layer, of, view))
