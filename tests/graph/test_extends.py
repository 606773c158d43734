"""`extends` with its four edits, over one and several levels, and `defaults`."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.errors import Problem, SpecErrors
from tests.spec.support import codes_of, names_of, output_of, place_of, report_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapecalc.report import Report

BASE = """
name: Base
source: a paper
note: a note
input: 32x32x3
let: {k: 8, twice: 2*k}
defaults: {conv: {bias: false}}
blocks:
  unit: {fields: [n], layers: [conv: {filters: n, kernel: 3, pad: 1}, relu]}
layers:
  - conv: {filters: k, kernel: 3, pad: 1}
  - relu
  - maxpool
  - unit: {name: middle, n: twice}
  - add: {body: [conv: {filters: twice, kernel: 1}], same_: []}
  - repeat: {name: stage, times: 2, layers: [relu]}
  - dense: 10
expect: {params: 1}
"""


@pytest.fixture
def child(tmp_path: Path) -> Callable[..., Report]:
    """Return a function that computes a spec which extends BASE."""
    (tmp_path / "base.yaml").write_text(dedent(BASE))

    def compute(text: str, **options: object) -> Report:
        path = tmp_path / "child.yaml"
        path.write_text("extends: base.yaml\n" + dedent(text))
        return shapecalc.summarize(path, **options)  # type: ignore[arg-type]

    return compute


def problems(compute: Callable[..., Report], text: str) -> tuple[Problem, ...]:
    with pytest.raises(SpecErrors) as caught:
        compute(text)
    return caught.value.problems


def codes(compute: Callable[..., Report], text: str) -> list[str]:
    return [problem.code for problem in problems(compute, text)]


NAMES = [
    "conv1",
    "relu1",
    "pool1",
    "middle/conv1",
    "middle/relu1",
    "body/conv1",
    "add1",
    "stage/1/relu1",
    "stage/2/relu1",
    "fc1",
]


def test_an_extension_without_edits_is_the_base(child: Callable[..., Report]) -> None:
    report = child("")
    assert names_of(report) == NAMES
    assert output_of(report, "middle/conv1") == "16x16x16"
    # the base's expectation is not the extension's; its name and words are its own
    spec = report.graph.spec
    assert (report.graph.expected, spec.name, spec.citation, spec.note) == ({}, "child", "", "")


def test_change_sets_fields_and_keeps_the_others(child: Callable[..., Report]) -> None:
    report = child("change: {conv1: {kernel: 5, pad: 2, stride: 2}}\n")
    assert output_of(report, "conv1") == "16x16x8"
    assert (report["conv1"].weights, report["conv1"].biases) == (600, 0)  # 8 x 3 x 25


def test_change_with_a_type_replaces_the_layer_under_its_name(child: Callable[..., Report]) -> None:
    report = child("change: {conv1: {type: depthwise, kernel: 3, pad: 1}, relu1: {type: tanh}}\n")
    assert names_of(report) == NAMES
    assert (report["conv1"].type, report["relu1"].type) == ("depthwise", "tanh")
    assert output_of(report, "conv1") == "32x32x3"


@pytest.mark.parametrize(("type_", "word"), [("fc", "dense"), ("Dense", "dense"), ("unit", "conv")])
def test_the_new_type_may_be_an_alias_or_a_block(
    child: Callable[..., Report], type_: str, word: str
) -> None:
    field = "n" if type_ == "unit" else "units"
    report = (
        child(f"change: {{fc1: {{type: {type_}, {field}: 4}}}}\n")
        if type_ != "unit"
        else child("change: {conv1: {type: unit, n: 4}}\n")
    )
    row = report["conv1/conv1"] if type_ == "unit" else report["fc1"]
    assert row.type == word
    assert row.output.channels == 4


def test_change_of_a_blocks_arguments(child: Callable[..., Report]) -> None:
    report = child("change: {middle: {n: 5}, body/conv1: {filters: 5}}\n")
    assert output_of(report, "middle/conv1") == "16x16x5"


def test_change_reaches_into_blocks_branches_and_rounds(child: Callable[..., Report]) -> None:
    report = child(
        "change: {middle/relu1: {type: tanh}, body/conv1: {bias: true}, stage/2/relu1: {type: elu}}\n"
    )
    assert report["middle/relu1"].type == "tanh"
    assert report["body/conv1"].biases == 16
    assert [report[f"stage/{i}/relu1"].type for i in (1, 2)] == ["relu", "elu"]


def test_change_of_a_repeat(child: Callable[..., Report]) -> None:
    report = child("change: {stage: {times: 3}}\n")
    assert names_of(report)[7:10] == ["stage/1/relu1", "stage/2/relu1", "stage/3/relu1"]
    report = child("change: {stage: {for: {x: [1]}}}\n")
    assert names_of(report)[7:9] == ["stage/1/relu1", "fc1"]


#: A base whose repeats count and whose layers are written in the papers' words.
ROUNDS = """
input: 16x16x3
layers:
  - repeat: {name: r, times: 2, index: i, layers: [conv: {filters: 4*(i + 1), kernel: 1}]}
  - repeat: {name: w, for: {c: [5, 6]}, index: j, layers: [conv: {filters: c + j, kernel: 1}]}
  - conv3-8
  - maxpool
  - concat: {name: both, a: [conv: {filters: 2, kernel: 1}], b: []}
  - side: {name: beside, one: [relu], two: [tanh]}
  - dense: 10
