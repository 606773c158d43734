"""A few figures, byte for byte: `SHAPECALC_REGENERATE=1 pytest tests/draw/test_golden.py` renews them.

Look at the new ones in a browser before you commit them.
"""

from __future__ import annotations

from functools import partial

import pytest

from shapecalc import summarize
from shapecalc.draw.bars import costs, memory
from shapecalc.draw.graph.scene import graph
from shapecalc.draw.svg import to_svg
from shapecalc.draw.volumes import volumes
from tests.output.test_golden import compare
from tests.paths import TESTS

GOLDEN = TESTS / "draw" / "golden"
FIGURES = {
    "volumes-lenet5.svg": (volumes, "lenet5"),
    "volumes-resnet18.svg": (volumes, "resnet18"),
    "costs-lenet5.svg": (costs, "lenet5"),
    "memory-unet.svg": (memory, "unet"),
    "graph-lenet5.svg": (graph, "lenet5"),
    "graph-resnet18.svg": (partial(graph, depth=1), "resnet18"),
    "graph-squeezenet.svg": (partial(graph, direction="right", depth=2), "squeezenet"),
}


@pytest.mark.parametrize("file", FIGURES)
def test_figure_is_as_the_golden_file_has_it(file):
    figure, network = FIGURES[file]
    compare(GOLDEN / file, to_svg(figure(summarize(network))))
