"""`shapecalc solve`: inverse questions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import CHECK_FAILED, complete_spec, reported
from shapecalc.cli.usage import misuse

if TYPE_CHECKING:
    from shapecalc.analysis.solve.answer import Solution
    from shapecalc.analysis.solve.windows import Windows


@click.command(
    short_help="Answer inverse questions: which sizes and constants give this?",
    epilog="""\b
Examples:
  shapecalc solve alexnet.yaml "pool3 = 6x6"
  shapecalc solve alphago "params <= 5M" --over k=16:512
  shapecalc solve vgg16 "peak <= 16MiB" --batch 4 --dtype float16
  shapecalc solve alexnet "no loss"
  shapecalc solve alexnet "conv2.output = conv2.input" --over conv2.pad=0:5
  shapecalc solve --conv "227 -> 55"
  shapecalc solve --conv "224x224 -> 112x112" --kernel 3 --stride 2
""",
)
@click.argument("spec", required=False, shell_complete=complete_spec)
@click.argument("question", required=False)
@click.option(
    "--over",
    multiple=True,
    metavar="NAME=RANGE",
    help="Run a constant, a symbol or a field of a layer (conv1.pad) through LOW:HIGH,"
    " LOW:HIGH:STEP or a list; both ends belong to it.  Repeatable.",
)
@options.settings
@options.free
@options.inputs
@options.fold_batchnorm
@options.strict
@options.batch
@options.dtype
@click.option("--conv", metavar='"N -> M"', help="List the windows that take N to M; no SPEC.")
@click.option("--kernel", metavar="RANGE", help="With --conv: kernels to consider.  Default: 1:31.")
@click.option("--stride", metavar="RANGE", help="With --conv: strides.  Default: 1 to N.")
@click.option(
    "--pad", metavar="RANGE", help="With --conv: paddings, or same.  Default: up to half a kernel."
)
@click.option("--dilation", metavar="RANGE", help="With --conv: dilations.  Default: 1.")
@click.option(
    "--rounding",
    metavar="WORD",
    help="With --conv: floor, ceil, ceil_caffe or ceil_full.  Default: floor.",
)
@click.option("--transposed", is_flag=True, help="With --conv: transposed convolutions.")
@click.option("--all", "all_", is_flag=True, help="Show all rows of long tables.")
@options.written("analysis.solve.answer.Solution", latex=False)
def solve(
    spec: str | None,
    question: str | None,
    over: tuple[str, ...],
    settings: dict[str, str],
    free: tuple[str, ...],
    inputs: dict[str, str],
    fold_batchnorm: bool,
    batch: int,
    dtype: str,
    conv: str | None,
    kernel: str | None,
    stride: str | None,
    pad: str | None,
    dilation: str | None,
    rounding: str | None,
    transposed: bool,
    all_: bool,
    output: options.Output,
) -> None:
    """Find everything for which QUESTION holds of SPEC: sizes, constants, fields.

    A question compares numbers and volumes of layers: "pool3 = 6x6", "params <= 5M",
    "output = input", "no loss"; docs/solve.md tells all that can be asked.  The exit code is 0
    when something solves it, and 1 when nothing does.
    """
    words = {"kernel": kernel, "stride": stride, "pad": pad, "dilation": dilation}
    words["rounding"] = rounding
    fields = {name: text for name, text in words.items() if text is not None}
    if conv is None and (spec is None or question is None):
        raise misuse("there is no question", 'give a SPEC and a QUESTION, or --conv "N -> M"')
    if conv is None and (fields or transposed):
        name = next(iter(fields), "transposed")
        hint = f"add --conv; a layer's field is --over conv1.{name}=..."
        raise misuse(f"--{name} belongs to --conv", hint)
    network = spec is not None or over or settings or free or inputs or fold_batchnorm
    if conv is not None and (network or batch != 1 or dtype != "float32"):
        hint = (
            "leave out SPEC, --over, --set, --free, --input, --fold-batchnorm, --batch and --dtype"
        )
        raise misuse("--conv stands alone", hint)
    with reported(as_json=output.as_json):
        from shapecalc.analysis.solve.answer import MAX_ROWS

        output.chosen()
        if conv is not None:
            from shapecalc.analysis.solve.windows import windows_between

            solved: Solution | Windows = windows_between(conv, transposed=transposed, **fields)
        else:
            from shapecalc.analysis.solve.solve import solve as answer

            assert spec is not None
            assert question is not None
            shapes = inputs.get("") if set(inputs) == {""} else inputs
            solved = answer(
                spec,
                question,
                over=over,
                settings=settings,
                input=shapes,
                free=free,
                fold_batchnorm=fold_batchnorm,
                batch=batch,
                dtype=dtype,
            )
        output.write(solved, most=None if all_ else MAX_ROWS)
    if not solved:
        sys.exit(CHECK_FAILED)
