"""The figure of a sheet tells no answer; that of a solution has its numbers."""

from __future__ import annotations

import re

import pytest

from shapecalc import summarize
from shapecalc.draw.blanks import Blanks
from shapecalc.draw.graph.scene import graph
from shapecalc.draw.picture import Box, Cluster
from shapecalc.draw.svg import to_svg
from shapecalc.draw.volumes import volumes
from shapecalc.errors import SpecErrors
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.sheets.pictured import drawings
from shapecalc.homework.sheets.sheet import beside, handout, sheet
from shapecalc.layers.base import Work
from shapecalc.layers.shape import Map, Vector
from shapecalc.text import Source
from tests.draw.geometry import complaints
from tests.runner import runner

LENET = "spec: lenet5\npicture: volumes\n"
NETWORKS = ["lenet5", "alexnet", "vgg11", "unet", "googlenet", "resnet18"]
DRAW = {"volumes": volumes, "graph": graph}


def homework(text):
    return read_homework(Source("homework.yaml", text))


def pictures(made, *, solution=False):
    return [drawing for _, drawing in drawings(made, solution=solution)]


def other(shape):
    """Return a shape with other extents, alike where they were alike."""
    if isinstance(shape, Vector):
        return Vector(3 * shape.size + 1)
    return Map(tuple(3 * side + 1 for side in shape.sides), 3 * shape.channels + 1)


def with_other_numbers(row, given):
    """Change all numbers but those of volumes that are given."""
    return row._replace(
        inputs=tuple(shape if shape in given else other(shape) for shape in row.inputs),
        output=row.output if row.output in given else other(row.output),
        weights=3 * row.weights + 1,
        biases=3 * row.biases + 1,
        work=Work(7 * row.work.macs),
        activations=3 * row.activations + 1,
        live=3 * row.live + 1,
        fields=row.does,
    )


@pytest.mark.parametrize("picture", DRAW)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_sheets_figure_is_the_same_whatever_the_answers_are(name, picture):
    """Nothing of an answer is in the file: not in a text, nor in a size or a place."""
    report = summarize(name)
    given = frozenset(row.name for row in report.rows if row.type == "input")
    volumes_given = {row.output for row in report.rows if row.name in given}
    others = report.with_rows(tuple(with_other_numbers(row, volumes_given) for row in report.rows))
    files = [to_svg(DRAW[picture](one, depth=1, blanks=Blanks(given))) for one in (report, others)]
    assert files[0] == files[1]
    assert to_svg(DRAW[picture](report, depth=1)) != to_svg(DRAW[picture](others, depth=1))


@pytest.mark.parametrize("picture", DRAW)
@pytest.mark.parametrize("name", NETWORKS)
def test_no_answer_stands_in_a_sheets_figure(name, picture):
    made = assign(summarize(name))._replace(picture=picture)
    (drawing,) = pictures(made)
    assert complaints(drawing) == {}
    said = to_svg(drawing).replace("\N{MULTIPLICATION SIGN}", "x")
    texts = re.sub(r"<style>.*?</style>|\w+=\"[-\d. ]*\"", "", said, flags=re.DOTALL)
    for cell in made.cells:
        value = made.rows[cell.layer].output if cell.quantity.key == "output" else cell.key
        if isinstance(value, Map):
            assert "x".join(map(str, (*value.sides, value.channels))) not in texts
        elif isinstance(value, int) and value > 999:  # a smaller one may be a number of filters
            assert not re.search(rf"(?<![\d,]){value}(?![\d,])|{value:,}", texts)
    (solved,) = pictures(made, solution=True)
    assert complaints(solved) == {}
    assert "?" not in re.sub(r"<\?xml.*?\?>", "", to_svg(solved))


def sizes(drawing):
    boxes = [shape for shape in drawing.children if isinstance(shape, Cluster) and shape.name]
    fronts = [box for shape in boxes for box in shape.children if isinstance(box, Box)]
    return {(round(box.width, 3), round(box.height, 3)) for box in fronts}


def test_boxes_of_a_sheet_are_of_one_size_and_of_a_solution_to_scale():
    made = homework(LENET)
    assert len(sizes(*pictures(made))) == 2  # volumes, and bars of units
    assert len(sizes(*pictures(made, solution=True))) > 5


def test_what_is_given_has_its_number_and_so_what_works_on_it():
    made = homework("spec: lenet5\npicture: graph\ngiven: {conv1: [output]}\n")
    texts = to_svg(*pictures(made))
    assert texts.count("28\N{MULTIPLICATION SIGN}28\N{MULTIPLICATION SIGN}6</text>") == 1
    assert "14\N{MULTIPLICATION SIGN}14" not in texts


