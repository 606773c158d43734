"""Ranges: both ends belong to them, and what is no range is told with its place."""

from __future__ import annotations

import pytest

from shapecalc.errors import SpecErrors
from shapecalc.spec.ranges import must_be_few, points, read_range, read_ranges


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("k=16:512", range(16, 513)),
        ("k = 16 : 512", range(16, 513)),
        ("k=0:0", range(1)),
        ("H=32:512:32", range(32, 513, 32)),
        ("H=32:511:32", range(32, 481, 32)),
        ("d=4", (4,)),
        ("d=4,1,4, 2", (4, 1, 2)),
    ],
)
def test_values(text: str, values: object) -> None:
    assert read_range(text).values == values


def test_a_range_writes_itself_as_it_was_given() -> None:
    for text in ("k=16:512", "k=16:496:32", "k=3,1,2"):
        each = read_range(text)
        assert f"{each.name}={each.text()}" == text
        assert read_range(f"k={each.text()}").values == each.values


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("k", None),
        ("conv1.stride", ("conv1", "stride")),
        ("conv2_x/1/conv1.pad", ("conv2_x/1/conv1", "pad")),
        ("v1.5.kernel", ("v1.5", "kernel")),
    ],
)
def test_a_field_of_a_layer(name: str, field: tuple[str, str] | None) -> None:
    assert read_range(f"{name}=1:2").field == field


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("k", "E340", "k"),
        ("=3", "E340", "=3"),
        ("k=", "E340", ""),
        ("k=1:x", "E340", "x"),
        ("k=1,-2", "E340", "-2"),
        ("k=1.5:2", "E340", "1.5"),
        ("k=1:2:3:4", "E340", "1:2:3:4"),
        ("k=1000000000000000000:2", "E340", "1000000000000000000"),
        ("k=9:3", "E341", "9:3"),
        ("k=1:9:0", "E341", "0"),
    ],
)
def test_what_is_no_range(text: str, code: str, place: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_range(text)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.origin is not None
    span = problem.origin.span
    assert span is not None
    assert text[span.column : span.end_column] == place


def test_several_from_a_program() -> None:
    over = {"k": range(1, 10, 4), "a.pad": [2, 0], "H": "7:9", "d": range(3, 0, -1)}
    found = {each.name: each.values for each in read_ranges(over)}
    assert found == {"k": range(1, 10, 4), "a.pad": (2, 0), "H": range(7, 10), "d": (3, 2, 1)}


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SpecErrors) as caught:
        read_ranges(["k=9:3", "H=a", "W=1:2", "W=3"])
    assert [problem.code for problem in caught.value.problems] == ["E341", "E340", "E340"]
    assert "two ranges" in caught.value.problems[-1].message


def test_many_points_are_refused_with_their_count() -> None:
    ranges = read_ranges(["H=1:1000000", "k=1:1000000"])
    assert points(ranges) == 10**12
    must_be_few(ranges, 10**12, "")
    with pytest.raises(SpecErrors) as caught:
        must_be_few(ranges, 10**12 - 1, "use a step")
    (problem,) = caught.value.problems
    assert problem.code == "E342"
    assert "1,000,000,000,000 points" in problem.message
