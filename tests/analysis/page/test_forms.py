"""What a page computes is what the library computes, at any size: cells, totals, words, rules."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.analysis.explain import TOPICS
from shapecalc.analysis.explain.model import every
from shapecalc.analysis.page.forms import Forms, digits
from shapecalc.analysis.page.layout import to_page
from shapecalc.analysis.page.model import COLUMNS, Network, PageLine, data_of, network_of
from shapecalc.analysis.page.opening import opened
from shapecalc.api import summarize
from shapecalc.errors import SpecErrors
from shapecalc.layers.shape import as_list
from shapecalc.output.document import Prose
from shapecalc.output.view import View
from shapecalc.spec.find import find
from shapecalc.text import Source
from shapecalc.text.safe import one_line
from tests.analysis.page import computed

if TYPE_CHECKING:
    from shapecalc.report import Report, Row

#: One of each kind: towers, branches, skips, three sides, one side, constants, joins, attention.
NETWORKS = (
    "alexnet",
    "alphago",
    "c3d",
    "dcgan",
    "fcn8s",
    "googlenet",
    "gpt2-small",
    "lstm-mnist",
    "mobilenet-v1",
    "swin-t",
    "unet",
)
#: What no shipped network has: a stride and a kernel that are turned, a rounding up, an upsampling.
SPECS = {
    "strides": """
input: 40x50x3
let: {s: 2, k: 5, f: 7}
layers:
  - conv: {filters: f, kernel: k, stride: s}
  - maxpool: {kernel: 3, stride: 2, rounding: ceil, pad: 1}
  - conv: {filters: 2*f, kernel: 3, pad: same, stride: s}
  - upsample: 2
  - groupnorm: {groups: 2}
  - dense: 10
""",
    "joined": """
inputs: {left: 20x30x3, right: 20x30x5}
layers:
  - concat: {from: [left, right]}
  - concat:
      - [conv: {filters: 4, kernel: 3, stride: 2, pad: 1}]
      - [maxpool: {kernel: 2, stride: 2}]
  - global_avgpool
  - dense: 3
""",
}


def network(name: str) -> Network:
    source = Source(f"{name}.yaml", SPECS[name]) if name in SPECS else find(name)
    return network_of(opened(source))


def data(made: Network) -> dict[str, Any]:
    """Return a network's data as a browser reads it."""
    read: dict[str, Any] = json.loads(json.dumps(data_of(made)))
    return read


def points(made: Network, count: int, *, valid: bool) -> list[dict[str, int]]:
    """Draw sizes around the network's own, inside or outside of what its layers allow."""
    draw = random.Random(15)
    domain = made.report.domain
    assert domain is not None
    found = []
    for _ in range(4000):
        values = {
            name: draw.randint(1, max(3, 2 * value)) for name, value in made.opened.values.items()
        }
        if len(found) < count and domain.admits(values) == valid:
            found.append(values)
    return found


def as_computed(row: Row) -> dict[str, list[int] | None]:
    """Return the cells of a row of numbers."""
    field = row.receptive_field
    return {
        "output": as_list(row.output),
        "params": [row.params],
        "macs": [row.macs],
        "activations": [row.activations],
        "receptive-field": list(field) if isinstance(field, tuple) else None,
    }


def check(line: PageLine, at: dict[str, Any], forms: list[int], report: Report) -> None:
    row = report[line.row.name]
    expected = as_computed(row)
    for key, _, _ in COLUMNS:
        cell = at["cells"][key]
        if cell is None and key == "receptive-field" and line.only is not None:
            continue  # of which the page says that there is no one formula
        shown = None if cell is None else [forms[form] for form in cell]
        assert shown == expected[key], f"{row.name}: {key}"


def plain(words: str) -> str:
    """Write sides that happen to be alike as one, and long numbers without separators.

    A text in letters has both sides, ``to H x W``, and so the page says ``to 34 x 34``.
    """
    return re.sub(r"(\d+)(?: x \1)+", r"\1", words).replace(",", "")


@pytest.mark.parametrize("name", [*NETWORKS, *SPECS])
def test_cells_totals_and_words_are_those_of_the_library_at_any_size(name: str) -> None:
    made = network(name)
    read = data(made)
    places = points(made, 2, valid=True)
    assert places
    for values in [made.opened.values, *places]:
        forms = computed.numbers(read, values)
        assert computed.failing(read, forms) is None
        report = made.report.at(**values)
        for line, at in zip(made.walk(), read["rows"], strict=True):
            check(line, at, forms, report)
            words = computed.text(read, at["does"], forms)
            if len(read["texts"][at["does"]]) > 1 or made.report.domain is None:
                assert plain(words) == plain(report[line.row.name].does)
            else:  # letters that no number can be put for
                assert words == line.row.does
        sums = {key: forms[form] for key, form, _ in read["totals"]}
        totals = report.totals
        assert sums["params"] == totals.params
        assert sums["macs"] == totals.macs
        assert sums["activations"] == totals.activations
        assert sums["peak_activations"] == totals.peak


