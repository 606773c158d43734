"""A block says its own fields, and a narrow table says under it what has no room in it."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.report.fold import fold
from tests.runner import runner

BLOCKS = """\
input: 16x16x8
let: {n: 12, "k": 3}
blocks:
  unit:
    fields: {filters: 16, kernel: 3, pad: same, stride: 1}
    layers:
      - add: [[conv: {filters: filters, kernel: kernel, pad: pad, stride: stride}], [conv: {
          filters: filters, kernel: 1, stride: stride}]]
      - relu
  outer:
    fields: [width]
    layers: [unit: {filters: 2*width, kernel: k}, unit: {filters: channels, kernel: 1}]
  plain:
    layers: [conv: {filters: 8, kernel: 3, pad: 1}, batchnorm, relu, maxpool]
  forked:
    layers: [concat: [[conv3-4], [conv1-4]]]
layers:
"""


def of_block(use: str) -> str:
    spec = shapecalc.loads(f"{BLOCKS}- {use}\n")
    report = shapecalc.summarize(spec)
    return fold(report, 1)[1].does


@pytest.mark.parametrize(
    ("use", "text"),
    [
        ("unit", "filters 16, kernel 3, pad same, stride 1"),
        ("unit: 32", "filters 32, kernel 3, pad same, stride 1"),
        ("unit: {stride: 2, filters: 32}", "filters 32, kernel 3, pad same, stride 2"),
        ("unit: {filters: n}", "filters 12, kernel 3, pad same, stride 1"),
        ("unit: {filters: 2*n + 1}", "filters 25, kernel 3, pad same, stride 1"),
        ("unit: {filters: 2*channels}", "filters 2*channels, kernel 3, pad same, stride 1"),
        ("unit: {kernel: 1x7}", "filters 16, kernel 1x7, pad same, stride 1"),
        ("unit: {kernel: [1, 7]}", "filters 16, kernel [1, 7], pad same, stride 1"),
        ("unit: {pad: [[1, 1], [1, 1]]}", "filters 16, kernel 3, pad [[1, 1], [1, 1]], stride 1"),
        ("outer: 8", "width 8"),
        ("outer: {width: n}", "width 12"),
        ("plain", "[8 3x3, pad 1; maxpool 2x2 /2]"),
        ("forked", "3 layers"),
        (
            "group: {name: g, layers: [conv3-4, relu, conv3-8]}",
            "[4 3x3, pad same; 8 3x3, pad same]",
        ),
        ("group: {name: g, layers: [relu, relu]}", "2 layers"),
        (
            "group: {name: g, layers: [conv3-4, conv3-4, conv3-4]}",
            "3 layers",
        ),  # too long to be written out
    ],
)
def test_a_block_says_its_fields_and_a_short_chain_its_layers(use: str, text: str) -> None:
    assert of_block(use) == text


def test_inner_blocks_say_what_they_were_given() -> None:
    report = shapecalc.summarize(shapecalc.loads(f"{BLOCKS}- outer: 8\n"))
    rows = {row.name: row.does for row in fold(report, 2)}
    assert rows["outer1/unit1"] == "filters 16, kernel 3, pad same, stride 1"
    assert rows["outer1/unit2"] == "filters channels, kernel 1, pad same, stride 1"


def test_a_value_that_no_field_reads_cannot_break_the_line() -> None:
    spec = shapecalc.loads(
        'input: 8x8x3\nblocks:\n  b: {fields: {n: "a\\nb\\e[31m"}, layers: [relu]}\nlayers: [b]\n'
    )
    (_, row) = fold(shapecalc.summarize(spec), 1)
    assert row.does == "n a b�[31m"


def test_two_blocks_that_differ_in_a_field_do_not_read_the_same() -> None:
    texts = [
        of_block(f"unit: {{filters: {filters}, kernel: {kernel}, stride: {stride}}}")
        for filters in (8, 16)
        for kernel in (1, 3)
        for stride in (1, 2)
    ]
    assert len(set(texts)) == len(texts)


def narrow(width: int) -> list[str]:
    words = ["summarize", "resnet50", "-f", "text", "--width", str(width)]
    return runner().invoke(main, words).stdout.splitlines()


def test_what_has_no_room_in_its_column_stands_under_the_table() -> None:
    lines = narrow(80)
    assert any(line.split() == ["conv1", "¹", "64", "7x7", "/2,", "pad", "3", "112x112x64",
                                "9,408", "118,013,952"] for line in lines)  # fmt: skip
    assert "¹ no bias" in lines
    assert "⁵ filters 512, blocks 3, stride 2" in lines
    assert max(map(len, lines)) <= 80


def test_where_it_has_room_it_stands_in_its_column() -> None:
    lines = narrow(140)
    assert any("64 7x7 /2, pad 3, no bias" in line for line in lines)
    assert any("filters 512, blocks 3, stride 2" in line for line in lines)
    assert not any(line.startswith("¹") for line in lines)


@pytest.mark.parametrize("width", range(60, 140, 8))
def test_nothing_is_lost_at_any_width(width: int) -> None:
    text = "\n".join(narrow(width))
    if "Left out" not in text or "what it does" not in text.partition("Left out")[2]:
        assert "no bias" in text
        assert "filters 512, blocks 3, stride 2" in text
