"""The column law: what stands in the cells of a comparison adds up to what stands under them."""

import csv
import io
import json
import re

import pytest
from nets import shipped

import shapecalc
from shapecalc.analysis.compare import Comparison
from shapecalc.analysis.compare.table import tabulate

PAIRS = [
    ("alexnet", "zfnet"),
    ("alexnet-2012", "googlenet"),
    ("resnet50", "resnet101"),
    ("lenet5", "lenet5-1998"),
    ("googlenet", "googlenet-train"),
    ("alphago", "alexnet"),
]
COUNTS = ("params", "macs", "activations", "count")


def number(cell: str) -> int:
    return 0 if cell in {"–", ""} else int(cell.replace(",", "").replace("+", ""))


#: The end of a line: a number for both networks or one for each, and the difference.
END = re.compile(r"  (?:([\d,]+|–) -> +)?([\d,]+|–) +([+-]?[\d,]+)$")


def table(text: str) -> list[str]:
    """Return the lines of the layers."""
    lines = text.splitlines()
    first, second = [at for at, line in enumerate(lines) if line.startswith("──")][:2]
    return lines[first + 1 : second]


def law(comparison: Comparison, text: str, column: str) -> None:
    """Add up a column that stands last but one, with its differences behind it."""
    sums = [0, 0]
    for line in table(text):
        match = END.search(line)
        assert match, line
        before, after = number(match[1] or match[2]), number(match[2])
        assert number(match[3]) == after - before
        sums = [sums[0] + before, sums[1] + after]
    expected = []
    for report in comparison.reports:
        totals, work = report.totals, report.totals.work
        counted = {
            "params": totals.params,
            "macs": totals.macs,
            "activations": totals.activations,
            "count": work.macs + sum(work),
        }
        expected.append(counted[column])
    assert sums == expected


@pytest.mark.parametrize("column", COUNTS)
@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("pair", PAIRS)
def test_cells_add_up_to_the_totals(pair: tuple[str, str], depth: int, column: str) -> None:
    comparison = shipped(*pair)
    text = comparison.render("text", columns=column, depth=depth, profile="full")
    law(comparison, text, column)


def test_law_bites() -> None:
    comparison = shipped("alexnet", "zfnet")
    text = comparison.render("text", columns="params")
    law(comparison, text, "params")
    assert "614,656" in text
    for wrong in (text.replace("614,656", "614,655"), text.replace("-20,736", "-20,735", 1)):
        with pytest.raises(AssertionError):
            law(comparison, wrong, "params")


@pytest.mark.parametrize("names", [*PAIRS, ("vgg11", "vgg16", "vgg19")])
def test_csv_and_json_hold_every_row_and_add_up(names: tuple[str, ...]) -> None:
    comparison = shipped(*names)
    rows = list(csv.DictReader(io.StringIO(comparison.render("csv"))))
    data = json.loads(comparison.render("json"))
    assert len(rows) == len(data["rows"]) == len(comparison.rows())
    for k, report in enumerate(comparison.reports):
        assert sum(number(row[f"params_{k + 1}"]) for row in rows) == report.totals.params
        assert sum(row["macs"][k] or 0 for row in data["rows"]) == report.totals.macs
        assert data["networks"][k]["totals"]["params"] == report.totals.params
        named = [row["names"][k] for row in data["rows"] if row["names"][k]]
        assert named == [row.name for row in report.rows]
    statuses = [status for row in data["rows"] for status in row["status"]]
    assert [row[f"status_{k}"] for row in rows for k in range(2, len(names) + 1)] == statuses


#: The course's claims beside the numbers: "12x less parameters", "2x more compute" (GoogLeNet's
#: slide), against the network of the paper (724.4 million) and against the one tower of the slides.
CLAIMS = [
    (("alexnet-2012", "googlenet"), "params", "x0.115 (-88.5 %)"),
    (("alexnet-2012", "googlenet"), "macs", "x2.18 (+118 %)"),
    (("alexnet", "googlenet"), "params", "x0.112 (-88.8 %)"),
    (("alexnet", "googlenet"), "macs", "x1.39 (+39.4 %)"),
    (("alexnet-2012", "googlenet-train"), "params", "x0.219 (-78.1 %)"),
    (("alexnet-2012", "googlenet-train"), "macs", "x2.20 (+120 %)"),
]


@pytest.mark.parametrize(("pair", "total", "said"), CLAIMS)
def test_the_courses_claims_with_the_honest_numbers(
    pair: tuple[str, str], total: str, said: str
) -> None:
    comparison = shipped(*pair)
    label = {"params": "parameters", "macs": "MACs"}[total]
    (line,) = [
        line
        for line in comparison.render("text").splitlines()
        if line.startswith(f"{label}  ") and line.endswith(" %)")
    ]
    assert line.endswith(said)
    ratio = json.loads(comparison.render("json"))["ratios"][0][total]
    assert f"x{ratio['ratio']:#.3g} ({ratio['percent']:+.3g} %)" == said
    top, bottom = (int(part) for part in ratio["exact"].split("/"))
    assert top / bottom == ratio["ratio"]


@pytest.mark.parametrize("width", [70, 80, 100, 140])
@pytest.mark.parametrize(
    "names", [*PAIRS, ("alexnet", "zfnet", "googlenet"), ("resnet18", "resnet50", "vgg11")]
)
def test_a_page_is_kept_to(names: tuple[str, ...], width: int) -> None:
    text = shipped(*names).render("text", width=width)
    assert max(map(len, text.splitlines())) <= width


def test_long_names_become_letters_where_there_is_no_room() -> None:
    names = ("alexnet-2012", "zfnet-as-taught", "vgg11-lrn", "googlenet-as-trained")
    text = shipped(*names).render("text", width=80)
    assert "A                AlexNet (2012, two groups)" in text


def test_what_is_left_out_can_be_shown() -> None:
    comparison = shipped("alexnet", "zfnet")
    short, full = comparison.render("text"), comparison.render("text", full=True)
    assert "8 the same" in short
    assert "--full shows them" in short
    names = [line.split()[0] for line in table(full)]
    assert names == [row.name for row in comparison.reports[0].rows]


def test_of_three_networks_rows_of_one_name_say_whose_they_are() -> None:
    table = tabulate(shapecalc.compare("alexnet", "zfnet", "vgg11"))
    names = [line.cells[0] for line in table.lines]
    assert len(names) == len(set(names))
    rows = {line.cells[0]: line.cells[1:] for line in table.lines}
    assert rows["pool3 (VGG-11)"] == ("–", "–", "maxpool")
    assert rows["pool3 (AlexNet)"] == ("maxpool 3x3 /2", "maxpool 3x3 /2", "maxpool")
    assert rows["conv4"][2] == "conv3-256"  # which VGG calls otherwise
    assert dict(table.legend)["layer"] == "as the first network that has it calls it"