"""


@pytest.fixture
def grandchild(tmp_path: Path) -> Callable[..., Report]:
    """Return a function that computes edits of ROUNDS, a file for each text, one on the other."""
    (tmp_path / "0.yaml").write_text(ROUNDS)

    def compute(*texts: str) -> Report:
        for number, text in enumerate(texts, 1):
            path = tmp_path / f"{number}.yaml"
            path.write_text(f"extends: {number - 1}.yaml\n" + dedent(text))
        return shapecalc.summarize(path)

    return compute


def channels_of(report: Report, level: str) -> list[object]:
    return [row.output.channels for row in report if row.name.startswith(f"{level}/")]


def test_a_repeat_that_is_changed_keeps_its_index(grandchild: Callable[..., Report]) -> None:
    assert channels_of(grandchild("change: {r: {times: 3}}\n"), "r") == [4, 8, 12]
    assert channels_of(grandchild("change: {w: {for: {c: [7, 8, 9]}}}\n"), "w") == [7, 9, 11]


def test_times_may_become_for_and_for_times(grandchild: Callable[..., Report]) -> None:
    assert channels_of(grandchild("change: {r: {for: {x: [1, 1, 1]}}}\n"), "r") == [4, 8, 12]
    report = grandchild("change: {r/1/conv1: {filters: 3}, r: {times: 1}}\n")
    assert channels_of(report, "r") == [3]
    filters = "w/1/conv1: {filters: 9}, w/2/conv1: {filters: 8 + j}"
    assert channels_of(grandchild(f"change: {{w: {{times: 2}}, {filters}}}\n"), "w") == [9, 9]


def test_the_index_of_a_repeat_may_be_changed(grandchild: Callable[..., Report]) -> None:
    with pytest.raises(SpecErrors, match="'i'"):
        grandchild("change: {r: {index: n}}\n")
    report = grandchild(
        "change: {r: {index: n}, r/1/conv1: {filters: n + 1}, r/2/conv1: {filters: n + 7}}\n"
    )
    assert channels_of(report, "r") == [1, 8]


def test_a_layer_in_the_papers_words_is_changed(grandchild: Callable[..., Report]) -> None:
    report = grandchild("change: {conv1: {filters: 6}}\n")
    assert output_of(report, "conv1") == "16x16x6"
    report = grandchild("change: {conv1: {kernel: 5, pad: 0}}\n")
    assert output_of(report, "conv1") == "12x12x8"
    report = grandchild("change: {fc1: {units: 3}}\n")
    assert output_of(report, "fc1") == "3"


def test_what_is_changed_twice_keeps_both_changes(grandchild: Callable[..., Report]) -> None:
    report = grandchild(
        "change: {conv1: {kernel: 5, pad: 2, note: first}}\n",
        "change: {conv1: {filters: 4, note: second}}\n",
    )
    assert report["conv1"].weights == 25 * 4 * 7  # w's last round gives 6 + 1 channels
    assert report["conv1"].note == "second"


def test_the_last_change_of_a_field_holds(grandchild: Callable[..., Report]) -> None:
    report = grandchild(*(f"change: {{conv1: {{filters: {n}}}}}\n" for n in (3, 5, 4)))
    assert output_of(report, "conv1") == "16x16x4"


def test_a_change_keeps_note_and_source_that_it_does_not_name(
    grandchild: Callable[..., Report],
) -> None:
    report = grandchild(
        "change: {fc1: {note: the end, from: pool1}}\n", "change: {fc1: {units: 3}}\n"
    )
    assert (report["fc1"].note, report["fc1"].sources) == ("the end", ("pool1",))
    assert report["fc1"].weights == 8 * 8 * 8 * 3


def test_a_join_of_another_type_keeps_its_branches(grandchild: Callable[..., Report]) -> None:
    report = grandchild("change: {both/a/conv1: {filters: 8}, both: {type: add}}\n")
    assert (report["both"].type, output_of(report, "both")) == ("add", "8x8x8")
    assert report["both"].sources == ("both/a/conv1", "pool1")


def test_a_join_that_becomes_a_layer_loses_its_branches(grandchild: Callable[..., Report]) -> None:
    report = grandchild("change: {both: {type: tanh}}\n")
    assert report["both"].sources == ("pool1",)
    assert "both/a/conv1" not in names_of(report)


def test_insertions_of_two_files_stand_in_their_order(grandchild: Callable[..., Report]) -> None:
    """Before a layer the later file's come nearer to it, and after it they come later."""
    report = grandchild(
        "before: {pool1: [relu: {name: a}]}\nafter: {pool1: [relu: {name: b}]}\n",
        "before: {pool1: [relu: {name: c}]}\nafter: {pool1: [relu: {name: d}]}\n",
    )
    names = names_of(report)
    assert names[names.index("conv1") :][:6] == ["conv1", "a", "c", "pool1", "b", "d"]


