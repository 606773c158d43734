"""What a comparison says of networks whose difference is known."""

import os
import subprocess
import sys
from textwrap import dedent

import pytest
from nets import changes, sequence, shipped, statuses

import shapecalc
from shapecalc.analysis.compare import Comparison
from tests.paths import ROOT


def of(first: str, second: str) -> Comparison:
    graphs = [shapecalc.loads(dedent(text)) for text in (first, second)]
    return shapecalc.compare(*graphs)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("conv: {filters: 3, kernel: 3}", "conv: {filters: 4, kernel: 3}", "filters 3 -> 4"),
        ("conv: {filters: 3, kernel: 3}", "conv: {filters: 3, kernel: 1x3}", "kernel 3 -> 1x3"),
        ("conv3-3", "conv: {filters: 3, kernel: 3, pad: 1}", "pad same -> 1"),
        (
            "conv: {filters: 3, kernel: 3, pad: 0}",
            "conv: {filters: 3, kernel: 3, pad: [[0, 1], [2, 3]]}",
            "pad 0 -> (0,1)x(2,3)",
        ),
        ("dense: 9", "dense: {units: 9, bias: false}", "bias true -> false"),
        ("dropout: 0.5", "dropout: 0.4", "rate 0.5 -> 0.4"),
        ("maxpool", "maxpool: {kernel: 2, stride: 1}", "stride 2 -> 1"),
        ("maxpool", "avgpool", "type maxpool -> avgpool"),
        ("relu", "gelu", "type relu -> gelu"),
        ("conv: {filters: 5, kernel: 3}", "depthwise: {kernel: 3}", "type conv -> depthwise"),
        (
            "conv: {filters: 2, kernel: 1, connections: [[0], [1, 2]]}",
            "conv: {filters: 2, kernel: 1, connections: [[0], [1, 3]]}",
            "connections 3 pairs -> another 3 pairs",
        ),
        (
            "conv: {filters: 2, kernel: 1, connections: [[0], [1, 2]]}",
            "conv: {filters: 2, kernel: 1}",
            "connections 3 pairs -> none",
        ),
    ],
)
def test_a_changed_field_is_told(before: str, after: str, said: str) -> None:
    found = changes(shapecalc.compare(sequence([before]), sequence([after])))
    assert list(found.values()) == [[said]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("conv: {filters: 3, kernel: 3}", "conv: {filters: 3, kernel: 3x3}"),
        ("conv: {filters: 3, kernel: 3, pad: 1}", "conv: {filters: 3, kernel: 3, pad: 1x1}"),
        ("maxpool", "maxpool: {kernel: 2, stride: 2}"),
        ("maxpool: 2x3", "maxpool: {kernel: 2x3, stride: 2x3}"),
        ("relu", "relu: {name: another_name, note: a remark}"),
    ],
)
def test_other_words_for_the_same_are_no_change(one: str, other: str) -> None:
    comparison = shapecalc.compare(sequence([one]), sequence([other]))
    assert comparison.same
    assert changes(comparison) == {}


def test_sizes_that_only_look_alike_are_a_change() -> None:
    one, other = sequence(["reshape: 1615"]), sequence(["reshape: 17x19x5"])
    assert not shapecalc.compare(one, other).same


SKIP = """\
    input: 16x17x5
    layers:
      - conv: {name: a, filters: 5, kernel: 3, pad: 1}
      - conv: {name: b, filters: 5, kernel: 1}
      - conv: {name: c, filters: 5, kernel: 5, pad: 2}
      - add: {name: sum, from: [., a]}
      - dense: 3
"""


def test_another_source_is_a_change_though_no_shape_differs() -> None:
    comparison = of(SKIP, SKIP.replace("[., a]", "[., b]"))
    assert not comparison.same
    assert changes(comparison) == {"sum": ["from c, a -> c, b"]}
    assert {status for *_, status in statuses(comparison)} == {"same", "changed"}


def test_the_order_of_operands_counts_where_channels_are_joined() -> None:
    for join, differs in (("concat", True), ("add", False)):
        one = SKIP.replace("add:", f"{join}:")
        comparison = of(one, one.replace("[., a]", "[a, .]"))
        assert ("sum" in changes(comparison)) == differs


def test_a_layer_in_between_does_not_rewire_its_neighbours() -> None:
    comparison = of(SKIP, SKIP.replace("      - add", "      - batchnorm\n      - add"))
    kinds = {second: status for _, second, status in statuses(comparison)}
    assert kinds["bn1"] == "added"
    assert changes(comparison) == {}


def test_a_join_that_is_gone_is_what_differs_and_not_its_reader() -> None:
    comparison = of(SKIP, SKIP.replace("      - add: {name: sum, from: [., a]}\n", ""))
    assert [first for first, _, status in statuses(comparison) if status == "removed"] == ["sum"]
    assert changes(comparison) == {}


def test_shared_weights_are_a_change() -> None:
    alone = """\
        input: 16x17x5
        layers:
          - conv: {name: a, filters: 5, kernel: 3, pad: 1}
          - conv: {name: b, filters: 5, kernel: 3, pad: 1}
    """
    shared = alone.replace("b, filters", "b, share: a, filters")
    comparison = of(alone, shared)
    assert not comparison.same
    assert changes(comparison) == {"b": ["share none -> a"]}


