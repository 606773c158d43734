"""Reconciliation adds up: for every pair of profiles, on every shipped spec, down to 0."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import cache
from io import StringIO
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc import summarize
from shapecalc.analysis.reconcile import Difference, added, reconcile
from shapecalc.counting.profiles import PROFILES
from shapecalc.errors import SpecErrors
from shapecalc.spec.find import shipped

if TYPE_CHECKING:
    from shapecalc.report import Report

PAIRS = [
    (first, second)
    for first, second in permutations(PROFILES, 2)
    if PROFILES[first].of == PROFILES[second].of
]
NAMES = (*shipped(), "symbolic")


@cache
def report(name: str) -> Report:
    return summarize("vgg16", input="HxWx3") if name == "symbolic" else summarize(name)


@pytest.mark.parametrize("name", NAMES)
def test_parts_add_up_to_the_difference_for_every_pair(name: str) -> None:
    net = report(name)
    counts = {word: profile.count(net.totals) for word, profile in PROFILES.items()}
    for first, second in PAIRS:
        difference = reconcile(net, first, second)
        assert sum(part.difference for part in difference.parts) == counts[second] - counts[first]
        for k, word in enumerate((first, second), 2):
            assert sum(part[k] for part in difference.parts if part[k] is not None) == counts[word]
        assert difference.rest == 0


@pytest.mark.parametrize("name", ["googlenet-train", "resnet18", "lenet5-1998"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_folded_layers_and_what_is_alike_add_up_too(name: str, depth: int) -> None:
    for pair in PAIRS:
        difference = reconcile(report(name), *pair)
        layers = difference.layers(depth)
        shown = [*layers, *difference.alike(layers)]
        assert tuple(sum(getattr(part, k) or 0 for part in shown) for k in ("first", "second")) == (
            difference.totals
        )
        assert all(part.difference == 0 for part in difference.alike(layers))


def test_a_part_left_out_is_noticed() -> None:
    whole = reconcile(report("alexnet"), "torchinfo", "fvcore")
    less = replace(whole, parts=whole.parts[:-1])
    assert isinstance(less, Difference)
    assert whole.rest == 0 != less.rest


def test_the_terms_of_alexnet() -> None:
    # reference/peers.md, 2a: 494,184 is exactly the bias adds
    difference = reconcile(report("alexnet-owt"), "torchinfo", "fvcore")
    assert [(part.term, part.difference) for part in difference.terms if part.difference] == [
        ("bias adds", -494184)
    ]


def test_what_a_profile_has_no_rule_for_is_none_not_zero() -> None:
    difference = reconcile(report("alexnet"), "ptflops:pytorch", "fvcore")
    parts = {(part.layer, part.term): part for part in difference.parts}
    assert parts["relu1", "activations"].second is None
    assert parts["conv1", "bias adds"].second == 0
    assert added("", [parts["relu1", "activations"]])[0].second is None


def test_the_library_takes_names_graphs_and_reports_and_shows_what_it_finds() -> None:
    pair = ("torchinfo", "fvcore")
    found = shapecalc.reconcile("alexnet-owt", *pair)
    assert found.parts == shapecalc.reconcile(shapecalc.load("alexnet-owt"), *pair).parts
    assert found.parts == shapecalc.reconcile(report("alexnet-owt"), *pair).parts
    assert "-494,184 from torchinfo to fvcore" in str(found)
    assert "<table" in found._repr_html_()
    assert "<html" not in found._repr_html_()
    assert found._repr_markdown_() == found.render("markdown")
    with pytest.raises(TypeError, match="computed already"):
        shapecalc.reconcile(report("alexnet-owt"), *pair, input="64x64x3")
    symbolic = shapecalc.reconcile("vgg16", *pair, input="HxWx3", free=[])
    assert symbolic.rest == 0
    target = shapecalc.find_count("alexnet-owt", 714682664)
    assert target.matches == shapecalc.find_count("alexnet-owt", "714682664").matches
    assert str(target) == target.render("text")
    assert "<table" in target._repr_html_()
    assert target._repr_markdown_().startswith("**AlexNet")


@pytest.mark.parametrize("name", ["resnet50", "lenet5-1998", "symbolic"])
def test_machines_get_every_part(name: str) -> None:
    pair = ("onnx-tool", "thop")
    difference = reconcile(report(name), *pair)
    data = json.loads(difference.render("json"))
    assert len(data["parts"]) == len(difference.parts)
    assert data["unexplained"] == 0
    rows = list(csv.DictReader(StringIO(difference.render("csv"))))
    assert [row["layer"] for row in rows] == [part.layer for part in difference.parts]
    if name != "symbolic":
        assert sum(int(row["difference"]) for row in rows) == data["difference"]
        assert data["totals"] == [sum(int(row[each] or 0) for row in rows) for each in pair]


@pytest.mark.parametrize("words", [(), ("macs",), ("macs", "flops", "full"), ("macs", "params")])
def test_two_profiles_of_one_kind_are_needed(words: tuple[str, ...]) -> None:
    with pytest.raises(SpecErrors) as caught:
        reconcile(report("lenet5"), *words)
    assert [problem.code for problem in caught.value.problems] == ["E622"]
