"""`shapecalc reconcile`: why two counts of a network differ, and what gives a printed number."""

from __future__ import annotations

import sys

import click

from shapecalc.cli import options
from shapecalc.cli.common import CHECK_FAILED, complete_spec, reported
from shapecalc.cli.usage import misuse


@click.command(
    short_help="Explain why two tools count differently.",
    epilog="""\b
Examples:
  shapecalc reconcile alexnet-owt torchinfo fvcore
  shapecalc reconcile resnet50 ptflops:pytorch onnx-tool --depth all
  shapecalc reconcile alexnet-owt --target 714682664
  shapecalc reconcile resnet50 --target "3.8 x 10^9"
  shapecalc reconcile resnet50 --target 4.1G --all
""",
)
@click.argument("spec", shell_complete=complete_spec)
@click.argument(
    "profiles", nargs=-1, metavar="[A B]", shell_complete=options.complete_words("profile")
)
@click.option(
    "--target",
    metavar="NUMBER",
    help="Find what gives a number that somebody printed, like 714682664, 1.4G or 233 MB; exit 1"
    " when nothing does.",
)
@click.option(
    "--batch",
    metavar="N",
    type=options.WholeNumber(1, 10**9),
    default=1,
    show_default=True,
    help="With --target: the number may be of so many examples.",
)
@click.option("--all", "whole", is_flag=True, help="With --target: show every explanation.")
@options.written("analysis.reconcile.Difference", drawn="from one count to the other")
@options.depth
@options.settings
@options.free
@options.inputs
@options.fold_batchnorm
@options.strict
@options.dtype
@options.units
def reconcile(
    spec: str,
    profiles: tuple[str, ...],
    target: str | None,
    batch: int,
    whole: bool,
    output: options.Output,
    depth: int | None,
    settings: dict[str, str],
    free: tuple[str, ...],
    inputs: dict[str, str],
    fold_batchnorm: bool,
    dtype: str,
    units: str,
) -> None:
    """Explain the difference between what the profiles A and B count of SPEC, down to zero.

    Or, with --target, find which profile, parameters or total gives a number: of the network, of
    the versions that ship, and of the forms in which frameworks have it.  `shapecalc
    profiles` lists the profiles.  SPEC is a file, the name of a shipped spec, or -.
    """
    matched = True
    with reported(as_json=output.as_json):
        from shapecalc.analysis.reconcile import find_count
        from shapecalc.analysis.reconcile import reconcile as explain
        from shapecalc.api import build
        from shapecalc.output.options import make_view
        from shapecalc.report.compute import compute_report
        from shapecalc.spec.find import find

        if target is not None and profiles:
            raise misuse("there are both profiles and a --target", "give one or the other")
        if target is None and (batch > 1 or whole):
            raise misuse("--batch and --all belong to a --target", "name the number to explain")
        picture = None if target is not None else output.picture()
        if picture is None:
            output.chosen()
        view = make_view(depth=depth, dtype=dtype, units=units)
        settings.update(dict.fromkeys(free, "free"))
        source = find(spec, inputs=inputs)
        graph = build(source, settings=settings, inputs=inputs, fold_batchnorm=fold_batchnorm)
        report = compute_report(graph)
        if target is not None:
            search = find_count(report, target, dtype=dtype, batch=batch, whole=whole)
            matched = bool(search.matches)
            output.write(search)
        elif picture is not None:
            from shapecalc.analysis.reconcile.waterfall import waterfall

            output.draw(picture, waterfall(explain(report, *profiles)))
        else:
            output.write(explain(report, *profiles), view=view)
    if not matched:
        sys.exit(CHECK_FAILED)
