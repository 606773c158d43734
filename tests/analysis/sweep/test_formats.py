"""The command: tables in every format, charts, pictures, messages.

Golden texts stand in `golden/`; SHAPECALC_REGENERATE=1 writes them anew.  Read the difference.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tracemalloc
from pathlib import Path

import pytest

import shapecalc
from shapecalc.analysis.sweep import prepare
from shapecalc.analysis.sweep.columns import total_words
from shapecalc.analysis.sweep.pictures import column_of, series_of, to_chart
from shapecalc.analysis.sweep.result import Stream
from shapecalc.cli import common, main
from shapecalc.errors import SpecErrors
from shapecalc.output.columns import COLUMNS
from shapecalc.output.formats import FORMATS, parts
from shapecalc.output.view import View
from tests.paths import ROOT
from tests.runner import runner

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"
SWEEP = ["sweep", "alexnet", "--over", "N=3:387:128", "--over", "conv1.stride=2,4"]
SHOWN = ["--columns", "params,memory,conv1.output,pool3.height", "--batch", "2"]


def run(*words: str, code: int = 0) -> str:
    result = runner().invoke(main, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if REGENERATE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("format_", FORMATS)
def test_formats(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    compare(f"alexnet-{format_}.txt", run(*SWEEP, *SHOWN, "--units", "M", "-f", format_))


def test_every_format_says_the_same_numbers() -> None:
    rows = list(csv.DictReader(io.StringIO(run(*SWEEP, "-f", "csv"))))
    found = json.loads(run(*SWEEP, "-f", "json"))
    assert found["points"] == len(found["rows"]) == len(rows) == 8
    assert found["missing"] == 2
    for row, cells in zip(found["rows"], rows, strict=True):
        assert ["" if cell is None else str(cell) for cell in row] == list(cells.values())
    text = run(*SWEEP, "-f", "text")
    for row in rows:
        if row["macs"]:
            line = next(
                line
                for line in text.splitlines()
                if line.split()[:2] == [row["N"], row["conv1.stride"]]
            )
            assert [cell.replace(",", "") for cell in line.split()] == [
                row[name] for name in row if name != "note"
            ]


def test_a_long_table_shows_its_ends() -> None:
    text = run("sweep", "alexnet", "--over", "N=1:1000", "--columns", "macs")
    assert len([line for line in text.splitlines() if re.match(r" *[\d,]+ ", line)]) == 200
    assert "800 rows in the middle are left out" in text
    assert "66 of 1,000 points do not exist" in text
    assert len(run("sweep", "alexnet", "--over", "N=1:1000", "-f", "csv").splitlines()) == 1001


def test_a_stream_takes_no_more_memory_when_it_is_longer() -> None:
    def most(points: int) -> int:
        plan = prepare("alexnet", {"N": range(67, 67 + points)}, "macs,params", View())
        tracemalloc.start()
        lines = sum(text.count("\n") for text in parts(Stream(plan, 1 << 12), "csv"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert lines == points + 1
        return peak

    most(1)  # what is imported stays
    more = most(240_000) - most(120_000)
    assert more < 10 * 120_000  # the numbers run through are 8 bytes each, a line's text is 30


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "sweep.csv"
    run(*SWEEP, "-o", str(target))
    first = target.read_text()
    assert first.startswith("N,conv1.stride,params,")

    def broken() -> object:
        yield "half of it\n"
        raise MemoryError

    with pytest.raises(MemoryError):
        common.emit_parts(broken(), str(target))
    assert target.read_text() == first
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.csv"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bars", ["alexnet", "--over", "N=3:643:64", "--units", "M"]),
        ("bars-grid", ["alphago", "--over", "k=64,192", "--over", "N=9,19", "--y", "conv1.macs"]),
        ("stairs", ["alexnet", "--over", "N=1:400", "--y", "pool3.height"]),
        ("lines", ["alexnet", "--over", "N=67:600:5", "--over", "conv1.stride=3,4"]),
    ],
)
@pytest.mark.parametrize("plain", [False, True])
def test_charts(name: str, words: list[str], plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if plain:
        monkeypatch.setattr("shapecalc.cli.sweep._plain", lambda: True)
    text = run("sweep", *words, "--chart")
    assert max(map(len, text.splitlines())) <= 80
    assert text.isascii() or not plain
    compare(f"chart-{name}{'-plain' if plain else ''}.txt", text)


def test_stairs_rise_where_the_values_do() -> None:
    """Read a chart back: a column of characters for each size, its height the value."""
    over = {"N": range(227, 227 + 66)}  # 6 to 258, then 7, 8 from 291 on
    swept = shapecalc.sweep("alexnet", over, columns="pool3.height")
    measure = column_of(swept.plan, None)
    lines = to_chart(swept, measure, 66 + 3, plain=True).splitlines()[2:-2]
    assert len(lines) == 12
    canvas = [line[3:].ljust(66) for line in lines]
    tops = [next(i for i, line in enumerate(canvas) if line[x] == "*") for x in range(66)]
    heights = swept["pool3.height"].tolist()
    for before, after in zip(range(65), range(1, 66), strict=True):
        rises = heights[after] > heights[before]
        assert (tops[after] < tops[before]) == rises
    assert heights[31:33] == [6, 7]


def test_lines_are_cut_by_the_other_names() -> None:
    swept = shapecalc.sweep("alexnet", {"conv1.stride": [4, 2], "N": [300, 227, 1]}, columns="macs")
    two, four = sorted(series_of(swept, column_of(swept.plan, None), 2), key=lambda s: s.label)
    assert (two.label, four.label) == ("conv1.stride = 2", "conv1.stride = 4")
    assert four.x == [1, 227, 300]
    assert four.y == [None, 1_135_256_096, four.y[2]]
    assert two.stairs is False
    with pytest.raises(SpecErrors, match="E355"):
        series_of(swept, column_of(swept.plan, None), 1)


def test_a_table_beside_a_picture_only_on_demand(tmp_path: Path) -> None:
    alone = run(*SWEEP, "--chart")
    assert "Read from" not in alone
    both = run(*SWEEP, "--chart", "-f", "text")
    assert both.startswith(alone)
    assert "Read from" in both
    run(*SWEEP, "--chart", "-o", str(tmp_path / "s.md"))
    assert (tmp_path / "s.md").read_text().startswith("**AlexNet**")


def test_help_lists_the_columns() -> None:
    said = run("sweep", "--columns", "help")
    for word in ("macs", "peak_activations", "LAYER.output", "height"):
        assert word in said


def test_the_page_of_docs_has_every_column_of_its_own() -> None:
    page = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
    words = total_words(View()).items()
    own = (
        {name for name, _ in words} - {c.key for c in COLUMNS} - {c.title.lower() for c in COLUMNS}
    )
    assert {"peak", "peak_memory", "parameter_memory"} <= own
    for word in (*own, "LAYER.COLUMN", "channels", "height", "width", "length", "depth"):
        assert word in page


def test_progress_shows_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapecalc.cli.sweep import _progress

    shown = io.StringIO()
    monkeypatch.setattr("sys.stderr", shown)
    indices = [(i,) for i in range(30)]
    assert list(_progress(indices, 30)) == indices
    assert shown.getvalue() == ""
    monkeypatch.setattr(shown, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert list(_progress(indices, 30)) == indices
    assert "propagating" in shown.getvalue()
    assert list(_progress(indices[:3], 3)) == indices[:3]
