"""A sheet about any network, for those who have no teacher's file: made, answered, judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shapecalc import summarize
from shapecalc.cli import main
from shapecalc.homework.answers.claims import against
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.sheets.sheet import sheet
from shapecalc.spec.find import shipped
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path


def run(*words: str) -> str:
    result = runner().invoke(main, ["homework", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(("name", "rows"), [("lenet5", 7), ("resnet18", 9)])
@pytest.mark.parametrize("suffix", ["csv", "md", "yaml", "xlsx"])
def test_a_sheet_that_is_filled_in_right_is_judged_so(
    tmp_path: Path, suffix: str, name: str, rows: int
) -> None:
    file = str(tmp_path / f"mine.{suffix}")
    run("sheet", "--against", name, "--solution", "-o", file)
    checked = json.loads(run("check", file, "--against", name, "-f", "json"))
    verdicts = {cell["verdict"] for cell in checked["cells"]}
    assert verdicts == {"right"}
    assert len(checked["cells"]) == 3 * rows


@pytest.mark.parametrize("name", shipped())
def test_every_network_has_a_sheet_whose_solution_is_all_right(name: str) -> None:
    """Broken by rows that the sheet shows and does not ask, judged as if it did."""
    homework = assign(summarize(name))
    for solution, verdict in ((True, "right"), (False, "blank")):
        text = sheet(homework, "csv", solution=solution)
        assert "layer,what it does,output,params,macs" in text
        answers = read_answers(text.encode(), "mine.csv")
        checked = check(against(homework.report, answers), answers)
        assert [cell.cell.at for cell in checked.cells] == [cell.at for cell in homework.cells]
        assert {cell.verdict for cell in checked.cells} == {verdict}
        assert not checked.extras
        assert not checked.notes
    (first, *_) = (row for row in homework.report.layers if row.macs)
    assert first.name.split("/")[0] in text


def test_a_row_of_dashes_is_judged_where_the_networks_sheet_asks_it() -> None:
    """Inside of a block a dash is the sheet's, unless something of its row is answered."""
    report = summarize("resnet18")
    for rows, asked in (
        ("conv1,-,-\nconv2_x,-,-\nconv2_x/basic1/body/conv1,-,-\n", ["conv1", "conv2_x"]),
        ("conv1,-,-\nconv2_x/basic1/body/conv1,,-\n", ["conv1", "conv2_x/basic1/body/conv1"]),
        ("conv2_x/basic1/body/conv1,-,-\n", ["conv2_x/basic1/body/conv1"]),
    ):
        answers = read_answers(f"layer,params,macs\n{rows}".encode(), "mine.csv")
        assert list(against(report, answers).layers) == asked


def test_an_empty_sheet_tells_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    run("sheet", "--against", "lenet5", "-o", str(file))
    text = file.read_text(encoding="utf-8")
    for row in summarize("lenet5").layers:
        for answer in (row.params, row.macs):
            assert not answer or str(answer) not in text
    checked = json.loads(run("check", str(file), "--against", "lenet5", "-f", "json"))
    assert {cell["verdict"] for cell in checked["cells"]} == {"blank"}


def test_a_file_and_a_network_are_two_sheets(tmp_path: Path) -> None:
    file = tmp_path / "homework.yaml"
    file.write_text("spec: lenet5\n", encoding="utf-8")
    for words in ([], [str(file), "--against", "lenet5"], ["--against", "lenet5", "--seed", "7"]):
        result = runner().invoke(main, ["homework", "sheet", *words])
        assert result.exit_code == 2
        assert "E706" in result.stderr
    # the network's own sheet asks what a file that says nothing else asks
    assert run("sheet", str(file)) == run("sheet", "--against", "lenet5")


@pytest.mark.parametrize("suffix", ["csv", "md", "yaml", "xlsx"])
@pytest.mark.parametrize("other", ["lenet5", "alexnet"])
def test_a_sheet_is_written_over_no_answers(tmp_path: Path, suffix: str, other: str) -> None:
    """Broken by a sheet made anew, or for another network, that takes the place of filled cells."""
    mine = tmp_path / f"mine.{suffix}"
    empty = ["homework", "sheet", "--against", "lenet5", "-o", str(mine)]
    for _ in range(2):  # nothing is lost by the second
        assert runner().invoke(main, empty).exit_code == 0
    solved = runner().invoke(main, [*empty, "--solution"])
    assert solved.exit_code == 0, solved.stderr
    before = mine.read_bytes()
    done = runner().invoke(main, ["homework", "sheet", "--against", other, "-o", str(mine)])
    assert done.exit_code == 2
    assert f"error[E007]: '{mine}' is filled in, and would lose that: " in done.stderr
    assert mine.read_bytes() == before


