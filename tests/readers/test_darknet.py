"""Darknet's networks are read as Darknet lays them out."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

import shapecalc
from tests.readers import darknet_networks as networks
from tests.readers.darknet_networks import net, section
from tests.readers.refusal import refused_as_unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report, Row

#: A network; the numbers in its published file of weights, which is their bytes without its head,
#: by 4; and the billions of floating-point operations of its convolutions, as Darknet prints them.
PUBLISHED = {
    "tiny-yolo-voc": (networks.yolo_v2_tiny(), (63_471_556 - 16) // 4, 6.97),
    "yolov2": (networks.yolo_v2(), (203_934_260 - 16) // 4, 62.94),
    "yolov3-tiny": (networks.yolo_v3_tiny(), (35_434_956 - 20) // 4, 5.56),
    "yolov3": (networks.yolo_v3(), (248_007_048 - 20) // 4, 65.86),
    "yolov4-tiny": (networks.yolo_v4_tiny(), (24_251_276 - 20) // 4, 6.91),
}


def summarized(folder: Path, text: str) -> Report:
    path = folder / "net.cfg"
    path.write_text(text)
    return shapecalc.summarize(path)


def volume(row: Row) -> str:
    return "x".join(map(str, (*row.output.sides, row.output.channels)))


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_is_the_published_one(name: str, tmp_path: Path) -> None:
    text, numbers, billions = PUBLISHED[name]
    totals = summarized(tmp_path, text).totals
    assert totals.params + totals.buffers == numbers
    assert round(2 * totals.macs / 1e9, 2) == billions


def test_the_shipped_tiny_yolo_is_this_one(tmp_path: Path) -> None:
    theirs, ours = (
        summarized(tmp_path, networks.yolo_v2_tiny()),
        shapecalc.summarize("tiny-yolo-v2"),
    )
    costs = [
        [(row.type, volume(row), row.params, row.macs) for row in report.rows if row.macs]
        for report in (theirs, ours)
    ]
    assert costs[0] == costs[1]


#: Sections on 9x9x8, and what comes out of the last: its type, its output, its parameters.
SECTIONS: list[tuple[str, tuple[str, str, int]]] = [
    # logistic where nothing is said; stride, size and filters are 1
    (section("convolutional"), ("sigmoid", "9x9x1", 0)),
    (section("convolutional", filters=4, size=3, activation="linear"), ("conv", "7x7x4", 292)),
    (section("convolutional", filters=4, size=4, pad=1, activation="linear"), ("conv", "10x10x4", 516)),
    (section("convolutional", filters=4, size=4, pad=2, activation="linear"), ("conv", "10x10x4", 516)),
    (section("convolutional", filters=4, size=3, padding=2, activation="linear"), ("conv", "11x11x4", 292)),
    (section("convolutional", filters=4, size=3, groups=2, activation="linear"), ("conv", "7x7x4", 148)),
    (section("convolutional", filters=4, size=3, pad=1, dilation=2, activation="linear"), ("conv", "9x9x4", 292)),
    (section("convolutional", filters=4, size=3, padding=1, dilation=2, activation="linear"), ("conv", "9x9x4", 292)),
    (section("convolutional", filters=4, dilation=2, activation="linear"), ("conv", "9x9x4", 36)),
    (section("conv", filters=4, size=3, stride_x=2, stride_y=1, activation="mish"), ("mish", "7x4x4", 0)),
    (section("convolutional", batch_normalize=1, filters=4, activation="linear"), ("batchnorm", "9x9x4", 8)),
    (section("deconvolutional", filters=4, size=4, stride=2, pad=1, activation="linear"), ("transposed", "16x16x4", 516)),
    # the padding is the size without 1, in all, less before than after
    (section("maxpool", size=2, stride=2), ("maxpool", "5x5x8", 0)),
    (section("maxpool", size=2, stride=1), ("maxpool", "9x9x8", 0)),
    (section("maxpool", size=3, stride=2), ("maxpool", "5x5x8", 0)),
    (section("maxpool", size=3, stride=2, padding=0), ("maxpool", "4x4x8", 0)),
    (section("maxpool", stride=3), ("maxpool", "3x3x8", 0)),
    (section("avgpool"), ("global_avgpool", "1x1x8", 0)),
    (section("connected", output=5), ("sigmoid", "5", 0)),
    (section("connected", output=5, activation="linear", batch_normalize=1), ("batchnorm", "5", 10)),
    (section("upsample"), ("upsample", "18x18x8", 0)),
    (section("reorg", stride=3), ("pixel_unshuffle", "3x3x72", 0)),
    (section("reorg", stride=2), ("pixel_unshuffle", "4x4x32", 0)),
    (section("reorg", stride=2, reverse=1), ("pixel_shuffle", "18x18x2", 0)),
    (section("crop", crop_height=5, crop_width=6), ("crop", "5x6x8", 0)),
    (section("normalization", size=3), ("lrn", "9x9x8", 0)),
    (section("batchnorm"), ("batchnorm", "9x9x8", 16)),
    (section("dropout", probability=0.3), ("dropout", "9x9x8", 0)),
    (section("softmax"), ("softmax", "9x9x8", 0)),
    (section("activation", activation="hardtan"), ("hardtanh", "9x9x8", 0)),
    (section("activation", activation="selu"), ("multiply", "9x9x8", 0)),
    (section("yolo"), ("identity", "9x9x8", 0)),
    (section("upsample") + section("maxpool", size=2, stride=2) + section("route", layers=-1) + section("yolo"), ("identity", "9x9x8", 0)),
    (section("batchnorm") + section("l2norm") + section("route", layers="-1, 0"), ("concat", "9x9x16", 0)),
    (section("batchnorm") + section("l2norm") + section("shortcut", **{"from": "-2"}), ("add", "9x9x8", 0)),
    # a sum has the channels of the layer before it
    (section("batchnorm") + networks.last(6) + section("shortcut", **{"from": "-2", "activation": "relu"}), ("relu", "9x9x6", 0)),
    (section("batchnorm") + networks.last(16) + section("shortcut", **{"from": 0}), ("add", "9x9x16", 0)),
    (section("batchnorm") + section("avgpool") + section("scale_channels", **{"from": 0}), ("multiply", "9x9x8", 0)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SECTIONS)
def test_a_section(text: str, expected: tuple[str, str, int], tmp_path: Path) -> None:
    row = summarized(tmp_path, net(9, 9, 8) + text).rows[-1]
    assert (row.type, volume(row), row.params) == expected


def test_a_route_takes_the_group_of_its_number(tmp_path: Path) -> None:
    text = section("batchnorm") + section("route", layers=-1, groups=4, group_id=2)
    report = summarized(tmp_path, net(9, 9, 8) + text + section("yolo"))
    (part,) = (attrgetter("channels")(row.layer) for row in report.rows if row.type == "slice")
    assert (part.number, part.of) == (3, 4)


def test_the_first_of_several_options_counts(tmp_path: Path) -> None:
    text = section("convolutional", filters=4) + "filters=5\n"
    assert volume(summarized(tmp_path, net(9, 9, 8) + text).rows[-1]) == "9x9x4"


def test_a_pool_pads_less_before_than_after(tmp_path: Path) -> None:
    # offsets of -(size - 1)//2: a window of 2 begins with the map, one of 4 a row before it
    for size, pad in ((2, (0, 1)), (4, (1, 2))):
        report = summarized(tmp_path, net(9, 9, 8) + section("maxpool", size=size, stride=1))
        assert report.rows[-1].layer.pad.pairs == (pad, pad)


def test_a_normalisation_takes_the_sum_of_squares(tmp_path: Path) -> None:
    row = summarized(tmp_path, net(9, 9, 8) + section("normalization", size=3, alpha=0.01)).rows[-1]
    assert (row.layer.size, row.layer.alpha) == (3, 0.03)


def test_what_the_two_darknets_read_differently_is_remarked(tmp_path: Path) -> None:
    cut = section("batchnorm") + section("route", layers=-1, groups=2, group_id=1)
    report = summarized(tmp_path, net(9, 9, 8) + cut)
    assert volume(report.rows[-1]) == "9x9x4"
    (remark,) = report.remarks
    assert "the original ignores them" in remark
    deconv = section("deconvolutional", filters=2, size=2, stride=2)
    assert "as the original" in summarized(tmp_path, net(9, 9, 8) + deconv).remarks[0]
    assert summarized(tmp_path, networks.yolo_v3()).remarks == ()


def test_comments_blanks_and_costs(tmp_path: Path) -> None:
    text = "# a net\n [net]\r\n height = 4 \nwidth=5\nchannels=3\n; more\n\n[softmax]\n[cost]\ntype=sse\n"
    report = summarized(tmp_path, text)
    assert [volume(row) for row in report.rows] == ["4x5x3"] * 2
    assert report.remarks == ("left out, since they only measure: cost (1)",)


def test_a_vector_flows_in(tmp_path: Path) -> None:
    report = summarized(tmp_path, "[net]\ninputs=30\n[connected]\noutput=4\n")
    assert (report.totals.params, volume(report.rows[0])) == (124, "30")


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("[net]\nwidth\n", "a section's name in brackets, or `option=value`, is expected here", ":2:1"),
        ("width=3\n[net]\n", "a section's name in brackets, or `option=value`, is expected here", ":1:1"),
        ("[yolo]\n", "the first section is not [net]", ""),
        ("[net]\nwidth=3\nheight=3\n", "[net]: it states no input", ":1:1"),
        (net(9, 9), "the file has no layers", ""),
        (net(9, 9) + section("local", size=3), "[local]: there is no layer for a section of this kind", ":7:1"),
        (net(9, 9) + section("convolutionel"), "there is no layer for a section of this kind", ":7:1"),
        (net(9, 9) + section("convolutional", filters="4x"), "filters is a whole number, not '4x'", ":8:1"),
        (net(9, 9) + section("convolutional", filters=-4), "filters is from 1 to", ""),
        (net(9, 9) + section("convolutional", size=11), "its window does not fit what flows in", ""),
        (net(9, 9) + section("convolutional", size=3, dilation=2), "a kernel of 3 has a padding of 1, not 0", ""),
        (net(9, 9) + section("convolutional", activation="plse"), "there is no layer for the activation 'plse'", ""),
        (net(9, 9) + networks.route(-1), "there is no layer -1 before it: it is number 0", ""),
        (net(9, 9) + networks.route(0), "there is no layer 0 before it", ""),
        (net(9, 9) + section("route"), "it names no layers", ""),
        (net(9, 9) + section("yolo") + networks.route(-1, groups=2), "group 0 of 2 is no part of the channels", ""),
        (net(9, 9) + section("yolo") + section("upsample") + networks.route(-1, -2), "its layers have maps of different sizes", ""),
        (net(9, 9) + section("yolo") + section("upsample") + section("shortcut", **{"from": -2}), "only the original Darknet does", ""),
        (net(9, 9) + section("connected") + section("maxpool"), "it reads a map, and a vector flows in", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_place(
    text: str, message: str, place: str, tmp_path: Path
) -> None:
    with refused_as_unreadable(message, place):
        summarized(tmp_path, text)
