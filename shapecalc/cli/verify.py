"""`shapecalc verify`: a network run by the referee, beside its report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import CHECK_FAILED, complete_spec, must_run, reported
from shapecalc.cli.usage import misuse

if TYPE_CHECKING:
    from shapecalc.report import Report
    from shapecalc.verify.judge import Verdict


@click.command(
    short_help="Run a network and compare with its report.",
    epilog="""\b
Examples:
  shapecalc verify lenet5
  shapecalc verify alexnet.yaml --gradients
  shapecalc verify vgg16 --input 64x96x3 -o vgg16.md
  shapecalc verify resnet18 --input 64x64x3 --only weighted
  shapecalc verify model.onnx
  shapecalc verify --all
""",
)
@click.argument("specs", nargs=-1, metavar="SPEC...", shell_complete=complete_spec)
@click.option("--all", "everything", is_flag=True, help="Verify every shipped spec.")
@click.option(
    "--gradients",
    is_flag=True,
    help="Compare backward with central differences, on a small copy of every layer.",
)
@options.seed
@options.settings
@options.inputs
@options.fold_batchnorm
@options.strict
@options.rows
@options.only
@options.hide
@options.written("verify.judge.Verdicts")
@options.force
def verify(
    specs: tuple[str, ...],
    everything: bool,
    gradients: bool,
    seed: int,
    settings: dict[str, str],
    inputs: dict[str, str],
    fold_batchnorm: bool,
    rows: tuple[str, ...],
    only: tuple[str, ...],
    hide: tuple[str, ...],
    output: options.Output,
    force: bool,
) -> None:
    """Run SPEC by the referee and compare with its report, layer by layer.

    The referee knows a layer's fields and none of the rules: it pads, slides windows, multiplies.
    Exit code 1 when anything disagrees, in rows that are not shown, too.  Weights are random; an
    ONNX file's are its own, and its outputs are held against ONNX Runtime's where that is
    installed.
    """
    if everything == bool(specs):
        message = "there are both specs and --all" if specs else "there is no network to verify"
        raise misuse(message, "name one or more specs, or give --all")
    if (rows or only or hide) and (everything or len(specs) > 1):
        message = "of several networks every line is a network: there are no layers to choose"
        raise misuse(message, "verify one network, or leave --rows, --only and --hide out")
    with reported(as_json=output.as_json):
        from shapecalc.api import summarize
        from shapecalc.output.options import make_view
        from shapecalc.output.row_choice import chosen
        from shapecalc.spec.find import shipped
        from shapecalc.verify.judge import Verdicts

        output.chosen()
        view = make_view(rows=rows, only=only, hide=hide)
        names = shipped() if everything else specs
        reports = [
            summarize(name, settings=settings, input=inputs, fold_batchnorm=fold_batchnorm)
            for name in names
        ]
        for report in reports:  # a word for no row is told before anything runs
            chosen((report,), report.rows, lambda row: (row,), view.choice, 0)
        must_run(reports, force=force)
        verdicts = Verdicts(_verdict(report, seed, gradients=gradients) for report in reports)
        output.write(verdicts, view=view)
    if any(verdict.disagreements for verdict in verdicts):
        sys.exit(CHECK_FAILED)


def _verdict(report: Report, seed: int, *, gradients: bool) -> Verdict:
    """Verify one network, with a progress bar on a terminal."""
    from shapecalc.verify.judge import verify as judge

    if not sys.stderr.isatty():
        return judge(report, seed=seed, gradients=gradients)
    from shapecalc.output.terminal import progress

    with progress(report.name, len(report.rows)) as step:
        return judge(report, seed=seed, gradients=gradients, progress=step)
