"""Try many mutated rosters, zips, lists and tables of times, and say what came of them.

    PYTHONPATH=. python tests/fuzz/classroom.py --seconds 60 --seed 1

Every input must be read or be refused in words.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.errors import SpecErrors
from shapecalc.homework.assignment.deadline import Deadline, read_time
from shapecalc.homework.classroom.folder import ArchiveError, Folder
from shapecalc.homework.classroom.intake import Clock, read_metadata, read_times, take_in
from shapecalc.homework.classroom.roster import (
    deadline_of,
    directory,
    identities,
    read_roster,
    whose,
)
from shapecalc.text.files import page_name
from tests.fuzz.homework import mutated
from tests.homework.classroom.broken import zipped
from tests.homework.classroom.test_hostile import ZIPS
from tests.homework.classroom.test_intake import METADATA, ROSTER

if TYPE_CHECKING:
    from collections.abc import Callable

STUDENTS = read_roster(ROSTER.encode(), "r.csv").students
KNOWN = directory(STUDENTS)
TIMES = b"id,submitted\n1001,2026-11-20 10:00\n1002,2026-11-20T09:59:59.5 +01:00\n"
NAMES = (
    b"obrienmary_LATE_1001_5501_answers-1.csv",
    "Zoë Müller_12_assignsubmission_file_/李雷.csv".encode(),
)
SMALL = [data for data, _ in ZIPS.values() if len(data) < 5000]
SMALL.append(zipped({"1001.csv": b"layer,params\nconv1,1\n", "Ann Lee/a.csv": b"x"}))
DUE = Deadline(read_time("2026-11-20", last=True))


def roster(data: bytes) -> None:
    for student in read_roster(data, "r.csv").students:
        list(identities(student))
        page_name(student.id, set())
        deadline_of(student, DUE, "r.csv")


def metadata(data: bytes) -> None:
    read_metadata(data.decode("utf-8", "replace"))


def times(data: bytes) -> None:
    read_times(data, "t.csv", UTC)


def name(data: bytes) -> None:
    whose(KNOWN, data.decode("utf-8", "surrogateescape").split("/"))


def archive(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "s1.zip").write_bytes(data)
        folder = Folder(place)
        found = take_in(folder, STUDENTS, Clock({}, True, UTC))
        for each in found.submissions.values():
            if each.handed is not None:
                folder.read(each.handed)


KINDS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "roster": (roster, (ROSTER.encode(), b"id;name;extension\n1;Ann;2 days\n")),
    "zip": (archive, tuple(SMALL)),
    "metadata": (metadata, (METADATA.encode(),)),
    "times": (times, (TIMES,)),
    "name": (name, NAMES),
}


def main() -> None:
    """Run for some seconds; a failure ends it with its input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    rng = random.Random(told.seed)
    ended = time.monotonic() + told.seconds
    counts: Counter[str] = Counter()
    while time.monotonic() < ended:
        kind = rng.choice(list(KINDS))
        read, seeds = KINDS[kind]
        data = mutated(rng, rng.choice(seeds))
        try:
            read(data)
            counts[f"{kind}: read"] += 1
        except (SpecErrors, ArchiveError):
            counts[f"{kind}: refused"] += 1
        except Exception:
            print(kind, repr(data))
            raise
    for outcome, count in sorted(counts.items()):
        print(f"{count:>8,}  {outcome}")
    print(f"{counts.total():>8,}  in all")


if __name__ == "__main__":
    main()
