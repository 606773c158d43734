"""Networks as files of other programs: code, models, and specs that a person would write.

A writer takes a report: structure and names from its spec, shapes from its graph.  It is a module
of this room with a function `written(report, ...)`, named in its row of `WRITERS`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.errors import refuse
from shapecalc.readers import PARTIAL
from shapecalc.text import Origin, Source
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.report import Report


#: Arrays by our names, and laid as a program reads them, under its own.
Laying: TypeAlias = "Callable[[Mapping[str, Any]], Mapping[str, Any]]"


class Written(NamedTuple):
    """A file as text, or as bytes in pieces, which beside a text are those of its weights.

    `laid` says how the network's arrays are laid for a file of arrays beside it.
    """

    text: str
    laid: Laying = dict
    data: Sequence[bytes] = ()


class Writer(NamedTuple):
    """A kind of file: its name, what it is, its suffixes, and the module that writes it.

    `options` are those of the module's function: `weights`, the name of a file of arrays that is
    written beside it, under its own names for them; `arrays`, these themselves; `flat`, layer by
    layer.  `beside` is the suffix of the file with the weights, "" where they go into the file.
    """

    name: str
    meaning: str
    suffixes: tuple[str, ...]
    module: str
    options: tuple[str, ...] = ()
    beside: str = ""
    partial: bool = False
    """Whether a network of which only a part was read is written all the same."""
    symbols: bool = False
    """Whether sizes may be symbols."""

    def write(self, report: Report, **options: Any) -> Written:  # noqa: ANN401
        """Write a network.

        Raises `SpecErrors` (E360) for layers that the other program has no means for, and for what
        is only a part of a network.
        """
        missing = [text for text in report.remarks if text.startswith(PARTIAL)]
        if missing and not self.partial:
            message = f"{report.name} cannot be written for {self.name}: {missing[0]}"
            hint = "`convert` to .yaml writes what was read"
            raise refuse("E360", message, Origin(report.graph.spec.source), hint)
        module = import_module(f"shapecalc.writers.{self.module}")
        made: Written = module.written(report, **options)
        return made


#: Every writer; of two with one suffix the first is meant.
WRITERS: tuple[Writer, ...] = (
    Writer("pytorch", "a program for PyTorch", (".py",), "pytorch", ("weights",), ".npz"),
    Writer(
        "keras",
        "a program for Keras 3, whatever computes below it",
        (".py",),
        "keras",
        ("weights",),
        ".npz",
    ),
    Writer("caffe", "a deploy file for Caffe", (".prototxt",), "caffe", ("arrays",), ".caffemodel"),
    Writer("onnx", "an ONNX model, with its weights inside", (".onnx",), "onnx", ("arrays",)),
    Writer(
        "yaml",
        "a spec as a person would write it",
        (".yaml", ".yml"),
        "spec",
        ("flat",),
        partial=True,
        symbols=True,
    ),
)


def writer_for(name: str | None, path: str | None) -> Writer:
    """Return the writer that is named, or else that of a file's suffix.

    Raises `SpecErrors` (E302) where there is none.
    """
    known = {writer.name: writer for writer in WRITERS}
    if name is not None:
        if name in known:
            return known[name]
        hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
        origin = Origin(Source(f"--to {name}", name))
        raise refuse("E302", f"unknown format '{name}'", origin, hint)
    for writer in WRITERS:
        if path is not None and path.lower().endswith(writer.suffixes):
            return writer
    first = {writer.suffixes[0]: writer for writer in reversed(WRITERS)}  # which has the suffix
    usual = ", ".join(f"{w.suffixes[0]} ({w.name})" for w in WRITERS if first[w.suffixes[0]] is w)
    message = "no format is named" if path is None else f"no network is written as '{path}'"
    hint = f"name it with --to, or by the file's suffix: {usual}"
    raise refuse("E302", message, Origin(Source(path or "convert", "")), hint)
