"""A class's report: its numbers are those of the statistics, its links lead to the pages."""

from __future__ import annotations

import os
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from example_class import NAMES, classroom
from pagereader import Reader, Table, faults

from shapecalc.draw.picture import Box
from shapecalc.homework.classroom import Classroom, Graded, Leftover, MarkedCell, Student
from shapecalc.homework.classroom.cells_drawn import OUTCOMES, cells_drawn
from shapecalc.homework.classroom.class_report import class_report, percent
from shapecalc.homework.classroom.statistics import statistics
from tests.draw.geometry import complaints

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"


def table(page: Reader, caption: str) -> Table:
    (only,) = [table for table in page.tables if table.caption.startswith(caption)]
    return only


def texts(table: Table) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in table.rows]


def agreeing(*, students: int = 12) -> Classroom:
    """Make a class where most agree on another value than the key, and two share rare values."""
    made = []
    for n in range(students):
        values = [("34,848", "misconception", (("P1",),)) if n % 3 else ("34,944", "right", ())]
        values += [("7", "wrong", ()), ("8", "wrong", ())] if n < 2 else [("1", "right", ())] * 2
        cells = tuple(
            MarkedCell(f"conv{at}", "params", v, v, v, "34,944" if at == 1 else "1", verdict, ids, True,  # type: ignore[arg-type]
                 Fraction(verdict == "right"), Fraction(1))
            for at, (v, verdict, ids) in enumerate(values, 1)
        )  # fmt: skip
        marks = sum((cell.marks for cell in cells), Fraction(0))
        who = Student(f"s{n}", f"Student {n}")
        made.append(
            Graded(who, "graded", f"{n}.csv", 0, marks, marks, Fraction(3), cells, (), f"s{n}")
        )
    return Classroom("Agreeing", "12345678", tuple(made))


def test_the_report_is_as_the_golden_files_have_it() -> None:
    pages = class_report(classroom(30))
    for name, text in (("class_report.html", pages.html), ("class_report.md", pages.markdown)):
        if REGENERATE:
            (GOLDEN / name).write_text(text, encoding="utf-8")
        assert (GOLDEN / name).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "graded_class",
    [
        classroom(40),
        classroom(8, network="vgg16"),
        agreeing(),
        Classroom("nobody", "0", ()),
        Classroom("missing", "0", (Graded(Student("s1"), "missing"),)),
        Classroom("<script>x</script>", "<b>", (), (Leftover("\udc80<i>.zip", "a zip <b>"),)),
    ],
    ids=["alexnet", "vgg16", "agreeing", "nobody", "missing", "hostile"],
)
def test_every_report_is_sound_and_stands_alone(graded_class: Classroom) -> None:
    pages = class_report(graded_class)
    assert faults(pages.html) == []
    assert "<script" not in pages.markdown
    for text in pages:
        text.encode()  # a file name that is no text makes none here


def test_every_student_is_there_with_a_link_to_the_page() -> None:
    graded_class = classroom(24)
    pages = class_report(graded_class)
    page = Reader(pages.html)
    rows = texts(table(page, "Everybody"))[1:]
    assert [row[1] for row in rows] == [student.student.id for student in graded_class.students]
    leading = [link for link in page.links if link.startswith("feedback/")]
    assert leading == [f"feedback/{student.page}.html" for student in graded_class.students]
    in_markdown = re.findall(r"\]\((feedback/[^)]*)\)", pages.markdown)
    assert in_markdown == [f"feedback/{student.page}.md" for student in graded_class.students]
    states = {row[1]: row[4] for row in rows}
    assert states["s010"] == "nothing handed in"
    assert states["s998"] == "not readable\na PDF"
    assert NAMES[1] in "".join(page.texts)


def test_a_page_leads_nowhere_else() -> None:
    for name in ("../../etc/passwd", 'x" onclick="y', "https://evil.example", "a b#c?d", "محمد"):
        who = Graded(Student("s1"), "missing", page=name)
        pages = class_report(Classroom("x", "0", (who,)))
        assert faults(pages.html) == []
        (link,) = Reader(pages.html).links
        folder, _, rest = link.partition("/")
        assert folder == "feedback"
        assert "/" not in rest
        assert unquote(rest) == f"{name}.html"


