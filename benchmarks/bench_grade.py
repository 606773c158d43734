"""A class graded from its folder to its report, by the command as users run it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from clock import SHAPECALC, TREE, run, table

from tests.homework.diagnosis.simulated.classes import CLASSES

if TYPE_CHECKING:
    from tests.homework.diagnosis.simulated.classes import Classroom

#: AlexNet's class may take so many seconds.
LIMIT = 20


def lay_out(classroom: Classroom, folder: Path, students: int) -> None:
    """Write a class as it comes from students: a roster, and a file each."""
    (folder / "submissions").mkdir(parents=True)
    lines = ["id,name"]
    for number, student in enumerate(classroom.students(students, 4)):
        suffix = Path(student.name).suffix
        (folder / "submissions" / f"n{number:04}{suffix}").write_bytes(student.data)
        lines.append(f"n{number:04},Student {number}")
    (folder / "class.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Print the table; exit with 1 when AlexNet's class takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--beside", type=Path, help="where another build is, run in turn")
    given = parser.parse_args()
    builds = [*([given.beside.resolve()] if given.beside else []), TREE]
    rows, slow = [], False
    with TemporaryDirectory() as name:
        for classroom in CLASSES[:3]:
            network = classroom.words
            folder = Path(name, network)
            lay_out(classroom, folder, given.students)
            for at, root in enumerate(builds):
                command = (
                    *SHAPECALC, "homework", "grade", str(folder / "submissions"), "--against",
                    network, "--roster", str(folder / "class.csv"), "-o", str(folder / f"made{at}"),
                )  # fmt: skip
                first, again = run(command, root=root), run(command, root=root)
                slow |= root == TREE and network == "alexnet" and first.seconds > LIMIT
                costs = (first.seconds, first.processor, again.seconds, again.processor)
                most = max(first.megabytes, again.megabytes)
                rows.append(
                    [
                        network if root == TREE else f"{network}, the other",
                        f"{given.students:,}",
                        *(f"{cost:.1f}" for cost in costs),
                        f"{most:.0f}",
                    ]
                )
    table(["", "sheets", "seconds", "processor", "again", "processor", "megabytes"], rows)
    sys.exit(slow)


if __name__ == "__main__":
    main()