@pytest.mark.parametrize("name", [*NETWORKS, *SPECS])
def test_every_formula_comes_to_the_number_of_its_cell(name: str) -> None:
    made = network(name)
    read = data(made)
    for values in [made.opened.values, *points(made, 1, valid=True)]:
        forms = computed.numbers(read, values)
        made_of = computed.formulas(read, forms)
        for row in read["rows"]:
            if "how" not in row:
                continue
            lesson = read["lessons"][row["how"]]
            for key in ("params", "macs", "activations"):
                shown = [part for part in lesson[key] if isinstance(part, list)]
                for label, place, _ in shown:
                    if label == {"params": "params", "macs": "MACs"}.get(key, key):
                        (form,) = row["cells"][key]
                        assert made_of[place] == forms[form], (row["path"], label)
            sides = [made_of[place] for _, place, _ in lesson["receptive-field"]]
            if sides:
                assert sides == [forms[form] for form in row["cells"]["receptive-field"]]


@pytest.mark.parametrize("name", ["alexnet", "alphago", "googlenet", "unet", *SPECS])
def test_where_there_is_no_network_the_rule_is_the_librarys(name: str) -> None:
    made = network(name)
    read = data(made)
    places = points(made, 6, valid=False)
    if name == "alphago":  # which fits every board
        assert places == []
        return
    assert places
    for values in places:
        forms = computed.numbers(read, values)
        need = computed.failing(read, forms)
        assert need is not None, values
        with pytest.raises(SpecErrors) as refused:
            made.report.at(**values)
        messages = {problem.message: problem.rule for problem in refused.value.problems}
        message = f"{need[0]}: {computed.text(read, need[4], forms)}"
        assert message in messages, (values, messages)
        assert computed.text(read, need[5], forms) == messages[message]


@pytest.mark.parametrize("name", ["alphago", "dcgan", "gpt2-small", "swin-t", "strides"])
def test_sentences_are_those_of_explain_or_stay_in_letters(name: str) -> None:
    made = network(name)
    read = data(made)
    forms = computed.numbers(read, made.opened.values)
    subjects = {subject.row.name: subject for subject in every(made.opened.plain, View())}
    counted = 0
    for row in read["rows"]:
        lesson = read["lessons"][row["how"]] if "how" in row else {}
        for key in ("output", "params", "macs") if lesson else ():
            blocks = TOPICS[key].layer(subjects[row["path"]]).blocks
            own = {alike(one_line(block.text)) for block in blocks if isinstance(block, Prose)}
            for place in (part for part in lesson[key] if isinstance(part, int)):
                in_numbers = any(isinstance(part, int) for part in read["texts"][place])
                counted += in_numbers
                assert not in_numbers or alike(computed.text(read, place, forms)) in own
    assert counted


def alike(text: str) -> str:
    """Leave out how numbers are set: 1,024 x 64."""
    return text.replace(",", "").replace(" x ", "x")


def test_a_spec_in_letters_is_drawn_for_the_numbers_that_its_fields_begin_with() -> None:
    text = "input: HxWx3\nlet: {k: free}\nlayers: [conv: {filters: k, kernel: 3}]"
    written = to_page([opened(Source("net.yaml", text), {"k": "8"})])
    assert "Drawn for H = 32, W = 32, k = 8." in written
    assert "32\u00d732\u00d73" in written
    assert "H\u00d7W" not in written


def test_a_wrong_form_is_noticed() -> None:
    made = network("alexnet")
    read = data(made)
    (form,) = read["rows"][1]["cells"]["macs"]
    read["forms"][form][1] += 1
    forms = computed.numbers(read, made.opened.values)
    with pytest.raises(AssertionError, match="conv1: macs"):
        check(list(made.walk())[1], read["rows"][1], forms, made.opened.plain)


def test_numbers_beyond_what_programs_keep_are_digits() -> None:
    forms = Forms()
    assert forms.lists()["forms"] == []
    place = forms.form(2**60 + 1)
    assert forms.lists()["forms"][place] == str(2**60 + 1)
    assert digits(-(2**53)) == str(-(2**53))
    assert digits(2**53 - 1) == 2**53 - 1


