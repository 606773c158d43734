"""A class graded from its folder to its report, by the command as users run it."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from clock import SHAPECALC, run, table

from tests.homework.diagnosis.simulated.classes import CLASSES

if TYPE_CHECKING:
    from tests.homework.diagnosis.simulated.classes import Classroom

STUDENTS = 1000
#: AlexNet's class may take so many seconds.
LIMIT = 20


def lay_out(classroom: Classroom, folder: Path) -> None:
    """Write a class as it comes from students: a roster, and a file each."""
    (folder / "submissions").mkdir(parents=True)
    lines = ["id,name"]
    for number, student in enumerate(classroom.students(STUDENTS, 4)):
        suffix = Path(student.name).suffix
        (folder / "submissions" / f"n{number:04}{suffix}").write_bytes(student.data)
        lines.append(f"n{number:04},Student {number}")
    (folder / "class.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Print the table; exit with 1 when AlexNet's class takes longer than it may."""
    rows, slow = [], False
    with TemporaryDirectory() as name:
        for classroom in CLASSES[:3]:
            network = classroom.words
            folder = Path(name, network)
            lay_out(classroom, folder)
            command = (
                *SHAPECALC, "homework", "grade", str(folder / "submissions"), "--against", network,
                "--roster", str(folder / "class.csv"), "-o", str(folder / "results"),
            )  # fmt: skip
            first, again = run(command), run(command)
            slow |= network == "alexnet" and first.seconds > LIMIT
            rows.append(
                [
                    network,
                    f"{STUDENTS:,}",
                    f"{first.seconds:.1f}",
                    f"{first.processor:.1f}",
                    f"{first.megabytes:.0f}",
                    f"{again.seconds:.1f}",
                ]
            )
    table(["", "sheets", "seconds", "processor", "megabytes", "again"], rows)
    sys.exit(slow)


if __name__ == "__main__":
    main()