def test_only_later_files_edit_what_a_file_inserts(grandchild: Callable[..., Report]) -> None:
    report = grandchild(
        "after: {pool1: [conv: {name: new, filters: 4, kernel: 1}]}\n",
        "change: {new: {filters: 5}}\nafter: {new: [relu: {name: last}]}\n",
    )
    assert output_of(report, "new") == "8x8x5"
    assert report["last"].sources == ("new",)
    with pytest.raises(SpecErrors, match="new"):
        grandchild("after: {pool1: [relu: {name: new}]}\nremove: [new]\n")


def test_what_is_removed_leaves_what_stands_around_it(grandchild: Callable[..., Report]) -> None:
    report = grandchild("remove: [pool1]\n", "after: {conv1: [avgpool: {name: instead}]}\n")
    names = names_of(report)
    assert names[names.index("conv1") :][:3] == ["conv1", "instead", "both/a/conv1"]
    assert report["both"].sources == ("both/a/conv1", "instead")


def test_a_removed_round_and_a_removed_branch_layer(grandchild: Callable[..., Report]) -> None:
    report = grandchild("remove: [r/1/conv1, both/a/conv1, beside]\n")
    assert channels_of(report, "r") == [8]
    assert report["both"].sources == ("pool1", "pool1")
    assert output_of(report, "both") == "8x8x16"
    assert not any(row.name.startswith("beside") for row in report)


def test_a_name_that_was_removed_is_free_for_what_is_inserted(
    grandchild: Callable[..., Report],
) -> None:
    report = grandchild(
        "remove: [pool1]\nafter: {conv1: [avgpool: {name: pool1, kernel: 4, stride: 4}]}\n"
    )
    assert (report["pool1"].type, output_of(report, "pool1")) == ("avgpool", "4x4x8")