def test_volumes_that_are_not_asked_are_to_scale():
    made = homework("spec: lenet5\npicture: volumes\ncolumns: [params]\n")
    texts = to_svg(*pictures(made))
    assert "14\N{MULTIPLICATION SIGN}14\N{MULTIPLICATION SIGN}6" in texts
    assert len(sizes(*pictures(made))) > 5
    units = homework("spec: lenet5\npicture: volumes\ncolumns: [params, units]\n")
    assert "14\N{MULTIPLICATION SIGN}14" not in to_svg(*pictures(units))


def test_what_is_asked_has_a_box_though_it_leaves_extents_alone():
    text = "spec: {s}\npicture: volumes\nlayers: [conv1, relu1, fc1]\ncolumns: [output]\n"
    made = homework(text.format(s="lenet5"))
    assert "relu1</text>" in to_svg(*pictures(made))
    assert "relu1</text>" not in to_svg(*pictures(homework(LENET)))


def test_each_of_several_networks_has_its_figure():
    made = homework("specs: [lenet5, alexnet]\npicture: volumes\n")
    assert [name for name, _ in drawings(made, solution=False)] == ["lenet5", "alexnet"]
    files = [picture.name for picture in beside(made, "markdown", "sheet")]
    assert files == ["sheet-lenet5.svg", "sheet-alexnet.svg"]


@pytest.mark.parametrize(
    ("format_", "has"),
    [
        ("html", "<svg "),
        ("markdown", "![LeNet-5: volumes](my%20sheet.svg)"),
        ("latex", r"\begin{tikzpicture}"),
        ("text", ""),
        ("csv", ""),
        ("yaml", ""),
    ],
)
def test_pages_have_the_figure_in_them_and_markdown_beside_it(format_, has):
    with_one, without = homework(LENET), homework("spec: lenet5\n")
    content = handout(with_one, format_, name="my sheet")
    assert has in content
    assert (content == handout(without, format_, name="my sheet")) == (not has)
    assert len(beside(with_one, format_, "my sheet")) == (format_ == "markdown")
    assert "10x10x16" not in content.replace("\N{MULTIPLICATION SIGN}", "x")


def test_a_solution_shows_the_numbers():
    page = sheet(homework(LENET), "html", solution=True)
    assert "10\N{MULTIPLICATION SIGN}10\N{MULTIPLICATION SIGN}16</text>" in page
    assert "?" not in page.partition("<svg")[2].partition("</svg>")[0]


def test_an_unknown_picture_is_refused():
    with pytest.raises(SpecErrors, match="picture cannot be 'volume'") as refused:
        homework("spec: lenet5\npicture: volume\n")
    assert refused.value.problems[0].hint == "did you mean 'volumes'?"


def test_the_command_writes_the_picture_beside_the_sheet(tmp_path):
    from shapecalc.cli import main

    file = tmp_path / "homework.yaml"
    file.write_text(LENET, encoding="utf-8")
    words = ["homework", "sheet", str(file), "-o", str(tmp_path / "sheet.md")]
    assert runner().invoke(main, words).output == ""
    assert "(sheet.svg)" in (tmp_path / "sheet.md").read_text(encoding="utf-8")
    assert "?" in (tmp_path / "sheet.svg").read_text(encoding="utf-8")
    piped = runner().invoke(main, ["homework", "sheet", str(file), "-f", "markdown"])
    assert "remark: the picture goes into a file beside the sheet" in piped.output
    done = runner().invoke(
        main, ["homework", "check", str(tmp_path / "sheet.md"), "--homework", str(file)]
    )
    assert done.exit_code == 0


def test_every_variant_has_its_picture(tmp_path):
    from shapecalc.cli import main

    (tmp_path / "homework.yaml").write_text(
        LENET + "given: {conv1: [output]}\nvary: {input: [32, 36]}\n", encoding="utf-8"
    )
    (tmp_path / "class.csv").write_text("id,name\na,A\nb,B\nc,C\nd,D\n", encoding="utf-8")
    folder = tmp_path / "sheets"
    words = ["--roster", str(tmp_path / "class.csv"), "--seed", "7", "-f", "markdown"]
    file = str(tmp_path / "homework.yaml")
    done = runner().invoke(main, ["homework", "variants", file, *words, "-o", str(folder)])
    assert done.exit_code == 0, done.output
    for student in "abcd":
        text = (folder / f"{student}.md").read_text(encoding="utf-8")
        picture = (folder / f"{student}.svg").read_text(encoding="utf-8")
        side = 28 if "The input is 32x32x1" in text else 32
        assert f"({student}.svg)" in text
        assert f"{side}\N{MULTIPLICATION SIGN}{side}\N{MULTIPLICATION SIGN}6</text>" in picture
