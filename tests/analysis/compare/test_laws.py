"""Laws of comparisons, on random networks and on shipped ones."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import INPUT, LAYERS, layers_of, sequence, shipped, statuses

import shapecalc
from shapecalc.spec.find import shipped as names_of_shipped

PAIRS = [
    ("alexnet", "zfnet"),
    ("alexnet-2012", "googlenet"),
    ("resnet50", "resnet101"),
    ("resnet18", "resnet50"),
    ("lenet5", "lenet5-1998"),
    ("googlenet", "googlenet-train"),
    ("vgg11", "vgg19"),
]
TURNED = {"added": "removed", "removed": "added"}


@given(layers_of())
def test_a_network_does_not_differ_from_itself(layers: list[str]) -> None:
    comparison = shapecalc.compare(sequence(layers), sequence(layers))
    assert comparison.same
    assert {status for _, _, status in statuses(comparison)} == {"same"}
    assert all(first == second for first, second, _ in statuses(comparison))


@pytest.mark.parametrize("name", names_of_shipped())
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_shipped_network_does_not_differ_from_itself(name: str, depth: int) -> None:
    comparison = shapecalc.compare(name, name)
    assert comparison.same
    assert all(row.same for row in comparison.rows(depth))


@given(layers_of(), st.sampled_from(LAYERS), st.data())
def test_an_inserted_layer_is_found(layers: list[str], new: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(layers)))
    longer = [*layers[:at], new, *layers[at:]]
    found = statuses(shapecalc.compare(sequence(layers), sequence(longer)))[1:]
    kinds = [status for _, _, status in found]
    assert kinds.count("added") == 1
    assert set(kinds) <= {"same", "affected", "added"}
    place = kinds.index("added")  # among neighbours that are alike any may be the new one
    assert longer[place] == new
    assert longer[:place] + longer[place + 1 :] == layers


@given(layers_of(), st.data())
def test_a_removed_layer_is_found(layers: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(layers) - 1))
    shorter = layers[:at] + layers[at + 1 :] or ["relu"]
    if len(layers) == 1:
        return
    kinds = [
        status
        for _, _, status in statuses(shapecalc.compare(sequence(layers), sequence(shorter)))[1:]
    ]
    assert kinds.count("removed") == 1
    assert set(kinds) <= {"same", "affected", "removed"}
    place = kinds.index("removed")
    assert layers[:place] + layers[place + 1 :] == shorter


@given(layers_of(), st.data())
def test_a_changed_layer_is_found(layers: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(layers)))
    kernel = data.draw(st.sampled_from((1, 3)))
    first, second = (
        [*layers[:at], f"conv: {{filters: {n}, kernel: {kernel}, pad: same}}", *layers[at:]]
        for n in (17, 23)
    )
    comparison = shapecalc.compare(sequence(first), sequence(second))
    kinds = [status for _, _, status in statuses(comparison)][1:]
    assert kinds[at] == "changed"
    assert set(kinds[:at]) <= {"same"}
    assert set(kinds[at + 1 :]) <= {"same", "affected"}
    (change,) = comparison.rows()[at + 1].changes[0]
    assert change.text == "filters 17 -> 23"
    follower = next((layer for layer in second[at + 1 :]), None)
    if follower is not None:
        assert kinds[at + 1] == "affected"


def mirrored(names: tuple[str, ...] | list[shapecalc.Report], depth: int) -> None:
    there = shapecalc.compare(*names)
    back = shapecalc.compare(*names[::-1])
    ours = {(a, b, status) for a, b, status in statuses(there, depth)}
    theirs = {(a, b, TURNED.get(status, status)) for b, a, status in statuses(back, depth)}
    assert ours == theirs
    counted = {
        (change.field, change.before, change.after)
        for row in there.rows(depth)
        for change in row.changes[0]
        if not change.counted and not change.after.startswith("another")
    }
    turned = {
        (change.field, change.after, change.before)
        for row in back.rows(depth)
        for change in row.changes[0]
        if not change.counted and not change.after.startswith("another")
    }
    assert counted == turned


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_the_other_way_round_everything_is_turned_round(pair: tuple[str, str], depth: int) -> None:
    mirrored(pair, depth)


@settings(deadline=None)
@given(layers_of(), layers_of())
def test_random_networks_the_other_way_round(first: list[str], second: list[str]) -> None:
    mirrored([sequence(first), sequence(second)], 0)


@settings(deadline=None)
@given(layers_of(), layers_of())
def test_networks_differ_where_a_row_does(first: list[str], second: list[str]) -> None:
    comparison = shapecalc.compare(sequence(first), sequence(second))
    assert comparison.same == (first == second)
    assert comparison.same == all(row.same for row in comparison.rows())


@pytest.mark.parametrize("pair", list(itertools.pairwise(names_of_shipped())))
def test_shipped_networks_differ_where_a_row_does(pair: tuple[str, str]) -> None:
    comparison = shipped(*pair)
    assert not comparison.same
    assert not all(row.same for row in comparison.rows())


@settings(deadline=None)
@given(layers_of(), layers_of(), layers_of())
def test_every_layer_stands_in_one_row_and_in_its_order(
    first: list[str], second: list[str], third: list[str]
) -> None:
    reports = [sequence(each) for each in (first, second, third)]
    rows = shapecalc.compare(*reports).rows()
    for k, report in enumerate(reports):
        named = [part.row.name for row in rows if (part := row.parts[k]) is not None]
        assert named == [row.name for row in report.rows]
    assert all(any(row.parts) for row in rows)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_rows_add_up_to_the_totals(pair: tuple[str, str], depth: int) -> None:
    comparison = shipped(*pair)
    for k, report in enumerate(comparison.reports):
        parts = [part for row in comparison.rows(depth) if (part := row.parts[k]) is not None]
        assert sum(part.row.params for part in parts) == report.totals.params
        assert sum(part.row.macs for part in parts) == report.totals.macs


def test_the_same_layers_over_another_input_differ() -> None:
    """The law of sameness bites: shapes are part of what a network is."""
    one, other = sequence(["relu"]), sequence(["relu"], "17x19x6")
    comparison = shapecalc.compare(one, other)
    assert not comparison.same
    assert statuses(comparison) == [("input", "input", "changed"), ("relu1", "relu1", "affected")]
    assert INPUT == "17x19x5"
