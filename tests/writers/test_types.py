"""Every layer type of the language is written by every writer, or refused by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.api import build, loads
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input, Node
from shapecalc.layers import BUILTIN
from shapecalc.report.compute import compute_report
from shapecalc.spec.built_in import BLOCKS
from shapecalc.text import Source
from shapecalc.writers import WRITERS
from tests.kinds import make, taken

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapecalc.errors import Problem
    from shapecalc.report import Report
    from shapecalc.writers import Writer

#: Writers that have words for every type.
WHOLE = ("pytorch", "keras", "yaml", "onnx")
#: What a model has of a layer of ours that is read back as other layers, or in part.
UNLIKE = frozenset({("onnx", "subsampling"), ("onnx", "rbf")})

#: Networks with the types that do not take just any map.
_WINDOWS = (
    "input: 7x9x8\n"
    "layers: [attention: {heads: 2, window: 4, shift: 2, relative_position: true, qk_norm: rmsnorm}]"
)
_CAUSAL = "input: 9x8\nlayers: [attention: {heads: 2, causal: true, qk_norm: layernorm}]"
NETWORKS = {
    "groupnorm": "input: 4x6x8\nlayers: [groupnorm: {groups: 2}]",
    "reshape": "input: 4x6x5\nlayers: [reshape: 8x15]",
    "permute": "input: 4x6x5\nlayers: [relu, permute: [1, 0, 2]]",  # by itself it is no layer of ONNX
    "crop": "input: 4x6x5\nlayers: [crop: 1]",
    "pixel_shuffle": "input: 4x6x8\nlayers: [pixel_shuffle: 2]",
    "pixel_unshuffle": "input: 4x6x8\nlayers: [pixel_unshuffle: 2]",
    "parameter": "input: 4x6x8\nlayers: [add: [[parameter: 4x6x8], []]]",
    "matmul": _CAUSAL,
    "causal_mask": _CAUSAL,
    "window_partition": _WINDOWS,
    "window_mask": _WINDOWS,
    "window_merge": _WINDOWS,
    "relative_position": _WINDOWS,
    "attention": _WINDOWS,
}
_NOTHING = build(Source("alone.yaml", "input: 1\nlayers: [identity]"))


def with_a(word: str) -> Report:
    """Return the report on a network that has a layer of a type."""
    if word in NETWORKS:
        return compute_report(loads(NETWORKS[word]))
    shapes = taken(word)
    inputs = [Node(f"in{number}", Input(shape=shape), ()) for number, shape in enumerate(shapes)]
    nodes = (*inputs, Node("only", make(word), tuple(range(len(shapes)))))
    return compute_report(_NOTHING._replace(nodes=nodes, groups={}, outputs=(len(shapes),)))


def costs(report: Report, word: str) -> list[str]:
    """Return what layers of a type are, or all layers, of a block."""
    rows = [row for row in report.rows if row.type == word or word in BLOCKS]
    return sorted(f"{row.output} {row.params} {row.macs} {row.does}" for row in rows)


def refused(writer: Writer, report: Report) -> Sequence[Problem]:
    """Return what a writer has no means for."""
    try:
        writer.write(report)
    except SpecErrors as refusal:
        return refusal.problems
    return ()


@pytest.mark.parametrize("word", [*BUILTIN, *BLOCKS])
@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_any_type_is_written_or_refused_by_its_name(
    writer: Writer, word: str, tmp_path: Path
) -> None:
    report = with_a(word)
    assert costs(report, word)
    if writer.name not in WHOLE and (problems := refused(writer, report)):
        assert {problem.code for problem in problems} == {"E360"}
        names = [row.name for row in report.rows if row.type == word or word in BLOCKS]
        assert any(name in problem.message for problem in problems for name in names)
        return
    made = writer.write(report)
    if writer.name == "yaml":
        assert costs(compute_report(loads(made.text)), word) == costs(report, word)
    elif ".py" in writer.suffixes:
        compile(made.text, "net.py", "exec")
    else:
        path = tmp_path / f"net{writer.suffixes[0]}"
        path.write_bytes(b"".join(made.data) or made.text.encode())
        again = shapecalc.summarize(path)
        if (writer.name, word) not in UNLIKE:
            assert totals(again) == totals(report)


def totals(report: Report) -> tuple[object, ...]:
    """Return what comes out, and what it costs."""
    last = report.rows[-1].output
    return sorted(map(str, (*last.sides, last.channels))), report.totals.params, report.totals.macs


def test_heads_and_axes_are_not_lost_on_the_way() -> None:
    norm = {"layernorm": {"name": "norm", "heads": 2}}
    report = shapecalc.summarize({"input": "5x8", "layers": [norm]})
    (keras,) = [writer for writer in WRITERS if writer.name == "keras"]
    assert "HeadNorm(2, centred=True, " in keras.write(report).text
    soft = {"softmax": {"over": ["height", "channels"]}}
    report = shapecalc.summarize({"input": "5x6x8", "layers": [soft]})
    assert "layers.Softmax(axis=(1, 3), " in keras.write(report).text