def test_zfnet_is_alexnet_with_five_changes() -> None:
    """The change of input and Zeiler & Fergus's other strides and pads: specs/zfnet.yaml."""
    assert changes(shipped("alexnet", "zfnet")) == {
        "input": ["shape 227x227x3 -> 224x224x3"],
        "conv1": ["kernel 11 -> 7", "stride 4 -> 2", "pad 0 -> 1"],
        "pool1": ["rounding floor -> ceil"],
        "conv2": ["stride 1 -> 2", "pad 2 -> 0"],
        "pool2": ["rounding floor -> ceil"],
    }


def test_a_deeper_resnet_has_more_blocks() -> None:
    """Table 1 of He et al. 2015: 3, 4, 6, 3 and 3, 4, 23, 3 and 3, 8, 36, 3 blocks."""
    assert changes(shipped("resnet50", "resnet101"), 1) == {
        "conv4_x": ["6 -> 23 bottleneck blocks"]
    }
    assert changes(shipped("resnet50", "resnet152"), 1) == {
        "conv3_x": ["4 -> 8 bottleneck blocks"],
        "conv4_x": ["6 -> 36 bottleneck blocks"],
    }


def test_blocks_of_another_type_are_not_taken_apart() -> None:
    found = changes(shipped("resnet18", "resnet50"), 1)
    assert found["conv2_x"] == ["2 basic blocks removed", "3 bottleneck blocks added"]


def test_what_changes_in_several_blocks_is_counted() -> None:
    """Every pair of convolutions of the plain net, He et al. 2015, gets a shortcut around it."""
    found = changes(shipped("plain34", "resnet34"), 1)
    assert found["conv2_x"][-1] == "1 add layer added in 3 places"


def test_a_field_that_changes_in_every_block_is_told_once() -> None:
    spec = """\
        input: 16x17x5
        blocks:
          cell: {fields: [k], layers: [conv: {filters: 5, kernel: k, pad: same}, relu]}
        layers:
          - group: {name: stage, layers: [repeat: {times: 3, layers: [cell: 3]}]}
    """
    comparison = of(spec, spec.replace("cell: 3", "cell: 5"))
    assert changes(comparison, 1) == {"stage": ["conv kernel 3 -> 5 in 3 places"]}


def test_blocks_wired_otherwise_differ() -> None:
    spec = """\
        input: 16x17x5
        layers:
          - group:
              name: stage
              layers:
                - conv: {name: a, filters: 5, kernel: 3, pad: 1}
                - conv: {name: b, filters: 5, kernel: 1}
                - add: {from: [a, b]}
    """
    comparison = of(spec, spec.replace("[a, b]", "[a, input]"))
    assert not comparison.same
    assert list(changes(comparison, 1)) == ["stage"]


def test_groups_and_names_alone_are_no_difference() -> None:
    spec = """\
        input: 16x17x5
        layers:
          - group: {name: stage, layers: [conv3-7, relu]}
          - dense: 3
    """
    flat = """\
        input: 16x17x5
        layers: [conv3-7: {name: first}, relu, dense: 3]
    """
    comparison = of(spec, flat)
    assert comparison.same
    assert all(row.same for row in comparison.rows())


def test_vgg_in_the_order_of_the_paper() -> None:
    """Table 1 of Simonyan & Zisserman 2014: which columns have which convolutions."""
    comparison = shipped("vgg11", "vgg13", "vgg16-c", "vgg16", "vgg19")
    has = {}
    for row in comparison.rows():
        parts = [part for part in row.parts if part is not None]
        if parts[0].row.type == "conv":
            has[parts[0].row.name] = "".join(
                letter for letter, part in zip("ABCDE", row.parts, strict=True) if part
            )
    every = {f"conv{stage}_{n}": "ABCDE" for stage in range(1, 6) for n in (1, 2)}
    every |= {"conv1_2": "BCDE", "conv2_2": "BCDE"}
    every |= {f"conv{stage}_3": "CDE" for stage in (3, 4, 5)}
    every |= {f"conv{stage}_4": "E" for stage in (3, 4, 5)}
    assert has == every


def test_changed_fields_stand_in_the_order_of_the_layer_in_every_process() -> None:
    """Broken by a set of names, whose order differs from run to run."""
    words = ["compare", "alexnet", "googlenet-as-trained", "--format", "csv"]
    texts = {
        subprocess.run(
            [sys.executable, "-m", "shapecalc", *words],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1


def test_who_stops_to_share_weights_shares_none() -> None:
    conv = "conv: {name: NAME, filters: 2, kernel: 3, pad: 1MORE}"
    texts = [
        f"input: 5x5x2\nlayers: [{conv.replace('NAME', 'a').replace('MORE', '')},"
        f" {conv.replace('NAME', 'b').replace('MORE', more)}]"
        for more in (", share: a", "")
    ]
    assert changes(of(*texts)) == {"b": ["share a -> none"]}
    assert changes(of(*reversed(texts))) == {"b": ["share none -> a"]}
