"""Random networks, whose layers read any before them, in all figures."""

from __future__ import annotations

import pytest

from shapecalc.draw.bars import costs, memory
from shapecalc.draw.cone import field
from shapecalc.draw.picture import Box, Path, bounds
from shapecalc.draw.solids import solids_of
from shapecalc.draw.volumes import volumes
from tests.draw.geometry import clusters, complaints
from tests.draw.graph.nets import of_inputs, random_inputs

SEEDS = range(0, 100, 20)


@pytest.mark.parametrize("figure", [volumes, costs, memory, field])
@pytest.mark.parametrize("first", SEEDS)
def test_no_law_is_broken(figure, first):
    for seed in range(first, first + 20):
        assert complaints(figure(of_inputs(random_inputs(seed)))) == {}, seed


@pytest.mark.parametrize("first", SEEDS)
def test_every_arc_is_there_and_leads_over_what_it_skips(first):
    for seed in range(first, first + 20):
        network = of_inputs(random_inputs(seed))
        solids, drawing = solids_of(network), volumes(network)
        names = [solid.row.name for solid in solids]
        leads = sorted(
            (names[source], names[at])
            for at, solid in enumerate(solids)
            for source in solid.sources
            if source < at - 1
        )
        arcs = [s for s in drawing.children if isinstance(s, Path) and s.kind == "skip"]
        assert sorted(tuple(arc.title.split(" to ")) for arc in arcs) == leads, seed
        boxes = {
            cluster.name: next(s for s in cluster.children if isinstance(s, Box))
            for cluster in clusters(drawing.children)
        }
        for arc in arcs:
            start, end = (names.index(name) for name in arc.title.split(" to "))
            skipped = [boxes[name] for name in names[start : end + 1]]
            assert bounds(arc).top < min(box.y for box in skipped), seed
            assert arc.steps[0][1] < arc.steps[-1][1], seed
