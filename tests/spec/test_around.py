"""What stands around the layers: version, name, source, note, x- keys, `expect`."""

from __future__ import annotations

import pytest

from tests.spec.support import codes_of, place_of, problems_of, report_of

BODY = "input: 3\nlayers: [dense: 2]\n"


def test_the_version_may_be_said() -> None:
    report_of("shapecalc: 1\n" + BODY)


@pytest.mark.parametrize("version", ["2", "1.0", "one", "[1]", ""])
def test_an_unknown_version_is_refused(version: str) -> None:
    (problem,) = problems_of(f"shapecalc: {version}\n{BODY}")
    assert problem.code == "E119"


def test_name_source_and_note_of_the_network() -> None:
    spec = report_of(
        "name: AlexNet\nsource: 'Krizhevsky: 2012'\nnote: one line\n" + BODY
    ).graph.spec
    assert (spec.name, spec.citation, spec.note) == ("AlexNet", "Krizhevsky: 2012", "one line")


@pytest.mark.parametrize("key", ["name", "source", "note"])
@pytest.mark.parametrize("value", ["", "[a]", "{a: b}", '""'])
def test_texts_are_texts(key: str, value: str) -> None:
    assert codes_of(f"{key}: {value}\n{BODY}") == ["E110"]


def test_a_note_on_every_kind_of_statement_is_carried() -> None:
    report = report_of(
        """
        input: 8x8x3
        blocks: {b: {layers: [relu]}}
        layers:
          - conv3-3: {note: the stem}
          - add: {note: the join, a: [relu: {note: in a branch}], b: []}
          - b: {note: of the block}
          - group: {name: g, note: of the group, layers: [tanh]}
          - repeat: {name: r, note: of the repeat, times: 1, layers: [elu]}
        """
    )
    assert report["conv1"].note == "the stem"
    assert report["add1"].note == "the join"
    assert report["a/relu1"].note == "in a branch"
    groups = report.graph.groups
    assert [groups[path].note for path in ("b1", "g", "r")] == [
        "of the block",
        "of the group",
        "of the repeat",
    ]


def test_keys_that_begin_with_x_are_ignored_everywhere() -> None:
    report = report_of(
        """
        x-author: me
        x-list: [1, {a: b}]
        input: 8x8x3
        blocks: {b: {x-why: because, layers: [relu]}}
        defaults: {conv: {x-a: b, bias: false}}
        expect: {x-a: b, params: 9}
        layers:
          - conv: {filters: 3, kernel: 1, x-colour: blue}
          - b: {x-a: 3}
          - add: {x-a: 3, a: [], b: []}
          - group: {name: g, x-a: 3, layers: []}
          - repeat: {times: 1, x-a: 3, layers: []}
        """
    )
    assert report.totals.params == 9
    assert report.graph.expected == {"params": 9}


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("layer", "layers"),
        ("inptu", "input"),
        ("Name", "name"),
        ("blcoks", "blocks"),
        ("extend", "extends"),
        ("sources", "source"),
    ],
)
def test_every_other_unknown_key_is_refused_with_a_suggestion(key: str, hint: str) -> None:
    (problem,) = problems_of(f"{key}: 3\n{BODY}")
    assert (problem.code, problem.hint) == ("E111", f"did you mean '{hint}'?")
    assert place_of(problem) == key


def test_what_is_expected_may_be_an_expression() -> None:
    spec = """
        input: 3
        let: {k: 4}
        layers: [dense: k]
        expect: {params: 3*k + k, macs: 12, weights: 12, biases: 4, buffers: 0, flops: 24,
                 connections: 16, activations: 3 + k, source: by hand}
        """
    report = report_of(spec)
    assert report.graph.expected == {
        "params": 16,
        "macs": 12,
        "weights": 12,
        "biases": 4,
        "buffers": 0,
        "flops": 24,
        "connections": 16,
        "activations": 7,
    }
    assert report.graph.spec.expect_source == "by hand"
    assert report_of(spec, settings={"k": "5"}).graph.expected["params"] == 20
    totals = report.totals
    for column, value in report.graph.expected.items():
        assert getattr(totals, column) == value


def test_what_is_expected_may_be_very_large() -> None:
    report = report_of(BODY + "expect: {macs: 10**17}\n")
    assert report.graph.expected == {"macs": 10**17}


def test_without_an_expectation_there_is_none() -> None:
    report = report_of(BODY)
    assert (report.graph.expected, report.graph.spec.expect_source) == ({}, "")


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        ("3", "E110"),
        ("{parms: 3}", "E111"),
        ("{params: many}", "E116"),
        ("{params: 1e6}", "E115"),
        ("{params: [3]}", "E110"),
        ("{params: 61.7}", "E115"),
        ("{params: }", "E110"),
        ("{params: 3, source: }", "E110"),
        ("{peak: 3}", "E111"),
    ],
)
def test_expectations_that_cannot_be(expect: str, code: str) -> None:
    assert codes_of(f"{BODY}expect: {expect}\n") == [code]


@pytest.mark.parametrize("root", ["[relu]", "relu", "3", '"text"', "- input: 3"])
def test_a_spec_is_a_map(root: str) -> None:
    (problem,) = problems_of(root + "\n")
    assert problem.code == "E110"


@pytest.mark.parametrize("root", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n"])
def test_an_empty_spec(root: str) -> None:
    assert codes_of(root) == ["E006"]


def test_a_map_without_anything() -> None:
    assert codes_of("{}") == ["E113", "E113"]


def test_all_that_is_wrong_is_told_in_one_run_in_its_order() -> None:
    problems = problems_of(
        """
        nmae: x
        input: 8x8x3
        let: {2k: 3}
        layers:
          - rellu
          - conv: {filters: 0, kernel: 3}
          - conv: {filters: 4, kernel: 9}
          - add: {from: [conv9, .]}
          - dense: {units: 3, bais: false}
        """
    )
    assert [problem.code for problem in problems] == [
        "E111",
        "E117",
        "E112",
        "E114",
        "E150",
        "E111",
    ]


def test_a_mistake_hides_only_what_follows_from_it() -> None:
    # the second conv's input is known, the dense layer's is not
    problems = problems_of(
        """
        input: 8x8x3
        layers:
          - side: {a: [conv: {filters: 4, kernel: 9}, dense: 3]}
          - conv: {filters: 4, kernel: 10}
          - dense: 3
        """
    )
    assert [problem.code for problem in problems] == ["E204", "E204"]
