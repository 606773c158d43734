"""`shapecalc draw`: pictures of a network."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from shapecalc.cli import options
from shapecalc.cli.common import complete_spec, emit_parts, freed, remark, reported
from shapecalc.cli.usage import misuse

if TYPE_CHECKING:
    from shapecalc.draw import Figure


def _pictures() -> str:
    """List the pictures, for the help."""
    from shapecalc.draw import pictures_of
    from shapecalc.report import Report

    kinds = pictures_of(Report)
    return (
        "; ".join(f"{kind.name}, {kind.meaning}" for kind in kinds)
        + f".  Default: {kinds[0].name}."
    )


def _formats() -> str:
    """List the formats, for the help."""
    from shapecalc.draw import FILES

    listed = "; ".join(
        f"{kind.name}, {kind.meaning} ({', '.join(kind.suffixes)})" for kind in FILES.values()
    )
    return f"{listed}.  Default: what the file's suffix says; without -o text."


@click.command(
    short_help="Draw a network.",
    epilog="""\b
Examples:
  shapecalc draw googlenet
  shapecalc draw resnet50.yaml -o resnet50.svg
  shapecalc draw googlenet --depth 1 --direction right -o googlenet.svg
  shapecalc draw model.onnx --show params,macs,rf,memory --batch 8 -o model.svg
  shapecalc draw unet --to mermaid
  shapecalc draw vgg16 --as volumes -o vgg16.tex
  shapecalc draw vgg16 --as costs --show params,flops -o costs.pdf
  shapecalc draw vgg16 --to svg -o - | less
""",
)
@click.argument("spec", shell_complete=complete_spec)
@click.option("--as", "picture", cls=options.LateOption, metavar="PICTURE", help_of=_pictures)
@options.output_as(".svg .png .pdf .tex .txt .mmd .dot")
@click.option("--to", "format_", cls=options.LateOption, metavar="FORMAT", help_of=_formats)
@click.option(
    "--depth",
    metavar="N|all",
    callback=options.read_depth,
    help="Fold blocks below N levels of the names.  Default: all are open, or as many as can be"
    " seen.",
)
@click.option("--unroll", is_flag=True, default=None, help="Draw every round of a repeat.")
@click.option(
    "--show",
    metavar="LIST",
    help="What nodes say beside what they do: params, macs, rf (receptive field), memory; default:"
    " params,macs.  Of costs: any columns of counts or bytes; default: params,macs,activations.",
)
@click.option(
    "--direction",
    type=click.Choice(["down", "right"]),
    help="Where the graph runs to.  Default: down.",
)
@click.option(
    "--width",
    metavar="N",
    type=options.WholeNumber(20, 10_000),
    help="Fit characters into lines of N: columns that have no room are named below.  Default: that"
    " of the terminal, else 80.",
)
@options.settings
@options.free
@options.inputs
@options.batch
@options.dtype
@options.layout
@options.strict
@options.fold_batchnorm
def draw(
    spec: str,
    picture: str | None,
    path: str | None,
    format_: str | None,
    settings: dict[str, str],
    free: tuple[str, ...],
    inputs: dict[str, str],
    fold_batchnorm: bool,
    width: int | None,
    **words: Any,  # noqa: ANN401  (of the picture)
) -> None:
    """Draw the network SPEC: what follows what, with shapes and what it costs.

    Without -o the graph is written in characters, for a terminal. SPEC is a file, the name of a
    shipped spec (`shapecalc specs`), or - for standard input; a file may be a model of Caffe,
    Darknet, Keras, ONNX, PyTorch or TensorFlow Lite.
    """
    with reported():
        from shapecalc.api import summarize
        from shapecalc.draw import figure, file_kind, picture_kind
        from shapecalc.report import Report

        kind = picture_kind(picture or "", Report)
        if format_ is None and path in (None, "-") and "text" in kind.texts:
            format_ = "text"
        target = None if path == "-" else path
        chosen = file_kind(format_, target, kind)
        if width is not None and chosen.name != "text":
            message = f"--width is that of a page of characters, and {chosen.name} has none"
            raise misuse(message, "leave it out")
        report = summarize(
            spec, settings=freed(settings, free), input=inputs, fold_batchnorm=fold_batchnorm
        )
        made = figure(report, kind.name, **_given(words))
        _write(made, chosen.name, target, width)
        remark(report.doubts)


def _given(words: dict[str, Any]) -> dict[str, Any]:
    """Leave out the words of options that were not given."""
    context = click.get_current_context()
    usual = click.core.ParameterSource.DEFAULT
    return {
        word: value for word, value in words.items() if context.get_parameter_source(word) != usual
    }


def _write(made: Figure, format_: str, target: str | None, width: int | None) -> None:
    """Write a picture to a file, or to standard output; characters in lines of a width."""
    from shapecalc.text.safe import terminal_width

    if width is None and format_ == "text" and target is None and sys.stdout.isatty():
        width = terminal_width()
    if width is not None:
        made.words = {**made.words, "width": width}
    emit_parts([made.render(format_)], target)
