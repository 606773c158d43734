"""The law of what is handed in: every entry of the folder is in exactly one place, and told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from shapecalc.homework.exports.moodle import grades
from tests.homework.classroom.broken import WAYS, lay_out_broken
from tests.homework.classroom.support import rows, run, written

if TYPE_CHECKING:
    from pathlib import Path

#: A larger class, 1,000 and 300 as in a real term, is run by hand: it takes half a minute.
STUDENTS, BROKEN = 2 * len(WAYS), len(WAYS)


def account(folder: Path, students: int, broken: int) -> Counter[str]:
    """Grade a class in which some cannot be read; return how many there are of every status."""
    ways, entries = lay_out_broken(folder, students, broken)
    classroom = run(folder).classroom
    statuses = Counter(graded.status for graded in classroom.students)
    for graded in classroom.students:
        who = graded.student.id
        if (way := ways.get(who)) is not None:
            assert graded.status == "unreadable", (way, graded)
            assert WAYS[way].reason in "; ".join(graded.notes), (way, graded.notes)
    assert statuses["unreadable"] == broken
    # count in = count out, in the class and in the tables
    files = [graded.file for graded in classroom.students if graded.file]
    places = Counter([*files, *(left.file for left in classroom.leftovers)])
    assert places == Counter(entries)
    results = written(folder / "results")
    marked = rows(results["grades.csv"])
    left = rows(results["leftovers.csv"])
    judged = [row["file"] for row in marked if row["status"] == "graded"]
    assert Counter([*judged, *(row["file"] for row in left)]) == Counter(entries)
    zero = grades(classroom, missing="zero").splitlines()[1:]
    for row, line in zip(marked, zero, strict=True):
        if (way := ways.get(row["id"])) is not None:
            reason = WAYS[way].reason
            assert row["marks"] == "", way
            assert line.split(",")[2] == "-", way
            assert reason in row["notes"], way
            assert reason in results[f"feedback/{row['id']}.md"].decode(), way
    return statuses


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    return account(tmp_path_factory.mktemp("broken") / "c", STUDENTS, BROKEN)


def test_every_entry_is_in_exactly_one_place_and_told(counted: Counter[str]) -> None:
    missing = sum(at % 10 == 0 for at in range(BROKEN, STUDENTS))
    graded = STUDENTS - BROKEN - missing
    assert counted == {"unreadable": BROKEN, "missing": missing, "graded": graded}
    assert len(WAYS) >= 30
