"""Variants: fair, valid, telling, and found again from the sheet, the list or the seed."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.sheets.sheet import sheet
from shapecalc.homework.variants.draw import (
    Difficulty,
    chosen_homework,
    draw,
    homework_of,
    pool_of,
    pool_text,
)
from shapecalc.spec.find import find
from shapecalc.text import Source
from tests.paths import ROOT
from tests.runner import runner

TEXT = """\
title: Windows
spec: lenet5
layers: [conv1, pool1, conv2, fc1]
vary:
  input: 28..44 step 4
  conv1.kernel: [3, 5, 7]
  fc1.units: 84..120 step 12
"""
CLASS = "id,name\ns1,Ada Lovelace\ns2,Grace Hopper\n17/b,李雷\n"


def source(text: str = TEXT) -> Source:
    return Source("homework.yaml", text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "homework.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "class.csv").write_text(CLASS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*more: str, roster: str = "class.csv", out: str = "sheets") -> str:
    words = ["homework", "variants", "homework.yaml", "--roster", roster, "--seed", "7", "-o", out]
    done = runner().invoke(main, [*words, *more])
    assert done.exit_code == 0, done.output
    return done.output


def listed(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_a_variant_follows_from_seed_and_student_whoever_else_is_in_the_class(
    folder: Path,
) -> None:
    make()
    (folder / "other.csv").write_text(
        "id,name\nx9,Xi\n17/b,李雷\ns1,Ada Lovelace\n", encoding="utf-8"
    )
    make(roster="other.csv", out="others")
    first, second = listed(folder / "sheets/variants.csv"), listed(folder / "others/variants.csv")
    assert first["s1"] == second["s1"]
    assert first["17/b"] == second["17/b"]


def test_sheets_that_were_given_are_not_written_over_with_other_numbers(folder: Path) -> None:
    """Broken by another seed, or another homework, in the folder of the first."""
    make()
    before = {path.name: path.read_bytes() for path in (folder / "sheets").iterdir()}
    words = ["homework", "variants", "homework.yaml", "--roster", "class.csv", "-o", "sheets"]
    done = runner().invoke(main, [*words, "--seed", "8"])
    assert done.exit_code == 2
    assert "error[E716]: by sheets/variants.csv 's1' was given input=" in done.stderr
    (folder / "homework.yaml").write_text(TEXT.replace("28..44", "48..64"), encoding="utf-8")
    assert runner().invoke(main, [*words, "--seed", "7"]).exit_code == 2
    assert before == {path.name: path.read_bytes() for path in (folder / "sheets").iterdir()}
    (folder / "homework.yaml").write_text(TEXT, encoding="utf-8")
    (folder / "class.csv").write_text(f"{CLASS}s9,Alan Turing\n", encoding="utf-8")
    make()  # one student more
    assert listed(folder / "sheets/variants.csv").keys() == {"s1", "s2", "17/b", "s9"}


def test_a_variant_is_the_same_in_another_process() -> None:
    code = (
        "from shapecalc.homework.variants.draw import *\nfrom shapecalc.text import Source\n"
        f"s = Source('homework.yaml', {TEXT!r})\nprint(draw(pool_of(s, '7'), '7', 's1').values)"
    )
    text = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert text.strip() == repr(draw(pool_of(source(), "7"), "7", "s1").values)


def test_another_seed_gives_other_variants() -> None:
    pool = pool_of(source(), "7")
    students = [f"s{number}" for number in range(40)]
    same = sum(draw(pool, "7", student) == draw(pool, "8", student) for student in students)
    assert same < 20


def test_all_variants_are_valid_and_as_hard_as_each_other() -> None:
    pool = pool_of(source(), "7")
    assert len({variant.values for variant in pool.variants}) == len(pool.variants) > 4
    for variant in pool.variants:
        homework = read_homework(source(), dict(variant.values))
        cells = [cell for cell in homework.cells if not cell.filled_in]
        assert len(cells) == pool.difficulty.answers == variant.difficulty.answers
        # counted anew, by brute force: how often a side is divided, and how often it does not fit
        fits = [places(n, k, s) for n, k, s in strided(homework)]
        assert len(fits) == variant.difficulty.divisions
        assert sum(not fit for fit in fits) == variant.difficulty.remainders == 0
    digits = [variant.digits for variant in pool.variants]
    assert max(digits) - min(digits) <= 0.11 * max(digits)


def strided(homework):
    for name in homework.layers:
        layer, row = homework.rows[name].layer, homework.rows[name]
        if row.type in ("conv", "avgpool", "maxpool", "subsampling"):
            stride = layer.stride or layer.kernel
            for n in row.inputs[0].sides:  # kernels and strides are square here
                if stride[0] > 1:
                    yield n, layer.kernel[0], stride[0]


def places(n: int, kernel: int, stride: int) -> bool:
    """Tell whether the last window ends where the input does."""
    last = max(at for at in range(0, n, stride) if at + kernel <= n)
    return last + kernel == n


def test_windows_may_leave_a_remainder_when_the_teacher_says_so() -> None:
    kept = pool_of(source(), "7")
    free = pool_of(source(TEXT + "windows: any\n"), "7")
    assert free.valid > kept.valid
    assert {name for variant in free.variants for name in variant.silent} <= set(kept.silent)
    text = " ".join(pool_text(kept, []).split())
    said = f"Not valid, as more windows leave a remainder than in the original: {kept.uneven:,};"
    assert f"{said} `windows: any` allows them." in text
    assert kept.valid + kept.uneven == free.valid
    assert f"Not valid for other reasons: {free.tried - free.valid};" in text
    assert "more windows" not in pool_text(free, [])


def test_why_combinations_are_not_valid_is_said() -> None:
    some = pool_of(
        Source("h.yaml", "spec: lenet5\nvary: {input: [2, 32, 44]}\nwindows: any\n"), "7"
    )
    assert (some.tried, some.valid, some.uneven) == (3, 2, 0)
    text = " ".join(pool_text(some, []).split())
    assert f"Not valid for other reasons: 1; the first: {some.refusal}." in text
    assert some.refusal


def test_the_most_telling_variants_are_chosen() -> None:
    # on a side of 32 floor and ceil differ at the first pool, on 33 they do not
    text = (
        "spec: net\nvary: {input: [32, 33, 34]}\nwindows: any\ncolumns: output\nlayers: [pool1]\n"
    )
    pool = pool_of_net("input: 33x33x2\nlayers: [maxpool: {kernel: 3, stride: 2}]\n", text)
    assert pool.difficulty == Difficulty(1, 1, 2, 2)
    assert {dict(variant.values)["input"] for variant in pool.variants} == {"32x32x2", "34x34x2"}
    assert "S6" not in pool.silent


def pool_of_net(net: str, text: str):
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        Path(name, "net.yaml").write_text(net, encoding="utf-8")
        return pool_of(Source(f"{name}/homework.yaml", text), "1")


def test_a_sheet_finds_its_variant_by_its_stamp_the_list_and_the_seed(folder: Path) -> None:
    make()
    drawn = listed(folder / "sheets/variants.csv")["s1"]
    result = homework_of("homework.yaml", "sheets/variants.csv", "S1")
    assert result.stamp == drawn["stamp"]
    assert (
        result.rows["input"].output
        == read_homework(find("homework.yaml"), {"input": drawn["input"]}).rows["input"].output
    )
    again = chosen_homework("homework.yaml", student="s1", seed="7")
    assert again.stamp == result.stamp
    # filled in with its own key, the sheet is right; with another variant's it is not
    solved = sheet(result, "csv", solution=True)
    (folder / "answers.csv").write_text(solved, encoding="utf-8")
    words = ["homework", "check", "answers.csv", "--homework", "homework.yaml", "--strict"]
    for more in (
        ["--variants", "sheets/variants.csv"],
        ["--variants", "sheets/variants.csv", "--variant", "s1"],
        ["--variant", "s1", "--seed", "7"],
    ):
        done = runner().invoke(main, [*words, *more])
        assert (done.exit_code, "cells are right." in done.output) == (0, True), done.output
    other = next(
        item for item in ("s2", "17/b")
        if homework_of("homework.yaml", "sheets/variants.csv", item).stamp != result.stamp
    )  # fmt: skip
    done = runner().invoke(main, [*words, "--variants", "sheets/variants.csv", "--variant", other])
    assert done.exit_code == 1
    assert "is stamped" in done.output


def test_a_sheet_says_whose_it_is_and_file_names_are_safe(folder: Path) -> None:
    make("-f", "markdown")
    names = {path.name for path in (folder / "sheets").iterdir()}
    assert names == {"s1.md", "s2.md", "17-b.md", "variants.csv"}
    text = (folder / "sheets/17-b.md").read_text(encoding="utf-8")
    assert "李雷 (17/b)" in text
    assert listed(folder / "sheets/variants.csv")["17/b"]["stamp"] in text


def test_sheets_are_the_same_bytes_every_time(folder: Path) -> None:
    outputs = make(out="one"), make(out="two")
    assert outputs[0] == outputs[1]
    for path in (folder / "one").iterdir():
        assert path.read_bytes() == (folder / "two" / path.name).read_bytes()


def test_a_field_inside_of_a_block_varies() -> None:
    text = "spec: googlenet\nlayers: [inception_3a/3x3/reduce]\ncolumns: params\n"
    text += "vary: {inception_3a/3x3/reduce.filters: [80, 112]}\n"
    keys = {
        read_homework(Source("h.yaml", text), dict(variant.values)).cells[0].key
        for variant in pool_of(Source("h.yaml", text), "1").variants
    }
    assert keys == {192 * 80 + 80, 192 * 112 + 112}


def test_the_answers_of_a_variant_are_judged_by_it() -> None:
    homework = read_homework(source(), {"conv1.kernel": "3"})
    answers = read_answers(b"layer,params\nconv1,60\n", "a.csv")  # 3 x 3 x 1 x 6 + 6
    assert check(homework, answers).count("right") == 1


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("spec: lenet5\n", "E750", "does not say what varies"),
        ("spec: lenet5\nvary: [k]\n", "E110", "`vary` is a map"),
        ("spec: lenet5\nvary: {conv9.kernel: [3]}\n", "E750", "there is no layer 'conv9'"),
        ("spec: lenet5\nvary: {conv1.kernl: [3]}\n", "E750", "conv has no field 'kernl'"),
        ("spec: lenet5\nvary: {q: [3]}\n", "E750", "'q' is no constant of LeNet-5"),
        ("spec: lenet5\nvary: {input: 9..3}\n", "E750", "the range 9..3 holds nothing"),
        ("spec: lenet5\nvary: {input: 1..3 step 0}\n", "E750", "holds nothing"),
        ("spec: lenet5\nvary: {input: 1..999999}\n", "E750", "more than 1,000 values"),
        ("spec: lenet5\nvary: {conv1.kernel: ['5}, x: {']}\n", "E750", "neither a value"),
        ("spec: lenet5\nvary: {input: [[3]]}\n", "E750", "no value to choose"),
        ("spec: lenet5\nvary: {input: [1, 2]}\n", "E751", "none of 2 combinations is valid"),
        ("spec: lenet5\nvary: {input: [33]}\n", "E751", "leave a remainder"),
        ("spec: lenet5\nwindows: some\nvary: {input: [32]}\n", "E110", "windows cannot be"),
    ],
)
def test_what_cannot_vary_is_told(text: str, code: str, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        pool_of(Source("homework.yaml", text), "1")
    assert any(
        problem.code == code and message in problem.message for problem in caught.value.problems
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], "E752"),
        (["--variant", "s1"], "E752"),
        (["--variants", "sheets/variants.csv", "--variant", "nobody"], "E752"),
        (["--variants", "sheets/variants.csv"], "E752"),
        (["--variants", "class.csv"], "E753"),
        (["--variants", "nowhere.csv"], "E001"),
    ],
)
def test_no_variant_is_guessed(folder: Path, words: list[str], code: str) -> None:
    make()
    (folder / "a.csv").write_text("layer,params\nconv1,156\n", encoding="utf-8")
    done = runner().invoke(
        main, ["homework", "check", "a.csv", "--homework", "homework.yaml", *words]
    )
    assert done.exit_code == 2
    assert f"error[{code}]" in done.stderr


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("3..6", [3, 4, 5, 6]),
        ("3..7 step 2", [3, 5, 7]),
        ("3..8 step 2", [3, 5, 7]),
        ("4..4", [4]),
        ("3:7:2", [3, 5, 7]),
        ("3:6", [3, 4, 5, 6]),
        ("3 : 8 : 2", [3, 5, 7]),
    ],
)
def test_a_range_holds_both_ends_and_nothing_beyond(written: str, values: list[int]) -> None:
    text = "spec: lenet5\nlayers: [fc1]\ncolumns: params\nvary: {fc1.units: WRITTEN}\n"
    source = Source("h.yaml", text.replace("WRITTEN", f'"{written}"'))
    drawn = {dict(variant.values)["fc1.units"] for variant in pool_of(source, "1").variants}
    assert sorted(map(int, drawn)) == values


def test_the_digits_of_all_answers_are_counted() -> None:
    """A vector of 10 has two digits, 28x28x6 has five."""
    text = "spec: lenet5\nlayers: [conv1, fc1]\ncolumns: output\nvary: {fc1.units: 10}\n"
    (variant,) = pool_of(Source("h.yaml", text), "1").variants
    assert variant.digits == 2 + 5


def test_a_sheet_for_programs_says_whose_it_is() -> None:
    homework = read_homework(Source("h.yaml", "spec: lenet5\nlayers: [conv1]\n"))
    assert "Ann Lee" in sheet(homework, "csv", who="Ann Lee").splitlines()[0]


def test_the_sheet_of_a_variant_has_the_name_that_the_roster_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("homework.yaml").write_text(TEXT)
    Path("class.csv").write_text(CLASS + "s4,=1+1\ns5,\n", encoding="utf-8")
    words = ["homework", "variants", "homework.yaml", "--roster", "class.csv", "--seed", "7"]
    made = runner().invoke(main, [*words, "-o", "sheets", "-f", "text"])
    assert made.exit_code == 0, made.output
    listed = Path("sheets/variants.csv").read_text(encoding="utf-8")
    assert "\n17/b," in listed
    assert ",'=1+1," in listed  # a spreadsheet runs no name
    for who, page in (("s1", "s1"), ("17/b", "17-b"), ("s4", "s4"), ("s5", "s5")):
        own = ["homework", "sheet", "homework.yaml", "--variants", "sheets/variants.csv"]
        done = runner().invoke(main, [*own, "--variant", who, "-f", "text"])
        assert done.stdout == Path(f"sheets/{page}.txt").read_text(encoding="utf-8")
    assert "Ada Lovelace (s1)" in Path("sheets/s1.txt").read_text(encoding="utf-8")