def test_insertions_around_a_level_and_a_join(grandchild: Callable[..., Report]) -> None:
    report = grandchild("before: {r: [lrn], both: [elu]}\nafter: {r: [sigmoid], both: [silu]}\n")
    names = names_of(report)
    assert names[:4] == ["norm1", "r/1/conv1", "r/2/conv1", "sigmoid1"]
    assert report["r/1/conv1"].sources == ("norm1",)
    assert report["both/a/conv1"].sources == ("elu1",)
    assert names[names.index("both") + 1] == "silu1"


def test_an_edit_of_a_round_is_of_that_round_alone(grandchild: Callable[..., Report]) -> None:
    report = grandchild("before: {r/2/conv1: [relu]}\nchange: {w/2/conv1: {kernel: 3, pad: 1}}\n")
    assert names_of(report)[:5] == ["r/1/conv1", "r/2/relu1", "r/2/conv1", "w/1/conv1", "w/2/conv1"]
    assert [report[f"w/{i}/conv1"].weights for i in (1, 2)] == [8 * 5, 9 * 5 * 7]


def test_change_of_a_join(child: Callable[..., Report]) -> None:
    report = child("change: {add1: {type: concat}}\n")
    assert output_of(report, "add1") == "16x16x32"


def test_change_of_what_every_layer_has(child: Callable[..., Report]) -> None:
    report = child("change: {fc1: {note: the end, from: relu1}, relu1: {x-mine: 3}}\n")
    assert report["fc1"].note == "the end"
    assert report["fc1"].sources == ("relu1",)
    assert report["fc1"].weights == 81_920  # 10 x 32 x 32 x 8


def test_remove_closes_the_gap_and_keeps_the_numbers(child: Callable[..., Report]) -> None:
    report = child("remove: relu1\n")
    assert names_of(report) == [name for name in NAMES if name != "relu1"]
    assert report["pool1"].sources == ("conv1",)
    report = child("remove: [relu1, stage/1/relu1]\n")
    assert names_of(report)[-2:] == ["stage/2/relu1", "fc1"]


def test_remove_of_a_level_removes_all_in_it(child: Callable[..., Report]) -> None:
    report = child("remove: [middle, add1, stage]\n")
    assert names_of(report) == ["conv1", "relu1", "pool1", "fc1"]


def test_before_and_after_insert(child: Callable[..., Report]) -> None:
    report = child(
        """
        before: {pool1: [lrn]}
        after: {pool1: [dropout: 0.5, tanh: {name: squash}]}
        """
    )
    assert names_of(report)[:7] == [
        "conv1",
        "relu1",
        "norm1",
        "pool1",
        "dropout1",
        "squash",
        "middle/conv1",
    ]


def test_inserted_layers_are_numbered_after_the_bases_own(child: Callable[..., Report]) -> None:
    report = child("after: {conv1: [relu, conv3-8]}\n")
    assert names_of(report)[:5] == ["conv1", "relu2", "conv2", "relu1", "pool1"]


def test_a_removed_layers_number_is_not_given_to_another(child: Callable[..., Report]) -> None:
    report = child("remove: [relu1]\nafter: {conv1: [relu]}\n")
    assert names_of(report)[:3] == ["conv1", "relu2", "pool1"]


def test_insertions_inside_a_level(child: Callable[..., Report]) -> None:
    report = child("after: {middle/conv1: [batchnorm]}\nbefore: {stage/2/relu1: [dropout]}\n")
    assert "middle/bn1" in names_of(report)
    assert names_of(report)[-4:] == ["stage/1/relu1", "stage/2/dropout1", "stage/2/relu1", "fc1"]


def test_all_edits_of_one_layer_together(child: Callable[..., Report]) -> None:
    report = child(
        """
        before: {relu1: [batchnorm]}
        change: {relu1: {type: elu}}
        after: {relu1: [dropout]}
        """
    )
    assert names_of(report)[:4] == ["conv1", "bn1", "relu1", "dropout1"]
    assert report["relu1"].type == "elu"
    report = child("before: {relu1: [batchnorm]}\nremove: [relu1]\nafter: {relu1: [tanh]}\n")
    assert names_of(report)[:4] == ["conv1", "bn1", "tanh1", "pool1"]


