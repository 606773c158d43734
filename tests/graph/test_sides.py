"""Words for what flows in: sides, what enters a block, and `like`, the sides of another layer."""

from __future__ import annotations

import pytest

from tests.spec.support import codes_of, output_of, problems_of, report_of


@pytest.mark.parametrize(
    ("given", "layer", "output"),
    [
        ("8x6x3", "upsample: {to: [2*height, width + 1]}", "16x7x3"),
        ("8x6x3", "reshape: [height*width, channels]", "48x3"),
        ("8x3", "crop: {to: length // 2}", "4x3"),
        ("8x6x4x3", "adaptive_avgpool: [depth, 1, width // 2]", "8x1x2x3"),
        ("8x6x3", "pad: [[0, height], [width, 0]]", "16x12x3"),
        ("HxWx3", "crop: {to: [height - 2, width]}", "(H - 2) x W x 3"),
    ],
)
def test_sides_in_a_field(given: str, layer: str, output: str) -> None:
    report = report_of(f"input: {given}\nlayers: [{layer}]\n")
    assert output_of(report, report.rows[-1].name) == output


@pytest.mark.parametrize(
    "defined",
    [
        "let: {height: 5}\n",
        "blocks: {b: {fields: {height: 5}, layers: [conv: {kernel: 1, filters: height}]}}\n",
    ],
)
def test_a_name_goes_before_the_word(defined: str) -> None:
    layer = "b" if "blocks" in defined else "conv: {kernel: 1, filters: height}"
    report = report_of(f"input: 8x6x3\n{defined}layers: [{layer}]\n")
    assert report.rows[-1].output.channels == 5


def test_a_symbol_goes_before_the_word() -> None:
    report = report_of("input: [16, width, 3]\nlayers: [maxpool: 2, dense: width]\n")
    assert str(report.rows[-1].output.channels) == "width"  # not that of the pool, width // 2


def test_a_side_that_is_not_there() -> None:
    text = "input: 8x6x3\nlayers: [flatten, dense: height]\n"
    (problem,) = problems_of(text)
    assert problem.code == "E116"
    assert problem.message == "fc1: units uses `height`, but 144 has none"
    assert problem.hint == "what flows in has channels"
    assert codes_of("input: 8x6x3\nlet: {k: height}\nlayers: [dense: k]\n") == ["E116"]


def test_what_enters_the_block_is_known_inside_of_it() -> None:
    """Squeeze-excite of EfficientNet: a quarter of the channels that enter, not of those it sees."""
    report = report_of(
        """
        input: 8x8x16
        blocks:
          unit:
            fields: [expand]
            layers:
              - conv: {filters: expand*entering, kernel: 1}
              - multiply:
                  - []
                  - [global_avgpool, conv: {filters: entering//4, kernel: 1}, conv: {filters: expand*entering, kernel: 1}]
              - conv: {filters: entering, kernel: 1}
        layers: [unit: 6, conv1-8, unit: 2]
        """
    )
    assert output_of(report, "unit1/conv1") == "8x8x96"
    assert output_of(report, "unit1/conv2") == "1x1x4"
    assert output_of(report, "unit2/conv2") == "1x1x2"
    assert output_of(report, "unit2/conv4") == "8x8x8"


def test_what_enters_is_that_of_the_block_where_the_word_stands() -> None:
    report = report_of(
        """
        input: 8x8x16
        blocks:
          inner: {fields: [n], layers: [conv: {filters: n, kernel: 1}, conv: {filters: entering, kernel: 1}]}
          outer: {layers: [conv1-4, inner: 2*entering]}
        layers: [outer]
        """
    )
    assert output_of(report, "outer1/inner1/conv1") == "8x8x32"  # of what enters outer
    assert output_of(report, "outer1/inner1/conv2") == "8x8x4"  # of what enters inner


def test_a_layer_is_made_like_another() -> None:
    report = report_of(
        """
        input: 64x48x3
        layers:
          - conv3-8: {name: skip, pad: 0}
          - maxpool: 4
          - upsample: {like: skip, mode: bilinear}
          - upsample: 2
          - crop: {like: skip, offset: 19}
        """
    )
    assert output_of(report, "upsample1") == output_of(report, "crop1") == "62x46x8"
    crop = report["crop1"].layer
    assert crop is not None
    assert [(span.lo, span.hi) for span in crop.window(report["upsample2"].output) or ()] == [
        ((19,), (19,)),
        ((19,), (19,)),
    ]


def test_like_may_point_forward_and_at_symbols() -> None:
    text = "input: HxWx3\nlayers: [{side: {a: [maxpool: 2, {upsample: {like: last}}]}}, {conv3-4: {name: last}}]\n"
    report = report_of(text)
    assert output_of(report, "a/upsample1") == "HxWx3"


@pytest.mark.parametrize(
    ("layers", "code"),
    [
        ("[crop: {like: nothing}]", "E150"),
        ("[relu: {name: a}, dense: {units: 3, name: b}, upsample: {from: a, like: b}]", "E110"),
        ("[crop: {like: crop1}]", "E151"),
        ("[upsample: {factor: 2, like: input}]", "E203"),
    ],
)
def test_like_that_cannot_be(layers: str, code: str) -> None:
    assert codes_of(f"input: 8x8x3\nlayers: {layers}\n") == [code]
