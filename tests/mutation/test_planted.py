"""Faults in the source fall: ten here, by a seed, all of them by `tests/mutation/plant.py`."""

from __future__ import annotations

import os
import random
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.mutation.all_faults import EQUIVALENT, FAULTS
from tests.mutation.ground import PACKAGE, Ground, LostError, Planted, place_of, sources
from tests.mutation.judging import asked, recorded, worker
from tests.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mutation.judging import Worker

#: Every change of the package draws other faults, and the same package draws the same.
SEED = zlib.crc32("".join(sources().values()).encode())


@pytest.mark.parametrize("fault", [*FAULTS, *EQUIVALENT], ids=lambda fault: fault.what)
def test_every_fault_has_its_place(fault: Planted) -> None:
    """Fails when the source has changed: mend the fault's `right` and `wrong`."""
    place_of(fault, sources())
    assert fault.right != fault.wrong


def test_every_room_has_faults() -> None:
    rooms = {
        file.parent.relative_to(ROOT / PACKAGE).as_posix()
        for file in (ROOT / PACKAGE).rglob("*.py")
        if file.name != "__init__.py"
    }
    planted = [place_of(fault, sources()).path.rpartition("/")[0] or "." for fault in FAULTS]
    assert {room for room in rooms if room not in planted} == set()
    assert len(FAULTS) >= 300
    assert len({fault.what for fault in FAULTS}) == len(FAULTS)


def test_it_is_known_by_which_test_every_fault_falls() -> None:
    """Run `tests/mutation/plant.py --record` after a fault was added, or a test's file has moved."""
    fell = recorded()
    assert set(fell) == {fault.what for fault in FAULTS}
    assert {
        test for test in fell.values() if not (ROOT / test.partition("::")[0]).exists()
    } == set()


@pytest.fixture(scope="module")
def planting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ground, Worker]]:
    """Give a copy of the tree to plant in, and a worker that asks tests there."""
    if not hasattr(os, "fork"):
        pytest.skip("a worker forks, and here a process cannot")
    with worker() as runner:
        yield Ground(tmp_path_factory.mktemp("ground") / "tree"), runner


def test_ten_faults_fall(planting: tuple[Ground, Worker]) -> None:
    ground, runner = planting
    fell, survivors = recorded(), []
    for fault in random.Random(SEED).sample(FAULTS, 10):
        with ground.planted(fault):
            if not asked(fell[fault.what], ground, runner):
                survivors.append((fault.what, fell[fault.what]))
    assert survivors == [], f"seed {SEED}: `tests/mutation/plant.py` finds other tests for them"


def test_what_is_right_does_not_fall(planting: tuple[Ground, Worker]) -> None:
    """The same tests pass where nothing is wrong, before a fault and after it."""
    ground, runner = planting
    fault = random.Random(SEED).choice(FAULTS)
    test = recorded()[fault.what]
    for wrong, falls in ((fault.right, False), (fault.wrong, True), (fault.right, False)):
        with ground.planted(fault._replace(wrong=wrong)):
            assert bool(asked(test, ground, runner)) == falls, (fault.what, test)


def test_a_fault_without_a_place_of_its_own_is_refused() -> None:
    with pytest.raises(LostError, match=r"'gone': .* must occur once in the package, not nowhere"):
        place_of(Planted("gone", "no such text", ""), sources())
    with pytest.raises(LostError, match="'twice'"):
        place_of(Planted("twice", "return", "yield"), sources())


def test_a_copy_is_as_it_was_after_a_fault(planting: tuple[Ground, Worker]) -> None:
    ground, _ = planting
    (fault, *_) = FAULTS
    file = ground.home / PACKAGE / place_of(fault, sources()).path
    with ground.planted(fault) as place:
        assert file.read_text("utf-8") != sources()[place.path]
        assert (ROOT / PACKAGE / place.path).read_text("utf-8") == sources()[place.path]
    assert file.read_text("utf-8") == sources()[place.path]
    assert file.stat().st_mtime == pytest.approx(Path(ROOT / PACKAGE / place.path).stat().st_mtime)