def test_let_is_evaluated_after_merging(child: Callable[..., Report]) -> None:
    report = child("let: {k: 4}\n")
    assert output_of(report, "conv1") == "32x32x4"
    assert output_of(report, "middle/conv1") == "16x16x8"  # twice: 2*k
    report = child("let: {k: 4}\n", settings={"k": 5})
    assert output_of(report, "middle/conv1") == "16x16x10"


def test_let_of_an_extension_may_add_names(child: Callable[..., Report]) -> None:
    assert output_of(child("let: {m: 3}\nchange: {fc1: {units: m*k}}\n"), "fc1") == "24"


def test_an_extension_has_another_input(child: Callable[..., Report]) -> None:
    assert output_of(child("input: 64x64x3\n"), "pool1") == "32x32x8"
    report = child("inputs: {a: 32x32x3, b: 32x32x3}\nchange: {conv1: {from: b}}\n")
    assert report["conv1"].sources == ("b",)


def test_an_extension_redefines_a_block(child: Callable[..., Report]) -> None:
    report = child("blocks: {unit: {fields: [n], layers: [conv: {filters: n, kernel: 1}]}}\n")
    assert "middle/relu1" not in names_of(report)
    assert report["middle/conv1"].weights == 128  # 16 x 8


def test_an_extension_may_use_the_bases_blocks_and_its_own(child: Callable[..., Report]) -> None:
    report = child(
        """
        blocks: {pair: {layers: [unit: 16, unit: 16]}}
        after: {middle: [pair]}
        """
    )
    assert output_of(report, "pair1/unit2/conv1") == "16x16x16"


def test_defaults_of_an_extension_are_merged_into_the_bases(child: Callable[..., Report]) -> None:
    report = child("defaults: {conv: {dilation: 2}, dense: {bias: false}}\n")
    assert report["conv1"].biases == 0
    assert output_of(report, "conv1") == "30x30x8"  # 32 + 2 - 5 + 1
    assert report["fc1"].biases == 0


def test_outputs_of_an_extension_replace_the_bases(child: Callable[..., Report]) -> None:
    report = child("outputs: [pool1]\n")
    assert [report.rows[index].name for index in report.graph.outputs] == ["pool1"]