def test_numbers_are_those_of_the_statistics() -> None:
    graded_class = classroom(40)
    numbers = statistics(graded_class)
    page = Reader(class_report(graded_class).html)
    shares = texts(table(page, "Students who are right"))
    by = {
        (row[0], title): cell
        for row in shares[1:]
        for title, cell in zip(shares[0], row, strict=True)
    }
    titles = {"output": "output", "params": "params", "macs": "MACs"}
    for item in numbers.items:
        cell = by[item.at[0], titles[item.at[1]]]
        assert cell == f"{percent(item.share)}\n{item.right} of {item.students}"
    rows = texts(table(page, "Known mistakes"))[1:]
    assert [(row[0], int(row[2]), int(row[4])) for row in rows] == [
        (mistake.id, mistake.students, mistake.cells) for mistake in numbers.mistakes
    ]
    bars = texts(table(page, "Students by their share"))[1:]
    assert numbers.spread is not None
    assert [int(row[1]) for row in bars] == list(numbers.spread.bins)
    every = texts(table(page, "Every cell"))[1:]
    for row, item in zip(every, numbers.items, strict=True):
        assert sum(int(cell or 0) for cell in row[4:]) == item.students
        expected = "–" if item.discrimination is None else f"{item.discrimination:.2f}"
        assert row[3].split("\n")[0].replace("−", "-") == expected


def test_mistakes_by_layer_add_up_to_the_cells() -> None:
    graded_class = classroom(60)
    page = Reader(class_report(graded_class).html)
    counted: dict[str, int] = {}
    for table in page.tables:
        if table.caption.startswith("Mistakes in "):
            header, *rows = texts(table)
            for row in rows:
                assert any(row[1:]), "layers without mistakes are left out"
                for name, cell in zip(header[1:], row[1:], strict=True):
                    counted[name] = counted.get(name, 0) + int(cell or 0)
    assert counted == {mistake.id: mistake.cells for mistake in statistics(graded_class).mistakes}


def test_heat_is_a_number_too_and_grows_with_it() -> None:
    html = class_report(classroom(40)).html
    cells = re.findall(r'<td class="n heat" style="--heat: ([\d.]+)"><bdi>([^<]+)</bdi>', html)
    assert len(cells) > 30
    shares = [(float(heat), int(text.strip("<>%"))) for heat, text in cells if text.endswith("%")]
    assert all(heat == pytest.approx(0.55 * (1 - share / 100), abs=0.01) for heat, share in shares)


def test_a_doubted_key_comes_first() -> None:
    pages = class_report(agreeing())
    page = Reader(pages.html)
    assert next(text for level, text in page.headings if level == 2) == "The key may be wrong"
    assert texts(table(page, "The key against"))[1] == [
        "conv1, params", "34,944", "34,848", "8", "4", "12", "the biases were forgotten",
    ]  # fmt: skip
    assert "**In 1 cell more students have one other value than the key.**" in pages.markdown
    assert "The key may be wrong" not in class_report(classroom(30)).markdown.split("\n\n*")[0]


def test_pairs_are_named_without_a_verdict() -> None:
    page = Reader(class_report(agreeing()).html)
    (row,) = texts(table(page, "Pairs"))[1:]
    assert row == ["Student 0", "Student 1", "2", "5.2", "conv2, params: 7; conv3, params: 8"]
    text = "".join(page.texts).casefold()
    assert "there may be good reasons" in text
    assert not re.search("cheat|copied|plagiar|suspect|guilty", text)


@pytest.mark.parametrize(
    ("share", "text"),
    [((0, 1), "0%"), ((1, 1), "100%"), ((1, 3), "33%"), ((399, 400), ">99%"), ((1, 400), "<1%")],
)
def test_only_all_are_all_and_only_none_are_none(share: tuple[int, int], text: str) -> None:
    assert percent(Fraction(*share)) == text


def test_the_same_class_makes_the_same_report() -> None:
    assert class_report(classroom(24)) == class_report(classroom(24))


def test_a_bar_a_cell_is_shared_by_what_became_of_it() -> None:
    words = ["right", "from own values", "other convention", "known mistake", "wrong", "?", "blank"]
    cells = [
        ("conv1, params", 6, 10, [4, 1, 1, 2, 1, 0, 1]),
        ("fc6, MACs", 8, 8, [8, 0, 0, 0, 0, 0, 0]),
    ]
    drawing = cells_drawn("What became of every cell", words, cells)
    assert complaints(drawing) == {}
    bars = [shape for shape in drawing.children if isinstance(shape, Box) and shape.title]
    assert [bar.title for bar in bars] == [
        "conv1, params: right 4 of 10",
        "conv1, params: from own values 1 of 10",
        "conv1, params: other convention 1 of 10",
        "conv1, params: known mistake 2 of 10",
        "conv1, params: wrong 1 of 10",
        "conv1, params: blank 1 of 10",
        "fc6, MACs: right 8 of 8",
    ]
    assert len(OUTCOMES) == len(words)
    ends = [(bar.x, bar.x + bar.width) for bar in bars]
    assert ends[5][1] == pytest.approx(ends[6][1])  # all students are one length
    assert all(a[1] < b[0] for a, b in pairwise(ends[:6]))


def test_the_page_has_bars_and_markdown_has_none() -> None:
    pages = class_report(classroom(30))
    assert "What became of every cell" in pages.html
    assert "What became of every cell" not in pages.markdown
