"""`shapecalc convert`: a network as a file of another program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shapecalc.cli import options
from shapecalc.cli.common import (
    complete_spec,
    emit_parts,
    must_be_no_input,
    remark,
    reported,
    write,
)
from shapecalc.cli.usage import misuse

if TYPE_CHECKING:
    from shapecalc.writers import Writer


def _formats() -> str:
    """List the formats, for the help."""
    from shapecalc.writers import WRITERS

    listed = "; ".join(f"{w.name}, {w.meaning} ({', '.join(w.suffixes)})" for w in WRITERS)
    return f"{listed}.  Default: what TO's suffix says."


@click.command(
    short_help="Write a network as a program or as a file of another tool.",
    epilog="""\b
Examples:
  shapecalc convert resnet50.yaml resnet50.py
  shapecalc convert alexnet --to pytorch | less
  shapecalc convert vgg16 vgg16.py --weights trained.npz
  shapecalc convert resnet50 resnet50.onnx
  shapecalc convert alexnet deploy.prototxt
  shapecalc convert model.onnx model.yaml
  shapecalc convert resnet50 flat.yaml --flat
""",
)
@click.argument("spec", metavar="FROM", shell_complete=complete_spec)
@click.argument("path", metavar="[TO]", required=False, type=click.Path())
@click.option(
    "--to",
    "name",
    cls=options.LateOption,
    metavar="FORMAT",
    help_of=_formats,
)
@click.option(
    "-o", "--output", "file", metavar="FILE", type=click.Path(), help="Another way to name TO."
)
@click.option(
    "--weights",
    type=click.Path(),
    metavar="FILE",
    help="Trained weights, .npz, named like conv1.weight; they are written beside TO, as its"
    " program or Caffe reads them, or into an ONNX model.",
)
@click.option("--flat", is_flag=True, help="Write a spec layer by layer, without blocks.")
@options.settings
@options.inputs
def convert(
    spec: str,
    path: str | None,
    name: str | None,
    file: str | None,
    weights: str | None,
    flat: bool,
    settings: dict[str, str],
    inputs: dict[str, str],
) -> None:
    """Write the network FROM, whatever kind of file it is in, to TO, whose suffix says the format.

    Without TO, or with -, it goes to standard output, and --to says the format.
    """
    if path is not None and file is not None:
        raise misuse("TO and --output both name a file", "give one of them")
    target = path or file
    target = None if target == "-" else target
    with reported():
        from shapecalc.api import summarize
        from shapecalc.errors import SpecErrors
        from shapecalc.graph import without_values
        from shapecalc.writers import writer_for

        writer = writer_for(name, target)
        beside = _beside(target, writer) if weights else ""
        report = summarize(spec, settings=settings, input=inputs)
        problems = without_values(report.graph, f"a file for {writer.name}")
        if problems and not writer.symbols:
            raise SpecErrors(list(problems))
        arrays = None
        if weights:
            from shapecalc.verify.run_files import read_weights, write_arrays

            arrays = read_weights(weights, report)
        made = writer.write(report, **_options(writer, Path(beside).name, arrays, flat=flat))
        if not made.text and target is None:
            raise misuse(f"a file for {writer.name} is no text", "name a file to write")
        emit_parts([made.text] if made.text else made.data, target)
        if beside and made.data:
            emit_parts(made.data, beside)
        elif arrays is not None and beside:
            theirs = made.laid(arrays)
            write(beside, lambda opened: write_arrays(opened, theirs))
        remark(report.doubts)


def _options(
    writer: Writer, weights: str, arrays: dict[str, Any] | None, *, flat: bool
) -> dict[str, Any]:
    """Return the options of a writer that were given."""
    if flat and "flat" not in writer.options:
        raise misuse(f"--flat has no place in a file for {writer.name}", "leave it out")
    given: dict[str, Any] = {"weights": weights, "arrays": arrays, "flat": flat}
    return {word: given[word] for word in writer.options}


def _beside(target: str | None, writer: Writer) -> str:
    """Return the file of arrays beside a file; "" where they go into that."""
    if not {"weights", "arrays"} & {*writer.options}:
        raise misuse(f"--weights has no place in a file for {writer.name}", "leave it out")
    if not writer.beside:
        return ""
    if target is None:
        raise misuse("--weights is written beside TO, but there is none", "name a file to write")
    beside = str(Path(target).with_suffix(writer.beside))
    must_be_no_input(beside)
    return beside
