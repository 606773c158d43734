"""Which shapes of inputs are doubted, and which stay quiet."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.spec.doubts import channels_first
from tests.spec.support import report_of

#: A shape, and what it may be meant for.
DOUBTED = [
    ("3x224x224", "224x224x3"),
    ("1x28x28", "28x28x1"),
    ("1x8x8", "8x8x1"),
    ("3x480x640", "480x640x3"),
    ("4x84x84", "84x84x4"),
    ("2x224x224", "224x224x2"),
    ("512x7x7", "7x7x512"),
    ("256x13x13", "13x13x256"),
    ("1x28x28x1", "28x28x1"),
    ("1x3x224x224", "224x224x3"),
    ("1x224x224x3", "224x224x3"),
    ("1x1x28x28", "28x28x1"),
    ("32x3x224x224", "224x224x3"),
    ("64x1x28x28", "28x28x1"),
    ("3x16x112x112", "16x112x112x3"),
    ("1x64x32x32", "64x32x32x1"),
    ("28x28", "28x28x1"),
    ("224x224", "224x224x1"),
    ("1x16000", "16000x1"),
    ("1x784", "784x1"),
    ("2x44100", "44100x2"),
    ("12x5000", "5000x12"),
    ("3xHxW", "HxWx3"),
    ("CxHxW", "HxWxC"),
]
#: Shapes that are as likely meant as they are read.
QUIET = [
    "13x1",
    "100x300",
    "480x640",
    "4x512",
    "784",
    "1x1",
    "227x227x3",
    "28x28x1",
    "1x1x2048",
    "3x3x512",
    "7x7x512",
    "1x128x9",
    "64x56x56",
    "5x224x300",
    "640x480x3",
    "19x19x48",
    "16x112x112x3",
    "64x64x64x1",
    "32x28x28x1",
    "128x128x128x4",
    "NxNx3",
    "HxWx3",
    "Nx1",
    "NxHxWx3",
    "Nx28x28x1",
    "Bx32x32x3",
]


def remarks(shape: object) -> tuple[str, ...]:
    return shapecalc.summarize({"input": shape, "layers": ["relu"]}).remarks


@pytest.mark.parametrize(("shape", "meant"), DOUBTED)
def test_a_doubtful_shape_is_remarked_with_what_was_meant(shape: str, meant: str) -> None:
    (remark,) = remarks(shape)
    assert f"Was {meant} meant?" in remark


@pytest.mark.parametrize("shape", QUIET)
def test_a_plausible_shape_stays_quiet(shape: str) -> None:
    assert remarks(shape) == ()


def test_what_is_doubted_is_read_as_documented() -> None:
    report = shapecalc.summarize(
        {"input": [3, 224, 224], "layers": [{"conv": {"filters": 8, "kernel": 3, "pad": 1}}]}
    )
    assert report.totals.params == 16136
    assert report.remarks == (
        "input: 3x224x224 is read as height 3, width 224, 224 channels. Was 224x224x3 meant?"
        " If not, {height: 3, width: 224, channels: 224} says so plainly.",
    )


@pytest.mark.parametrize(
    "shape",
    [
        {"length": 28, "channels": 28},
        {"height": 3, "width": 224, "channels": 224},
        {"depth": 1, "height": 3, "width": 224, "channels": 224},
        {"height": 1, "width": 28, "channels": 28},
    ],
)
def test_what_is_said_plainly_is_not_doubted(shape: dict[str, int]) -> None:
    assert remarks(shape) == ()
    assert remarks("x".join(map(str, shape.values()))) != ()


@pytest.mark.parametrize("layout", ["hwc", "chw"])
@pytest.mark.parametrize("shape", ["3x224x224", "28x28", "1x28x28", "1x3x224x224"])
def test_a_layout_that_is_stated_leaves_no_doubt(shape: str, layout: str) -> None:
    spec = {"input": shape, "layout": layout, "layers": ["relu"]}
    assert shapecalc.summarize(spec).remarks == ()


def test_channels_of_the_spec_are_known_again_in_front() -> None:
    spec = {"input": "28x28x64", "layers": ["relu"]}
    (remark,) = shapecalc.summarize(spec, input="64x56x56").remarks
    assert remark == (
        "input: 64x56x56 is read as height 64, width 56, 56 channels. Was 56x56x64 meant?"
    )
    assert shapecalc.summarize(spec, input="56x56x64").remarks == ()
    assert shapecalc.summarize(spec, input="64x64x64").remarks == ()


def test_letters_are_doubted_at_their_values() -> None:
    spec = {"input": "AxBxC", "layers": ["relu"]}
    assert shapecalc.summarize(spec).remarks == ()
    assert shapecalc.summarize(spec).at(A=1, B=28, C=28).remarks != ()


def test_of_several_inputs_the_doubtful_one_is_named() -> None:
    spec = {
        "inputs": {"left": "105x105x1", "right": "1x105x105"},
        "layers": [{"relu": {"from": "left"}}, {"tanh": {"from": "right"}}],
    }
    (remark,) = shapecalc.summarize(spec).remarks
    assert remark.startswith("input right: 1x105x105 is read as height 1, width 105, 105 channels.")


@pytest.mark.parametrize("extents", [(3, 16, 400), (3, 400, 16), (500, 7, 7), (512, 8, 8)])
def test_what_has_no_pictures_proportions_or_no_layers_channels_stays_quiet(
    extents: tuple[int, ...],
) -> None:
    assert channels_first(extents) == ""


@pytest.mark.parametrize(
    ("layer", "doubted"),
    [
        ("conv: {filters: 8, kernel: 3, pad: p}", True),
        ("maxpool: {kernel: 3, pad: [p, 1]}", True),
        ("crop: p", True),
        ("conv: {filters: p, kernel: 3}", False),
        ("conv: {filters: 8, kernel: 3, pad: 1}", False),
    ],
)
def test_a_letter_in_a_padding_is_no_padding_of_0(layer: str, *, doubted: bool) -> None:
    text = f"input: 32x32x3\nlet: {{p: free}}\nlayers: [{layer}]"
    remark = "p stands for 1, 2, 3, ..., as every letter does, also in a padding or a crop"
    remarks = shapecalc.loads(text).remarks
    assert [text.partition(":")[0] for text in remarks] == ([remark] if doubted else [])
    assert shapecalc.loads(text, settings={"p": "1"}).remarks == ()


@pytest.mark.parametrize(
    ("own", "given"), [("3x224x224", "224x224x3"), ("1x3x32x32", "16x32x32x3")]
)
def test_what_a_remark_asks_for_is_not_doubted_in_its_turn(own: str, given: str) -> None:
    text = f"input: {own}\nlayers: [relu]"
    assert shapecalc.loads(text).remarks
    assert shapecalc.loads(text, input=given).remarks == ()


@pytest.mark.parametrize("shape", ["HxHxH", "HxCxW", "HxWxC"])
def test_a_shape_is_not_suggested_for_itself(shape: str) -> None:
    assert shapecalc.loads(f"input: {shape}\nlayers: [relu]").remarks == ()


@pytest.mark.parametrize("word", ["None", "[None]", "batch", "'?'"])
def test_one_word_that_is_no_extent_is_refused_too(word: str) -> None:
    with pytest.raises(shapecalc.SpecErrors, match="E110"):
        shapecalc.loads(f"input: {word}\nlayers: [dense: 10]")


def test_a_letter_that_is_a_kernel_too_cannot_be_0() -> None:
    text = 'input: 9x9x3\nlet: {k: free}\nlayers: [conv: {filters: 2, kernel: k, pad: "(k-1)//2"}]'
    assert shapecalc.loads(text).remarks == ()


def doubts_of(text: str) -> tuple[str, ...]:
    return report_of(f"input: 99x99x3\nlayers: [{text}]\n").remarks


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("conv64-3", "conv3-64"),
        ("conv32-5/2", "conv5-32/2"),
        ("CONV-64-3", "CONV-3-64"),
        ("sepconv64-3", "sepconv3-64"),
        ("deconv64-4/2", "deconv4-64/2"),
        ("conv 16-1", "conv 1-16"),
    ],
)
def test_filters_before_the_kernel_are_doubted(word: str, meant: str) -> None:
    first, *_ = doubts_of(word)
    assert f"{word} is read as kernel" in first
    assert f"Was {meant} meant?" in first


@pytest.mark.parametrize(
    "word",
    ["conv3-64", "conv11-96", "conv9-3", "conv12-16", "conv31-128", "conv1x64-3", "k64n3s1",
     "deconv64-2/32", "conv64-3: {kernel: 3}", "conv: {kernel: 64, filters: 3, pad: same}",
     "'64x64 conv, 3'"],
)  # fmt: skip
def test_a_kernel_that_is_one_is_not_doubted(word: str) -> None:
    assert doubts_of(word) == ()


def test_a_word_is_doubted_once_and_read_as_written() -> None:
    report = report_of(
        "input: 99x99x3\nlayers: [conv64-3, conv64-3, repeat: {times: 4, layers: [conv64-3]}]"
    )
    assert report.remarks == (
        "conv1: conv64-3 is read as kernel 64, 3 filters. Was conv3-64 meant? If not, {filters: 3,"
        " kernel: 64} says so plainly.",
    )
    assert report["conv1"].weights == 64 * 64 * 3 * 3


def test_an_exams_word_without_a_padding_is_doubted_once_a_type() -> None:
    text = "CONV-9-32, conv-5-64, conv 3-8, DECONV-4-8/2"
    conv, deconv = doubts_of(text)
    assert conv == (
        "conv1: CONV-9-32 says no padding and is read as pad: same, which keeps the size. Was none"
        " meant? `defaults: {conv: {pad: 0}}` says so. If not, {pad: same} there says so plainly."
    )
    assert deconv.startswith("transposed1: DECONV-4-8/2 says no padding")
    for pad in ("0", "same"):
        defaults = (
            f"input: 99x99x3\ndefaults: {{conv: {{pad: {pad}}}, transposed: {{pad: {pad}}}}}\n"
        )
        assert report_of(f"{defaults}layers: [{text}]").remarks == ()


@pytest.mark.parametrize(
    "word", ["conv9-32", "9x9 conv, 32", "CONV-1-32", "CONV-1x1-32", "CONV-9-32: {pad: 0}",
             "POOL-2", "FC-10", "k9n32s1"],
)  # fmt: skip
def test_what_papers_or_the_spec_say_of_padding_is_not_doubted(word: str) -> None:
    assert doubts_of(word if "," not in word else f"'{word}'") == ()


def test_a_kernel_of_11_is_padded_and_doubted() -> None:
    assert len(doubts_of("CONV-11-96")) == 1
