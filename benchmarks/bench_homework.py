"""A simulated class judged: how much as it was meant, and how fast."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from clock import table

from tests.homework.diagnosis.simulated.classes import CLASSES, judged
from tests.homework.diagnosis.simulated.verdicts import score

if TYPE_CHECKING:
    from tests.homework.diagnosis.simulated.classes import Classroom
    from tests.homework.diagnosis.simulated.verdicts import Score

#: The classes beside the three networks' own have so many students for one of theirs.
PART = 5


def share(some: int, all_: int) -> str:
    """Write a part as a percentage, never rounded up to all."""
    return f"{10_000 * some // all_ / 100:.2f}%" if some < all_ else "100%"


def measure(classroom: Classroom, count: int, seed: int) -> tuple[Score, float, float]:
    """Judge a class; return its score, and milliseconds a sheet: by the clock, of the processor."""
    students = classroom.students(count, seed)
    homework = classroom.homework()
    clock, processor = perf_counter(), process_time()
    sheets = [(who, judged(homework, who)) for who in students]
    spent = perf_counter() - clock, process_time() - processor
    return score(sheets), *(1000 * each / count for each in spent)


def main() -> None:
    """Print the tables; exit with 1 when something was not judged as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=4)
    given = parser.parse_args()
    rows, times, sound = [], [], True
    for at, classroom in enumerate(CLASSES):
        count = given.students if at < 3 else max(given.students // PART, 1)
        found, clock, processor = measure(classroom, count, given.seed)
        rows.append(
            [
                classroom.words,
                f"{found.cells:,}",
                share(found.agreed, found.cells),
                f"{found.mistakes:,}",
                share(found.named, found.mistakes),
                str(found.falsely_certain),
                str(found.accused),
                f"{found.followed:,}",
                share(found.followed_rightly, found.followed),
                share(found.exact, found.sheets),
            ]
        )
        each = f"{clock:.1f}", f"{processor:.1f}", f"{1000 / clock:,.0f}"
        times.append([classroom.words, f"{count:,}", *each])
        sound &= found.named >= 0.95 * found.mistakes
        sound &= not found.falsely_certain and not found.accused
        sound &= found.followed_rightly == found.followed
    heads = "cells", "as meant", "mistakes", "named", "falsely certain", "accused", "followed"
    table(["", *heads, "marks given", "sheets to the mark"], rows)
    table(["", "sheets", "ms a sheet", "processor", "sheets a second"], times)
    sys.exit(not sound)


if __name__ == "__main__":
    main()
