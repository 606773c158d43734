"""`repeat`: times, index, for; nested, named, none at all; and `group`."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.api import read
from shapecalc.graph.conditions import Conditions
from shapecalc.graph.constants import Constants
from shapecalc.graph.count_steps import StepCount
from shapecalc.graph.draft import Builder, Expansion, Level
from shapecalc.graph.expand import Resolver
from shapecalc.graph.expand_statements import COUNTED_FROM, Position, TooManyError, Walk
from shapecalc.report.fold import fold
from shapecalc.text import Source
from tests.fuzz.inputs import spec, written
from tests.spec.support import codes_of, names_of, output_of, place_of, problems_of, report_of

if TYPE_CHECKING:
    from pathlib import Path


def test_an_unnamed_repeat_adds_no_level_and_names_count_on() -> None:
    report = report_of(
        "input: 8x8x3\nlayers: [relu, repeat: {times: 3, layers: [relu, tanh]}, relu]\n"
    )
    assert names_of(report) == [
        "relu1",
        "relu2",
        "tanh1",
        "relu3",
        "tanh2",
        "relu4",
        "tanh3",
        "relu5",
    ]


def test_a_named_repeat_adds_the_round_to_the_path() -> None:
    report = report_of(
        "input: 8x8x3\nlayers: [repeat: {name: stage, times: 2, layers: [relu, tanh]}, relu]\n"
    )
    assert names_of(report) == [
        "stage/1/relu1",
        "stage/1/tanh1",
        "stage/2/relu1",
        "stage/2/tanh1",
        "relu1",
    ]


def test_what_comes_out_of_a_named_repeat_has_its_name() -> None:
    report = report_of(
        """
        input: 8x8x3
        layers:
          - repeat: {name: stage, times: 2, layers: [relu]}
          - tanh
          - add: {from: [stage, stage/1, stage/1/relu1]}
        """
    )
    assert report["add1"].sources == ("stage/2/relu1", "stage/1/relu1", "stage/1/relu1")


def test_no_round_at_all() -> None:
    for repeat in ("times: 0", "name: none, times: 0", "times: 1 - 1", "for: {c: []}"):
        report = report_of(
            f"input: 8x8x3\nlayers: [tanh, repeat: {{{repeat}, layers: [relu]}}, elu]\n"
        )
        assert names_of(report) == ["tanh1", "elu1"]
        assert report["elu1"].sources == ("tanh1",)


def test_repeats_nest() -> None:
    # the course's pattern [(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K-SOFTMAX
    report = report_of(
        """
        input: 32x32x3
        let: {N: 2, P: 1, M: 3, K: 2}
        layers:
          - repeat: {times: M, layers: [repeat: {times: N, layers: [conv3-8, relu]}, repeat: {times: P, layers: [maxpool]}]}
          - repeat: {times: K, layers: [FC-16, relu]}
          - softmax
        """
    )
    assert [name.rstrip("0123456789") for name in names_of(report)] == (
        ["conv", "relu", "conv", "relu", "pool"] * 3 + ["fc", "relu", "fc", "relu", "softmax"]
    )
    assert output_of(report, "pool3") == "4x4x8"


def test_nested_named_repeats() -> None:
    report = report_of(
        "input: 3\nlayers: [repeat: {name: a, times: 2, layers: [repeat: {name: b, times: 2, layers: [relu]}]}]\n"
    )
    assert names_of(report) == ["a/1/b/1/relu1", "a/1/b/2/relu1", "a/2/b/1/relu1", "a/2/b/2/relu1"]


def test_the_index_counts_from_0() -> None:
    report = report_of(
        "input: 3\nlayers: [repeat: {times: 4, index: i, layers: [dense: 10*i + 1]}]\n"
    )
    assert [row.output.size for row in report.rows[1:]] == [1, 11, 21, 31]


def test_an_index_of_an_outer_repeat_is_seen_inside() -> None:
    report = report_of(
        """
        input: 3
        layers:
          - repeat:
              times: 2
              index: i
              layers: [repeat: {times: i + 1, index: j, layers: [dense: 10*i + j + 1]}]
        """
    )
    assert [row.output.size for row in report.rows[1:]] == [1, 11, 12]


def test_for_walks_lists_together() -> None:
    report = report_of(
        """
        input: 16x16x3
        layers:
          - repeat:
              for: {c: [4, 5, 6], s: [1, 2, 2], k: [3, 1x3, 3x1]}
              index: i
              layers: [conv: {filters: c + i, kernel: k, stride: s, pad: same}]
        """
    )
    assert [output_of(report, f"conv{i}") for i in (1, 2, 3)] == ["16x16x4", "8x8x6", "4x4x8"]
    assert [report[f"conv{i}"].weights for i in (1, 2, 3)] == [108, 72, 144]


def test_for_may_walk_over_words_and_booleans() -> None:
    report = report_of(
        """
        input: 9x9x1
        layers:
          - repeat:
              for: {p: [same, valid, [1, 0]], b: [true, false, per_position]}
              layers: [conv: {filters: 1, kernel: 3, pad: p, bias: b}]
        """
    )
    assert [output_of(report, f"conv{i}") for i in (1, 2, 3)] == ["9x9x1", "7x7x1", "7x5x1"]
    assert [report[f"conv{i}"].biases for i in (1, 2, 3)] == [1, 0, 35]


def test_times_may_be_an_expression_in_fields_and_constants() -> None:
    report = report_of(
        """
        input: 3
        let: {n: 2}
        blocks: {b: {fields: [times_], layers: [repeat: {times: times_ - n, layers: [relu]}]}}
        layers: [b: 5]
        """
    )
    assert len(names_of(report)) == 3


def test_a_named_layer_in_an_unnamed_repeat_would_stand_twice() -> None:
    (problem,) = problems_of("input: 3\nlayers: [repeat: {times: 2, layers: [relu: {name: a}]}]\n")
    assert problem.code == "E152"
    assert "give the repeat a name" in problem.hint
    report = report_of(
        "input: 3\nlayers: [repeat: {name: r, times: 2, layers: [relu: {name: a}]}]\n"
    )
    assert names_of(report) == ["r/1/a", "r/2/a"]


def test_from_says_what_flows_into_the_first_round() -> None:
    for name in ("", "name: r, "):
        report = report_of(
            f"input: 3\nlayers: [relu, tanh, repeat: {{{name}from: relu1, times: 2, layers: [elu]}}]\n"
        )
        first, second = report.rows[3:]
        assert (first.sources, second.sources) == (("relu1",), (first.name,))


@pytest.mark.parametrize(
    ("repeat", "code"),
    [
        ("times: 3", "E113"),
        ("layers: [relu]", "E113"),
        ("times: 3, for: {a: [1]}, layers: [relu]", "E113"),
        ("times: -1, layers: [relu]", "E114"),
        ("times: 2.5, layers: [relu]", "E115"),
        ("times: many, layers: [relu]", "E116"),
        ("times: [3], layers: [relu]", "E110"),
        ("times: channels, layers: [relu]", "E115"),
        ("time: 3, layers: [relu]", "E111"),
        ("for: 3, layers: [relu]", "E110"),
        ("for: {}, layers: [relu]", "E110"),
        ("for: {a: 3}, layers: [relu]", "E110"),
        ("for: {a: [1, 2], b: [1]}, layers: [relu]", "E203"),
        ("for: {a-b: [1]}, layers: [relu]", "E117"),
        ("times: 1, index: [i], layers: [relu]", "E117"),
        ("times: 1, index: 2, layers: [relu]", "E117"),
        ("times: 1, layers: 3", "E112"),
        ("times: 1, layers: {relu: }", "E110"),
    ],
)
def test_repeats_that_cannot_be(repeat: str, code: str) -> None:
    assert code in codes_of(f"input: 3\nlayers: [repeat: {{{repeat}}}]\n")
    assert len(codes_of(f"input: 3\nlayers: [repeat: {{{repeat}}}]\n")) == 1


@pytest.mark.parametrize(
    "statement", ["repeat", "repeat: 3", "repeat: [relu]", "{repeat: }", "group", "group: [relu]"]
)
def test_structure_needs_its_map(statement: str) -> None:
    assert codes_of(f"input: 3\nlayers: [{statement}]\n")[0] in ("E110", "E113")


def test_a_suggestion_for_a_misspelt_field() -> None:
    (problem,) = problems_of("input: 3\nlayers: [repeat: {times: 1, layers: [relu], indx: i}]\n")
    assert problem.hint == "did you mean 'index'?"
    assert place_of(problem) == "indx"


def test_a_group_is_a_level() -> None:
    report = report_of(
        "input: 3\nlayers: [group: {name: conv2_x, layers: [relu, tanh]}, relu, elu: {from: conv2_x}]\n"
    )
    assert names_of(report) == ["conv2_x/relu1", "conv2_x/tanh1", "relu1", "elu1"]
    assert report["elu1"].sources == ("conv2_x/tanh1",)


def test_a_group_is_one_row_at_depth_1() -> None:
    report = report_of(
        """
        input: 8x8x3
        layers:
          - group: {name: g, note: about it, layers: [conv3-4, relu, group: {name: h, layers: [conv3-5]}]}
          - maxpool
        """
    )
    rows = fold(report, 1)
    assert [(row.name, row.type) for row in rows] == [
        ("input", "input"),
        ("g", "group"),
        ("pool1", "maxpool"),
    ]
    assert (rows[1].does, rows[1].brief) == ("[4 3x3, pad same; 5 3x3, pad same]", "3 layers")
    assert rows[1].params == 297  # 4 x 27 + 4 + 5 x 36 + 5
    assert rows[1].note == "about it"
    assert [row.name for row in fold(report, 2)] == ["input", "g/conv1", "g/relu1", "g/h", "pool1"]
    assert fold(report, 0) == report.rows


def test_a_repeat_and_its_rounds_are_rows_at_their_depth() -> None:
    report = report_of(
        "input: 8x8x3\nlayers: [repeat: {name: r, times: 2, layers: [relu, tanh]}]\n"
    )
    assert [row.name for row in fold(report, 1)] == ["input", "r"]
    assert [row.name for row in fold(report, 2)] == ["input", "r/1", "r/2"]


@pytest.mark.parametrize(
    ("group", "code"),
    [
        ("layers: [relu]", "E113"),
        ("name: g", "E113"),
        ("name: g, layers: [relu], times: 2", "E111"),
        ("name: a/b, layers: []", "E117"),
    ],
)
def test_groups_that_cannot_be(group: str, code: str) -> None:
    assert codes_of(f"input: 3\nlayers: [group: {{{group}}}]\n") == [code]


#: Repeats in repeats and blocks, with what each expands to: statements and rounds.
NESTED = [
    ("repeat: {times: 3, layers: [relu, tanh]}", 1 + 3 * 3),
    ("repeat: {name: r, times: 3, layers: [repeat: {times: 4, layers: [relu]}]}", 1 + 3 * (2 + 8)),
    ("repeat: {times: 4, index: i, layers: [repeat: {times: i, layers: [relu]}]}", 1 + 8 + 12),
    ("repeat: {for: {n: [5, 1, 3]}, layers: [repeat: {times: n, layers: []}]}", 1 + 6 + 9),
    ("add: [[repeat: {times: k, layers: [relu]}], []]", 1 + 1 + 14),
    ("side: [[repeat: {times: 2, layers: [group: {layers: [relu]}]}]]", 1 + 1 + 2 * 3),
    ("twice: k", 1 + 2 * (2 + 14)),
    ("twice", 1 + 2 * (2 + 6)),
    ("repeat: {times: 2, index: i, layers: [twice: {n: i + 1}]}", 1 + (2 + 8) + (2 + 12)),
    ("attention: 3", 1 + 5),
    ("attention: {heads: 3, from: [input, input, input], out: false, causal: true}", 1 + 7),
    ("repeat: {times: 3, layers: [attention: 1, relu]}", 1 + 3 * (1 + 6 + 1)),
    ("repeat: {times: 2, index: i, layers: [attention: {heads: 1, window: 4, shift: i}]}",
     1 + (1 + 1 + 7) + (1 + 1 + 8)),
    ("focus", 1 + 1 + 7),
    ("focus: [0, 1]", 1 + 1 + 8),
    ("repeat: {for: {s: [0, 0, 2]}, layers: [focus: s]}", 1 + 3 * (1 + 1 + 1 + 7) + 1),
    ("concat: {split: 3, branches: [[], [], [relu]]}", 1 + 3 + 1),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "count"), NESTED)
def test_the_steps_are_known_beforehand(statement: str, count: int) -> None:
    text = (
        "input: 8x8x3\nlet: {k: 7}\n"
        "blocks: {twice: {fields: {n: 3}, layers: [once: n, once: {m: n}]},"
        " once: {fields: {m: 1}, layers: [repeat: {times: m, layers: [relu]}]},"
        " focus: {fields: {shift: 0}, layers: [attention: {heads: 3, window: 4, inherit: true}]}}\n"
        f"layers: [{statement}]\n"
    )
    counted, walked = steps_of(text)
    assert counted == walked
    assert walked == count


def test_what_is_said_of_all_attention_counts_too() -> None:
    text = (
        "input: 8x8x3\ndefaults: {attention: {causal: true, out: false}}\nlayers: [attention: 3]\n"
    )
    assert steps_of(text) == (6, 6)


def test_a_mask_that_waits_for_shapes_is_counted_at_least() -> None:
    """It is not there where nothing is known of the shift; a count with it is no exact one."""
    statement = "attention: {heads: 1, window: 4, shift: channels - 2}"
    assert steps_of(f"input: 8x8x3\nlayers: [{statement}]\n") == (8, 9)
    text = f"input: 8x8x3\nlayers: [repeat: {{times: 90000, layers: [{statement}]}}]\n"
    with pytest.raises(shapecalc.SpecErrors, match="grows to more than 810,000 layers"):
        shapecalc.loads(text)


@pytest.mark.parametrize("seed", range(40))
def test_the_steps_of_random_specs_are_known_beforehand(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(5):
        try:
            counted, walked = steps_of(written(spec(rng)))
        except shapecalc.SpecErrors:
            continue  # the text is no spec
        except TooManyError:
            continue  # refused for what is counted, so nothing is walked to compare
        assert counted == walked


def steps_of(text: str) -> tuple[int, int]:
    """Return the steps that are counted, and those that the walk takes."""
    expansion = Expansion(())
    net = read(Source("<text>", text))
    constants = Constants(expansion, net, {}, {})
    resolver = Resolver(expansion, tuple(entry.name for entry in net.inputs))
    builder = Builder(expansion, net, constants.scope, resolver.source_of)
    conditions = Conditions(expansion, resolver.met, resolver.source_of)
    walk = Walk(expansion, net, constants, builder, conditions)
    root = Level(None, "network")
    flow = constants.inputs(root)
    walk.sequence(net.uses, flow, Position(root, constants.scope))
    count = StepCount(net, constants.scope, 500_000)
    return count.sequence(net.uses, constants.scope), walk.steps


@pytest.mark.parametrize(
    "statement",
    [
        "repeat: {times: 10**9, layers: [relu]}",
        "repeat: {name: r, times: n, layers: [relu]}",
        "repeat: {times: 1000, layers: [repeat: {times: 1000, layers: [repeat: {times: n, layers: []}]}]}",
        "repeat: {times: 1500, index: i, layers: [repeat: {times: i, layers: [relu]}]}",
        "repeat: {for: {k: [1, 1000000]}, layers: [repeat: {times: k, layers: [relu]}]}",
        "add: [[repeat: {times: 10**8, layers: [relu]}], []]",
        "side: {s: [repeat: {times: 10**8, layers: [relu]}]}",
        "b0",
        "repeat: {times: 90000, layers: [attention: 1]}",
        "repeat: {times: 60000, index: i, layers: [attention: {heads: 1, window: 4, shift: i}]}",
    ],
)
def test_what_must_be_refused_is_not_built(statement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = ", ".join(f"b{i}: {{layers: [b{i + 1}, b{i + 1}]}}" for i in range(40))
    text = (
        f"input: 8x8x3\nlet: {{n: 10**8}}\nblocks: {{{blocks}, b40: {{layers: [relu]}}}}\n"
        f"layers: [{statement}]\n"
    )
    built = []
    draft = Walk.draft
    monkeypatch.setattr(Walk, "draft", lambda *words: built.append(1) or draft(*words))
    assert codes_of(text) == ["E153"]
    assert len(built) <= COUNTED_FROM


def test_a_constant_of_a_shipped_spec_that_makes_it_too_long() -> None:
    with pytest.raises(shapecalc.SpecErrors, match="grows to 8,000,000,030 layers and rounds"):
        shapecalc.load("plain34", settings={"n3": 10**9})


def test_an_edit_that_makes_a_repeat_too_long(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "input: 8x8x3\nlayers: [repeat: {name: s, times: 3, layers: [relu]}, repeat: {name: gone,"
        " times: 10**6, layers: [relu]}]\n"
    )
    edited = tmp_path / "edited.yaml"
    edited.write_text("extends: base\nremove: [gone]\n")
    assert len(shapecalc.summarize(str(edited)).rows) == 4  # what is removed counts nothing
    edited.write_text("extends: base\nremove: [gone]\nchange: {s: {times: 10**8}}\n")
    with pytest.raises(
        shapecalc.SpecErrors, match="E153: the network grows to more than 200,000,00"
    ):
        shapecalc.summarize(str(edited))


def test_what_is_wrong_in_a_repeat_is_told_beside_a_number_of_rounds_that_is_wrong() -> None:
    spec = "input: 9x9x3\nlayers:\n  - repeat: {times: frogs, layers: [conv3-4, dense, relu: 3]}\n"
    assert codes_of(spec) == ["E116", "E113", "E110"]