def judged(tmp_path: Path, text: str, *words: str) -> str:
    file = tmp_path / "answers.csv"
    file.write_text(text, encoding="utf-8")
    return run("check", str(file), "--against", "alexnet", *words)


def test_a_table_with_rows_that_are_not_asked_is_never_all_right(tmp_path: Path) -> None:
    right = "layer,output,params\nconv1,55x55x96,34944\n"
    assert judged(tmp_path, right).splitlines()[1] == "All 2 cells are right."
    more = judged(tmp_path, f"{right}conv9,55x55x96,34944\n").splitlines()
    assert more[1] == "2 of 2 cells are right; 2 answers were not asked for."
    one = judged(tmp_path, f"{right}conv9,,34944\n").splitlines()
    assert one[1] == "2 of 2 cells are right; 1 answer was not asked for."
    mistaken = judged(tmp_path, "layer,params\nconv1,34848\nconv9,7\n")
    assert "The biases were forgotten, in params of conv1." in mistaken
    assert "Everything else is right" not in mistaken
    assert "Everything else is right" in judged(
        tmp_path, "layer,params\nconv1,34848\nconv2,614656\n"
    )


def test_the_stamp_of_another_homework_is_told_at_the_top_and_beside_every_format(
    tmp_path: Path,
) -> None:
    stamped = "shapecalc homework 25a0a180\nlayer,params\nconv1,34944\n"
    page = judged(tmp_path, stamped).splitlines()
    assert page[1].startswith("The sheet is stamped 25a0a180, but this homework ")
    assert page[2] == "All 1 cells are right."
    assert "25a0a180" not in "\n".join(page[3:])
    words = ["homework", "check", str(tmp_path / "answers.csv"), "--against", "alexnet"]
    for form in ("csv", "json", "text"):
        told = runner().invoke(main, [*words, "-f", form]).stderr
        assert told.startswith("remark: the sheet is stamped 25a0a180, but this homework ")


def test_a_sheet_from_which_rows_or_columns_are_left_out_is_the_same_sheet(tmp_path: Path) -> None:
    whole = run("sheet", "--against", "alexnet", "-f", "csv")
    for text in (whole, "\n".join(line for line in whole.splitlines() if "conv2," not in line)):
        assert "shapecalc homework" in text
        assert "stamped" not in judged(tmp_path, text)


def test_a_sheet_of_text_fits_its_page(tmp_path: Path) -> None:
    file = tmp_path / "sheet.txt"
    for words, width in (
        (("-f", "text"), 80),
        (("--width", "74"), 74),
        (("-o", str(file)), 80),
        (("--solution",), 96),
    ):
        more = ("--width", "96") if width == 96 else ()
        text = run("sheet", "--against", "resnet18", *words, *more) or file.read_text("utf-8")
        table = text.partition("\nvolumes")[0]
        assert max(map(len, table.splitlines())) <= width
        words_of = " ".join(table.split())
        assert "conv3_x/basic1/shortcut/conv1" in words_of
        assert "from" in words_of
        assert "conv2_x/basic2/add1" in words_of
    wide = run("sheet", "--against", "resnet18", "--width", "200")
    assert "conv 128 1x1 /2, no bias, from conv2_x/basic2/add1" in wide
    result = runner().invoke(
        main, ["homework", "sheet", "--against", "lenet5", "-f", "csv", "--width", "70"]
    )
    assert result.exit_code == 2
    assert "csv has none" in result.stderr


def test_the_network_of_a_sheet_takes_another_input_and_constants(tmp_path: Path) -> None:
    file = str(tmp_path / "mine.csv")
    run("sheet", "--against", "vgg16", "--input", "64x96x3", "--solution", "-o", file)
    checked = json.loads(
        run("check", file, "--against", "vgg16", "--input", "64x96x3", "-f", "json")
    )
    assert {cell["verdict"] for cell in checked["cells"]} == {"right"}
    assert not checked["notes"]
    shown = run("sheet", "--against", "alphago", "--set", "k=7", "-f", "csv")
    assert "conv 7 5x5" in shown


def test_a_teachers_file_says_all_of_its_network(tmp_path: Path) -> None:
    file = tmp_path / "homework.yaml"
    file.write_text("spec: lenet5\n", encoding="utf-8")
    for words in (["--input", "32x32x1"], ["--set", "k=7"]):
        result = runner().invoke(main, ["homework", "sheet", str(file), *words])
        assert result.exit_code == 2
        assert "error[E706]: FILE says all about the network" in result.stderr
        assert "write `set:` and `input:` into it" in result.stderr
