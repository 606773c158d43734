"""An explanation's number is the table's, whatever the layer; what is written comes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shapecalc.algebra.traced import Formula, named
from shapecalc.analysis.explain import neighbours, params
from shapecalc.analysis.explain.model import Derivation, find
from shapecalc.layers import BUILTIN
from shapecalc.layers.conv import Conv
from shapecalc.output.document import Grid, Prose
from shapecalc.output.view import View
from shapecalc.report.fold import fold
from shapecalc.spec.find import shipped
from tests.analysis.explain.support import ends_rightly, of_text, report, value_of, wrong
from tests.kinds import BARE
from tests.oracle.draw import layers, tables
from tests.oracle.judge import answer
from tests.paths import NETWORKS

if TYPE_CHECKING:
    from shapecalc.layers.base import Parameter
    from shapecalc.layers.shape import Shape

OWN = [path.stem for path in NETWORKS.glob("*.yaml")]
RANDOM = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", [*shipped(), *OWN])
def test_every_layer_of_every_spec_is_explained_by_the_tables_numbers(name: str) -> None:
    found = report(name)
    assert wrong(found, found.rows) == []


@pytest.mark.parametrize("name", ["googlenet", "resnet50", "unet", "siamese", "densenet121"])
def test_every_block_is_explained_by_the_tables_numbers(name: str) -> None:
    found = report(name)
    blocks = [row for depth in (1, 2, 3) for row in fold(found, depth) if row.layer is None]
    assert blocks
    assert wrong(found, tuple(blocks)) == []


@pytest.mark.parametrize("word", BUILTIN)
@RANDOM
@given(data=st.data())
def test_any_layer_of_a_type_is_explained_by_the_tables_numbers(
    word: str, data: st.DataObject
) -> None:
    layer, inputs = data.draw(layers(word))
    found = answer(layer, *inputs)
    assume(found is not None)
    assert found is not None
    assert wrong(found, found.rows[-1:]) == []


@RANDOM
@given(drawn=tables())
def test_any_table_of_connections_is_explained_by_the_tables_numbers(drawn: Any) -> None:
    layer, inputs = drawn
    found = answer(layer, *inputs)
    assume(found is not None)
    assert found is not None
    assert wrong(found, found.rows[-1:]) == []


class Forgetful(Conv):
    """A convolution whose rule forgets the bias."""

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return super().weights(*inputs)[:1]


def test_the_law_bites_where_a_rule_and_a_row_differ() -> None:
    found = of_text("input: 7x9x4\nlayers: [conv: {filters: 3, kernel: 2}]")
    row = found["conv1"]
    assert wrong(found, (row,)) == []
    assert wrong(found, (row._replace(work=row.work._replace(macs=1)),)) == ["conv1: macs (2304,)"]
    other = row._replace(layer=Forgetful(filters=3, kernel=(2,)))
    assert wrong(found, (other,)) == ["conv1: params (48,)"]


def test_the_law_bites_where_a_line_does_not_come_to_the_value() -> None:
    n, k = named("n", 7), named("k", 3)
    right = Derivation("side", (n - k) // 2 + 1)
    assert ends_rightly(right)
    assert [value_of(line) for line in right.lines[1:]] == [3] * 4
    assert not ends_rightly(Derivation("side", Formula("sum", 4, (n, k), "", (1, -1), 1)))


@pytest.mark.parametrize("word", BARE)
def test_why_nothing_is_learned_is_the_type_s_own_reason(word: str) -> None:
    """Broken by words that are chosen by a part of a type's name, or inherited (a blurring pool)."""
    report = of_text(f"input: 8x9x32\nlayers: [{word}]")
    section = params.explain(find(report, report.rows[1].name, View()))
    text = " ".join(block.text for block in section.blocks if isinstance(block, Prose))
    nothing, _, reason = report.rows[1].layer.learns.partition(": ")
    assert ("othing to learn" in text) == (nothing == "nothing")
    assert reason in text


@pytest.mark.parametrize("change", ["stride 3", "stride 5", "kernel 9", "pad 1", "pad same"])
def test_neighbours_are_what_the_tables_of_their_own_networks_say(change: str) -> None:
    fields = {"kernel": "11", "stride": "4", "pad": "0"}
    texts = (
        ", ".join(map(": ".join, each.items()))
        for each in (fields, fields | dict([change.split()]))
    )
    base, other = (
        of_text("input: 29x31x3\nlayers: [{conv: {filters: 5, " + text + "}}]") for text in texts
    )
    grid = neighbours.explain(find(base, "conv1", View())).blocks[0]
    assert isinstance(grid, Grid)
    (line,) = [line for line in grid.rows if line[0] == change]
    row = other["conv1"]
    sides = "x".join(map(str, (*row.output.sides, 5)))
    assert line[1:4] == (sides, f"{row.params:,}", f"{row.macs:,}")
