"""The law of sweeps: every row is the numeric summary of its point, in every column.

It would break if a formula were evaluated wrongly, if rows and values were paired wrongly, if a
number wrapped around, or if a point were refused that exists.  The judge knows nothing of sweeps:
it writes each point as a spec of its own and reads the JSON of its summary.
"""

from __future__ import annotations

import json
import random
from itertools import product
from typing import Any

import pytest

import shapecalc
from shapecalc.analysis.sweep.columns import EXTENTS, layer_words, total_words
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input
from shapecalc.output.options import make_view
from tests.paths import NETWORKS

#: Fields that a sweep may change, with values that often fit.
FIELDS = {
    "filters": [64, 96, 130],
    "units": [10, 77],
    "stride": [1, 2, 3],
    "kernel": [1, 3, 5],
    "pad": [0, 1, 2],
    "groups": [1, 2],
    "size": [3, 5],
    "multiplier": [1, 2],
    "times": [0, 1, 3],
}


def axes_of(spec: str, draw: random.Random) -> dict[str, list[int]]:
    """Draw two or three names to run over, with a few values each."""
    graph = shapecalc.load(spec)
    (entry,) = [node.layer for node in graph.nodes if isinstance(node.layer, Input)]
    sides = entry.shape.sides
    own = sides[0] if sides else 7
    candidates: dict[str, list[int]] = {}
    if len(sides) == 2:
        near = [own, own + 1, own + draw.randrange(2, 300), max(1, own // 2), draw.randrange(1, 90)]
        for name in draw.choice([["N"], ["H", "W"], ["W"]]):
            candidates[name] = draw.sample(near, 3)
    if "N" in graph.spec.let:
        candidates = {}
    for name in graph.spec.let:
        value = draw.choice([0, 1, 2, draw.randrange(3, 12)])
        candidates[name] = [value, value + 1 + draw.randrange(3)]
    fields = [
        (f"{node.path}.{field.name}", FIELDS[field.name])
        for node in graph.nodes
        if hasattr(node.layer, "fields")
        for field in node.layer.fields()
        if field.name in FIELDS and "/" not in node.path
    ]
    if fields:
        name, values = draw.choice(fields)
        candidates[name] = values
    names = draw.sample(sorted(candidates), min(draw.choice([1, 2, 3]), len(candidates)))
    return {name: candidates[name][: 5 - len(names)] for name in names}


def numbers(spec: str, point: dict[str, int]) -> dict[str, Any] | None:
    """Summarize a point, as a person would without sweeps; None where it does not exist."""
    graph = shapecalc.load(spec)
    (entry,) = [node.layer for node in graph.nodes if isinstance(node.layer, Input)]
    extents = [*entry.shape.sides, entry.shape.channels]
    lines = [f"extends: {spec}"]
    settings = {}
    for name, value in point.items():
        if name in graph.spec.let:
            settings[name] = value
        elif name == "N":
            extents[:2] = [value, value]
        elif name in ("H", "W"):
            extents["HW".index(name)] = value
        else:
            layer, field = name.rsplit(".", 1)
            lines.append(f"change: {{{layer}: {{{field}: {value}}}}}")
    try:
        report = shapecalc.summarize(
            shapecalc.loads("\n".join(lines), settings=settings, input="x".join(map(str, extents)))
        )
    except SpecErrors:
        return None
    found = json.loads(report.render("json", profile="full", batch=3, dtype="float16"))
    asked = (  # shown where they are asked for
        "trainable,frozen,live,live_memory,kv_cache,kv_cache_memory,"
        "moved,weights_read,inputs_read,outputs_written"
    )
    more = json.loads(report.render("json", columns=asked, batch=3, dtype="float16"))
    nothing_kept = {"kv_cache": 0, "kv_cache_memory": 0}  # where no attention is causal
    found["totals"] = nothing_kept | more["totals"] | found["totals"]
    found["rows"] = [a | b for a, b in zip(found["rows"], more["rows"], strict=True)]
    found["output"] = found["rows"][-1]["output"]
    return found  # type: ignore[no-any-return]


def expected(found: dict[str, Any], name: str) -> Any:
    """Look a column of a sweep up in a summary."""
    layer, dot, key = name.rpartition(".")
    extent = key if key in EXTENTS else ""
    if extent and dot and layer != "output" and not layer.endswith((".output", ".receptive_field")):
        layer, key = f"{layer}.output", extent
    if extent:
        layer, _, key = layer.rpartition(".")
    rows = {row["name"]: row for row in found["rows"]}
    values = rows.get(layer, {}).get(key) if layer else found["totals"].get(key, found.get(key))
    if not extent or values is None:
        return values
    sides = {1: ["length"], 2: ["height", "width"], 3: ["depth", "height", "width"], 0: []}
    if key != "receptive_field":
        sides = {count + 1: [*names, "channels"] for count, names in sides.items()}
    return dict(zip(sides[len(values)], values, strict=True)).get(extent)


def all_columns(spec: str, draw: random.Random) -> list[str]:
    """List every total, and every column of some layers."""
    view = make_view(profile="full")
    report = shapecalc.summarize(spec)
    rows = [row.name for row in report.rows]
    totals = dict.fromkeys(total_words(view).values())
    if len(report.graph.outputs) > 1:
        del totals["output"]
    layers = draw.sample(rows, min(4, len(rows)))
    keys = [key for key in dict.fromkeys(layer_words(view)) if " " not in key]
    return [*totals, *(f"{x}.{k}" for x in layers for k in keys)]


def differences(swept: shapecalc.Sweep, spec: str, axes: dict[str, list[int]]) -> list[str]:
    """Describe where a sweep and the summaries of its points differ."""
    wrong = []
    points = list(product(*axes.values()))
    assert len(points) == len(swept)
    for row, values in enumerate(points):
        point = dict(zip(axes, values, strict=True))
        assert [swept[name][row] for name in axes] == list(values)
        found = numbers(spec, point)
        if (found is not None) != bool(swept.exists[row]):
            wrong.append(f"{spec} {point}: exists {found is not None}: {swept['note'][row]}")
        elif found is None:
            assert swept["note"][row]
        else:
            for name in swept.block.columns:
                value, want = swept[name][row], expected(found, name)
                if value != want:
                    wrong.append(f"{spec} {point} {name}: {value}, but {want}")
    return wrong


#: With padded skips that must meet, transposed convolutions.
OTHERS = ("unet-padded", "dcgan-generator")


@pytest.mark.parametrize("spec", [*shapecalc.shipped(), *OTHERS])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_row_is_the_summary_of_its_point(spec: str, seed: int) -> None:
    draw = random.Random(f"{spec} {seed}")
    if spec in OTHERS:
        spec = str(NETWORKS / f"{spec}.yaml")
    for _ in range(20):
        axes = axes_of(spec, draw)
        columns = all_columns(spec, draw)
        try:
            swept = shapecalc.sweep(
                spec, axes, columns=columns, profile="full", batch=3, dtype="float16"
            )
        except SpecErrors:  # then no point exists
            for values in product(*axes.values()):
                assert numbers(spec, dict(zip(axes, values, strict=True))) is None
            continue
        assert differences(swept, spec, axes) == []
        assert len(swept.block.columns) > 40
        return
    pytest.fail("no sweep with a point was drawn")


def test_the_law_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluate one floor too high by 1, and pair one value wrongly."""
    from shapecalc.analysis.sweep import compute

    axes = {"N": [227, 300], "conv1.filters": [64, 96]}
    columns = "macs,pool3.output"
    assert differences(shapecalc.sweep("alexnet", axes, columns=columns), "alexnet", axes) == []
    turned = {"N": [300, 227], "conv1.filters": [64, 96]}
    swept = shapecalc.sweep("alexnet", turned, columns=columns)
    with pytest.raises(AssertionError):
        differences(swept, "alexnet", axes)
    really = compute.evaluate
    monkeypatch.setattr(compute, "evaluate", lambda *args: really(*args) + 1)
    swept = shapecalc.sweep("alexnet", axes, columns=columns)
    assert (
        len(differences(swept, "alexnet", axes)) == 4 * 3
    )  # but for the channels, which are numbers
