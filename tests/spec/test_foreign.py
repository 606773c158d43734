"""What is written as in other tools is refused with the way to write it here, or remarked."""

from __future__ import annotations

import pytest

from tests.spec.support import codes_of, output_of, problems_of, report_of

#: A layer as written, and what the hint says.
WRITTEN = [
    ("conv: {filters: 3, kernel: (3, 3)}", "a comma ends the entry: write kernel: [3, 3]"),
    ("conv: {filters: 3, kernel: 3, stride: (2, 1), pad: 1}", "write stride: [2, 1]"),
    ("conv: {filters: 3, kernel: 3, pad: (1, 1)}", "write pad: [1, 1]"),
    ("maxpool: {kernel: (2,2)}", "write kernel: [2, 2]"),
    ("conv: {filters: 3, kernel: '(3, 3)'}", "write [3, 3]"),
    ("conv: {filters: 3, kernel: 3, pad: [1, 1, 1, 1]}", "[[top, bottom], [left, right]]"),
    ("nn.Conv2d", "did you mean 'conv'?"),
    ("torch.nn.BatchNorm2d", "did you mean 'batchnorm'?"),
    ("nn.ReLU()", "did you mean 'relu'?"),
    ("keras.layers.MaxPooling2D: {kernel: 2}", "did you mean 'maxpool'?"),
    ("tf.keras.layers.GlobalAveragePooling2D", "did you mean 'global_avgpool'?"),
    ("nn.Linear", "did you mean 'linear'?"),
    ("conv: {filters: 3, kernel: 3, in_channels: 3}", "leave it out: what flows in"),
    ("batchnorm: {num_features: 64}", "leave it out: what flows in"),
    ("dense: {units: 3, in_features: 64}", "leave it out: what flows in"),
    ("conv: {filters: 3, kernel: 3, input_shape: 3}", "the input stands at the top"),
    ("conv: {filters: 3, kernel: 3, activation: relu}", "`- relu` on the next line"),
    ("conv: {filters: 3, kernel: 3, activation: softmax}", "`- softmax` on the next line"),
    ("conv: {filters: 3, kernel: 3, activation: linear}", "leave it out"),
    ("conv: {filters: 3, kernel: 3, padding_mode: zeros}", "leave it out"),
    ("conv: {filters: 3, kernel: 3, data_format: NCHW}", "`layout: chw`"),
    ("conv: {filters: 3, kernel_h: 3, kernel_w: 5}", "`kernel: 3x5`"),
    ("maxpool: {ceil_mode: true}", "`rounding: ceil`"),
    ("conv: {filters: 3, kernel: 3, batch_normalize: 1}", "`- batchnorm`"),
    ("{from: d4, crop: 4}", "write crop: {from: d4, crop: 4}"),
    ("{from: d4, conv3-8: {bias: false}}", "write conv3-8: {from: d4, ...}"),
    ("torch.narrow: [0, 2]", "did you mean 'slice'?"),
    ("chunk: 2", "did you mean 'slice'?"),
    ("depth_to_space: 2", "did you mean 'pixel_shuffle'?"),
    ("space_to_depth: 2", "did you mean 'pixel_unshuffle'?"),
    ("F.interpolate: 2", "did you mean 'upsample'?"),
    ("keras.layers.ZeroPadding2D: 2", "did you mean 'pad'?"),
    ("keras.layers.Cropping2D: 2", "did you mean 'crop'?"),
    ("conv: {num_output: 3, kernel: 3}", "did you mean 'filters'?"),
]


@pytest.mark.parametrize(("layer", "hint"), WRITTEN)
def test_the_hint_says_how_to_write_it(layer: str, hint: str) -> None:
    problems = problems_of(f"input: 32x32x3\nlayers:\n  - {layer}\n")
    assert any(hint in problem.hint for problem in problems), problems


def test_two_pads_on_one_side_are_a_pair() -> None:
    text = "input: 100x3\nlayers: [conv: {filters: 4, kernel: 9, pad: PAD}]\n"
    (problem,) = problems_of(text.replace("PAD", "[8, 0]"))
    assert problem.code == "E202"
    assert problem.hint == "write [[8, 0]] for 8 before and 0 after"
    assert output_of(report_of(text.replace("PAD", "[[8, 0]]")), "conv1") == "100x4"


@pytest.mark.parametrize("kernel", ["3x5", "3 x 5", "3X5", "3×5", "[3, 5]"])
def test_sizes_may_be_written_as_shapes_are(kernel: str) -> None:
    report = report_of(f"input: 9x9x1\nlayers: [conv: {{filters: 4, kernel: {kernel}}}]\n")
    assert output_of(report, "conv1") == "7x5x4"


@pytest.mark.parametrize("kernel", ["3 3", "3xx5", "x3", "3x", "3 x"])
def test_sizes_that_are_none(kernel: str) -> None:
    text = f"input: 9x9x1\nlayers: [conv: {{filters: 4, kernel: '{kernel}'}}]\n"
    assert len(codes_of(text)) == 1


def test_a_product_in_place_of_two_sizes_is_remarked_once() -> None:
    report = report_of(
        "input: 32x32x3\nlayers: [repeat: {times: 3, layers: [conv: {filters: 4, kernel: 3*3}]}]\n"
    )
    assert report["conv1"].weights == 4 * 3 * 9 * 9
    assert report.remarks == (
        "conv1: kernel 3*3 is read as 9 on every side. Was 3x3 meant? If not, 9 says so plainly.",
    )
    quiet = report_of("input: 32x32x3\nlet: {k: 3}\nlayers: [conv: {filters: 3*4, kernel: 2*k}]\n")
    assert quiet.remarks == ()