def test_outputs_of_the_base_are_kept(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("input: 3\noutputs: [relu1]\nlayers: [relu, tanh]\n")
    (tmp_path / "child.yaml").write_text("extends: base.yaml\n")
    report = shapecalc.summarize(tmp_path / "child.yaml")
    assert [report.rows[index].name for index in report.graph.outputs] == ["relu1"]


def test_edits_of_two_levels(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(dedent(BASE))
    (tmp_path / "middle.yaml").write_text(
        dedent(
            """
        extends: base.yaml
        change: {conv1: {kernel: 5, pad: 2}}
        after: {conv1: [batchnorm: {name: bn}]}
        remove: [relu1]
        """
        )
    )
    (tmp_path / "top.yaml").write_text(
        dedent(
            """
        extends: middle.yaml
        change: {conv1: {filters: 4}, bn: {affine: false}}
        before: {bn: [tanh]}
        """
        )
    )
    report = shapecalc.summarize(tmp_path / "top.yaml")
    assert names_of(report)[:4] == ["conv1", "tanh1", "bn", "pool1"]
    assert report["bn"].params == 0
    assert report["conv1"].weights == 300  # 4 x 3 x 25
    assert [base.name.rsplit("/", 1)[-1] for base in report.graph.spec.extends] == [
        "middle.yaml",
        "base.yaml",
    ]


def test_a_spec_extends_a_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: alexnet\nchange: {fc8: {units: 10}}\n")
    report = shapecalc.summarize(path)
    assert report["fc8"].params == 40_970  # 4096 x 10 + 10
    # AlexNet's 62,378,344 (published.md, section 3) less 4,097,000 plus 40,970
    assert report.totals.params == 58_322_314


def test_a_file_beside_wins_over_a_shipped_spec(tmp_path: Path) -> None:
    (tmp_path / "alexnet.yaml").write_text("input: 3\nlayers: [dense: 2]\n")
    (tmp_path / "mine.yaml").write_text("extends: alexnet.yaml\n")
    assert shapecalc.summarize(tmp_path / "mine.yaml").totals.params == 8


@pytest.mark.parametrize(
    ("edit", "code", "place"),
    [
        ("change: {conv9: {kernel: 5}}", "E120", "conv9"),
        ("remove: [conv1, conv9]", "E120", "conv9"),
        ("before: {conv9: [relu]}", "E120", "conv9"),
        ("after: {middle/conv9: [relu]}", "E120", "middle/conv9"),
        ("change: {conv1: {kernl: 5}}", "E111", "kernl"),
        ("change: {conv1: {name: first}}", "E111", "name"),
        ("change: {middle: {m: 5}}", "E111", "m"),
        ("change: {add1: {filters: 5}}", "E111", "filters"),
        ("change: {stage: {layers: [relu]}}", "E111", "layers"),
        ("change: {conv1: {type: cnov}}", "E112", "cnov"),
        ("change: {conv1: {type: conv, filters: 3}}", "E113", "conv"),
        ("change: {conv1: 5}", "E110", "5"),
        ("change: {conv1: {kernel: 0}}", "E114", "0"),
        ("change: [conv1]", "E110", "[conv1]"),
        ("remove: {conv1: }", "E110", "{conv1: }"),
        ("after: {conv1: rleu}", "E112", "rleu"),
        ("layers: [relu]", "E111", "layers"),
        ("change: {conv1: {filters: q}}", "E116", "q"),
    ],
)
def test_edits_that_cannot_be(
    child: Callable[..., Report], edit: str, code: str, place: str
) -> None:
    (problem,) = problems(child, edit + "\n")
    assert problem.code == code
    assert place_of(problem) == place
    assert problem.origin is not None
    assert problem.origin.source.name.endswith("child.yaml")


@pytest.mark.parametrize("path", ["body", "stage/1", "tanh1"])
def test_what_is_there_but_cannot_be_edited(tmp_path: Path, path: str) -> None:
    (tmp_path / "base.yaml").write_text(dedent(BASE))
    (tmp_path / "middle.yaml").write_text("extends: base.yaml\nafter: {fc1: [tanh]}\n")
    (tmp_path / "top.yaml").write_text(f"extends: middle.yaml\nremove: [{path}]\n")
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(tmp_path / "top.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("E120", f"'{path}' cannot be edited")


def test_a_suggestion_for_an_edit_that_names_no_layer(child: Callable[..., Report]) -> None:
    (problem,) = problems(child, "change: {midle: {n: 5}}\n")
    assert problem.hint == "did you mean 'middle'?"


def test_a_reference_to_a_removed_layer(child: Callable[..., Report]) -> None:
    (problem,) = problems(child, "remove: [relu1]\nchange: {fc1: {from: relu1}}\n")
    assert problem.code == "E150"
    assert "removed" in problem.message


def test_edits_without_a_base() -> None:
    for key in ("change: {a: {b: 1}}", "remove: [a]", "before: {a: [relu]}", "after: {a: [relu]}"):
        assert codes_of(f"input: 3\n{key}\nlayers: [relu]\n") == ["E111"]


def test_a_mistake_in_the_base_is_told_at_its_place_in_the_base(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("input: 3\nlayers: [rellu]\n")
    (tmp_path / "child.yaml").write_text("extends: base.yaml\nlet: {2k: 3}\n")
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(tmp_path / "child.yaml")
    places = [
        (problem.code, problem.origin.source.name.rsplit("/", 1)[-1])
        for problem in caught.value.problems
        if problem.origin
    ]
    assert places == [("E112", "base.yaml"), ("E117", "child.yaml")]


def test_a_base_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text("nmae: x\nextends: bse.yaml\n")
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(tmp_path / "child.yaml")
    unknown, missing = caught.value.problems
    assert (unknown.code, missing.code) == ("E111", "E001")
    assert place_of(missing) == "bse.yaml"


#: What an edit breaks in its base -> the code, and whether it is told at the edit's own value.
BREAKING = [
    ("change: {conv1: {filters: 7}}", "E205", "conv1"),
    ("change: {conv1: {kernel: 5}}", "E204", "conv1"),
    ("change: {conv1: {type: dense, units: 7}}", "E201", "conv1"),
    ("change: {relu1: {type: maxpool, kernel: 30}}", "E204", "30"),
    ("before: {pool1: [maxpool: 2]}", "E204", "pool1"),
    ("after: {relu1: [maxpool: 20]}", "E204", "20"),
    ("remove: [fc1]", "E209", "fc1"),
    ("change: {relu1: {type: tanh}, conv1: {kernel: 5}}", "E204", "conv1"),
]


@pytest.mark.parametrize(("edit", "code", "place"), BREAKING)
def test_a_fault_in_the_base_is_the_edits_that_makes_it(
    edit: str, code: str, place: str, tmp_path: Path
) -> None:
    layers = "[conv: {filters: 8, kernel: 3, groups: 2}, relu, maxpool: 14, dense: 6, reshape: 2x3]"
    (tmp_path / "base.yaml").write_text(f"input: 16x16x4\nlayers: {layers}\n")
    path = tmp_path / "child.yaml"
    path.write_text(f"extends: base.yaml\n{edit}\n")
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(path)
    for problem in caught.value.problems:
        assert problem.code == code
        assert problem.origin is not None
        assert problem.origin.source.name == str(path)
        assert place_of(problem) == place


def test_a_fault_of_the_base_itself_and_one_of_two_edits_stay_where_they_are(
    tmp_path: Path,
) -> None:
    for layers, edits in (
        ("[maxpool: 14, conv: {filters: 3, kernel: 5}]", "after: {conv1: [relu]}"),
        (
            "[relu, tanh, conv: {filters: 3, kernel: 4}]",
            "change: {relu1: {type: maxpool, kernel: 5},"
            " tanh1: {type: maxpool, kernel: 3, stride: 5}}",
        ),
    ):
        (tmp_path / "base.yaml").write_text(f"input: 16x16x4\nlayers: {layers}\n")
        (tmp_path / "child.yaml").write_text(f"extends: base.yaml\n{edits}\n")
        with pytest.raises(SpecErrors) as caught:
            shapecalc.summarize(tmp_path / "child.yaml")
        (problem,) = caught.value.problems
        assert problem.origin is not None
        assert problem.origin.source.name == str(tmp_path / "base.yaml")


def test_specs_that_extend_each_other_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("extends: b.yaml\n")
    (tmp_path / "b.yaml").write_text("extends: c\n")
    (tmp_path / "c.yaml").write_text("extends: a.yaml\n")
    (tmp_path / "self.yaml").write_text("extends: self.yaml\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "winding.yaml").write_text("extends: sub/../winding.yaml\n")
    for name in ("a", "b", "self", "winding"):
        with pytest.raises(SpecErrors) as caught:
            shapecalc.summarize(tmp_path / f"{name}.yaml")
        assert [problem.code for problem in caught.value.problems] == ["E118"]


def test_thirty_levels_of_extension_work_and_fifty_are_refused(tmp_path: Path) -> None:
    (tmp_path / "n0.yaml").write_text("input: 3\nlayers: [relu]\n")
    for i in range(1, 60):
        (tmp_path / f"n{i}.yaml").write_text(f"extends: n{i - 1}.yaml\nafter: {{relu1: [tanh]}}\n")
    assert len(names_of(shapecalc.summarize(tmp_path / "n30.yaml"))) == 31
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(tmp_path / "n50.yaml")
    assert [problem.code for problem in caught.value.problems] == ["E118"]


@pytest.mark.parametrize(
    ("written", "code"), [("[a]", "E110"), ("", "E110"), ('"-"', "E110"), ('""', "E110")]
)
def test_what_extends_cannot_be(written: str, code: str) -> None:
    assert codes_of(f"extends: {written}\n") == [code]


def test_defaults_set_fields_for_a_type() -> None:
    report = report_of(
        """
        input: 9x9x3
        defaults: {conv: {bias: false, kernel: 5}, maxpool: {kernel: 3}}
        layers: [conv: 4, conv: {filters: 4, kernel: 3, bias: true}, maxpool]
        """
    )
    assert (report["conv1"].weights, report["conv1"].biases) == (300, 0)
    assert (report["conv2"].weights, report["conv2"].biases) == (144, 4)
    assert output_of(report, "pool1") == "1x1x4"


def test_defaults_hold_inside_blocks_and_for_the_papers_words() -> None:
    report = report_of(
        """
        input: 9x9x3
        defaults: {conv: {bias: false, stride: 2}, fc: {bias: false}}
        blocks: {b: {layers: [conv3-4]}}
        layers: [b, FC-5]
        """
    )
    assert (output_of(report, "b1/conv1"), report["b1/conv1"].biases) == ("5x5x4", 0)
    assert report["fc1"].biases == 0


def test_defaults_under_two_words_for_one_type_are_merged() -> None:
    report = report_of(
        "input: 9\ndefaults: {fc: {bias: false}, dense: {units: 4}}\nlayers: [dense]\n"
    )
    assert report["fc1"].params == 36


def test_defaults_may_use_constants() -> None:
    report = report_of("input: 9\nlet: {k: 4}\ndefaults: {dense: {units: 2*k}}\nlayers: [dense]\n")
    assert output_of(report, "fc1") == "8"


@pytest.mark.parametrize(
    ("defaults", "code"),
    [
        ("[conv]", "E110"),
        ("{conv: false}", "E110"),
        ("{cnov: {bias: false}}", "E112"),
        ("{repeat: {times: 3}}", "E112"),
        ("{conv: {bais: false}}", "E111"),
        ("{conv: {name: a}}", "E111"),
        ("{add: {a: 3}}", "E111"),
    ],
)
def test_defaults_that_cannot_be(defaults: str, code: str) -> None:
    assert codes_of(f"input: 9x9x3\ndefaults: {defaults}\nlayers: [relu]\n") == [code]


def test_a_wrong_default_is_told_where_it_stands_and_once() -> None:
    assert codes_of(
        "input: 9x9x3\ndefaults: {conv: {kernel: 0}}\nlayers: [conv: 3, conv: 4]\n"
    ) == ["E114"]


def test_a_changed_type_may_be_meant_for_a_block(child: Callable[..., Report]) -> None:
    (problem,) = problems(child, "change: {conv1: {type: unti}}\n")
    assert (problem.code, problem.hint) == ("E112", "did you mean 'unit'?")


def test_what_one_file_changes_another_may_remove(grandchild: Callable[..., Report]) -> None:
    edits = ("change: {conv1: {filters: 4}}\nafter: {conv1: [elu]}\n", "remove: [conv1]\n")
    for first, second in (edits, edits[::-1]):
        names = names_of(grandchild(first, second))
        assert "conv1" not in names
        assert "elu1" in names


def test_a_field_that_a_layer_does_not_have_is_answered_by_those_it_has(
    child: Callable[..., Report],
) -> None:
    (problem,) = problems(child, "change: {conv1: {zzz: 3}}")
    assert problem.message == "conv has no field 'zzz'"
    assert problem.hint.startswith("it takes bias, connections, dilation, filters, groups, kernel")


def test_a_blocks_name_is_suggested_as_the_type_that_a_layer_changes_to(
    child: Callable[..., Report],
) -> None:
    (problem,) = problems(child, "change: {relu1: {type: unti}}")
    assert (problem.message, problem.hint) == ("'unti' is not a layer type", "did you mean 'unit'?")