class TestOpening:
    """Which sizes can be turned, and what is said of the others."""

    def test_sizes_of_the_input_and_plain_constants(self) -> None:
        made = opened(find("alphago"))
        assert [tuple(size) for size in made.sizes] == [
            ("H", "height of the input", 19),
            ("W", "width of the input", 19),
            ("k", "a constant of the spec", 192),
        ]
        assert made.fixed == ()

    def test_a_number_of_repetitions_stays_with_its_reason(self) -> None:
        made = opened(find("course-pattern"))
        assert [size.name for size in made.sizes] == ["H", "W"]
        assert [size.name for size, _ in made.fixed] == ["N", "P", "M", "K"]
        assert made.fixed[0].reason == "repeat: times needs a number, but is N: 'N' has no value"

    def test_settings_and_another_input_are_where_it_starts(self) -> None:
        made = opened(find("alphago"), {"k": "64"}, {"": "9x13x48"})
        assert made.values == {"H": 9, "W": 13, "k": 64}
        own = summarize("alphago", settings={"k": 64}, input="9x13x48")
        assert made.plain.totals.params == own.totals.params

    def test_a_letter_that_a_constant_has_is_not_taken(self) -> None:
        text = "let: {H: 3}\ninput: 8x9x2\nlayers:\n  - conv: {filters: H, kernel: 3}\n"
        made = opened(Source("net.yaml", text))
        assert made.values == {"H1": 8, "W": 9, "H": 3}
        assert made.report.at(H1=5, W=7, H=2).totals.macs == 3 * 5 * 2 * 3 * 3 * 2

    def test_a_spec_of_symbols_starts_at_usual_sizes(self) -> None:
        text = "input: MxNx3\nlayers:\n  - conv: {filters: 2, kernel: 5}\n"
        made = opened(Source("net.yaml", text))
        assert made.values == {"M": 32, "N": 32}
        assert (made.plain.domain, made.plain.totals.macs) == (None, 28 * 28 * 2 * 75)
        assert made.sizes[0].meaning == "height of the input"

    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("conv: {filters: 2, kernel: 65}", {"H": 128, "W": 128}),
            ("conv: {filters: 2, kernel: 300}", {"H": 300, "W": 300}),
            ("pixel_unshuffle: 3", {"H": 33, "W": 33}),
        ],
    )
    def test_a_side_starts_where_no_unit_sees_beyond_it(
        self, text: str, values: dict[str, int]
    ) -> None:
        made = opened(Source("net.yaml", f"input: HxWx3\nlayers:\n  - {text}\n"))
        assert made.values == values

    def test_letters_of_the_spec_constants_and_numbers_are_all_fields(self) -> None:
        text = """
input: Hx50x3
let: {k: free, s: 2, half: k//2, t: free}
layers:
  - conv: {filters: half, kernel: 5, stride: t}
  - conv: {filters: k, kernel: 3, stride: s}
  - groupnorm: {groups: 24}
"""
        made = opened(Source("net.yaml", text))
        assert [(name, value) for name, _, value in made.sizes] == [
            ("H", 32), ("k", 24), ("t", 1), ("W", 50), ("s", 2),
        ]  # fmt: skip
        own = made.report.at(H=40, k=48, t=2, W=31, s=1)
        assert own.totals.params == 76 * 24 + 217 * 48 + 2 * 48

    def test_options_that_make_letters_start_at_the_numbers_of_the_spec(self) -> None:
        made = opened(find("alexnet"), {}, {"": "MxNx3"})
        assert made.values == {"M": 227, "N": 227}
        assert made.plain.totals.params == 62378344
        assert opened(find("alphago"), {"k": "free"}).values == {"k": 192, "H": 19, "W": 19}

    def test_letters_that_layers_join_start_where_they_agree(self) -> None:
        text = """
inputs: {left: AxBx3, right: HxWx3}
layers:
  - conv: {filters: 3, kernel: 3, from: left}
  - add: {from: [conv1, right]}
"""
        assert opened(Source("net.yaml", text)).values == {"A": 34, "B": 34, "H": 32, "W": 32}
        vit = find("vit-b-16").text.replace("224x224x3", "HxWx3")  # of 196 patches
        assert opened(Source("net.yaml", vit)).values == {"H": 224, "W": 224}

    def test_what_is_wrong_with_a_spec_is_told(self) -> None:
        with pytest.raises(SpecErrors):
            opened(Source("net.yaml", "input: 8x8x3\nlayers: [konv: 3]\n"))
