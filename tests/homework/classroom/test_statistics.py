"""What a class shows, against brute force and NumPy, and on small classes made by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import log2
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from example_class import classroom, handed

from shapecalc.homework.classroom import Classroom, Graded, MarkedCell, Student
from shapecalc.homework.classroom.statistics import (
    ENOUGH,
    PAIRS,
    RARE,
    correlation,
    quantile,
    statistics,
    unexplained,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.homework.diagnosis import Verdict

KEY = {("conv1", "params"): "34,944", ("conv2", "params"): "614,656", ("fc6", "macs"): "37,748,736"}
ONE, NONE = Fraction(1), Fraction(0)


def mark(
    at: tuple[str, str],
    value: str,
    verdict: Verdict,
    *,
    right: str = "",
    ids: tuple[str, ...] = (),
    marks: Fraction | None = None,
    follows: bool = False,
) -> MarkedCell:
    worth = marks if marks is not None else (ONE if verdict.startswith("right") else NONE)
    explained = (ids,) if ids else ()
    key = right or KEY.get(at, "1")
    return MarkedCell(*at, value, value, value, key, verdict, explained, True, worth, ONE, follows)


def graded(name: str, cells: Iterable[MarkedCell]) -> Graded:
    made = tuple(cells)
    earned = sum((cell.marks for cell in made), NONE)
    out_of = sum((cell.out_of for cell in made), NONE)
    return Graded(Student(name), "graded", f"{name}.csv", 0, earned, earned, out_of, made)


def a_class(students: Iterable[Graded]) -> Classroom:
    return Classroom("small", "00000000", tuple(students))


def right(name: str) -> Graded:
    return graded(name, (mark(at, key, "right") for at, key in KEY.items()))


def sharing(values: Sequence[Sequence[str]], *, others: int = 20) -> Classroom:
    """Make students whose cells are wrong where a value is given, and others who are right."""
    several = [
        graded(
            f"s{index}",
            (
                mark(at, value or KEY[at], "wrong" if value else "right")
                for at, value in zip(KEY, row, strict=True)
            ),
        )
        for index, row in enumerate(values)
    ]
    return a_class([*several, *(right(f"r{index}") for index in range(others))])


@pytest.mark.parametrize("seed", range(20))
def test_correlation_is_numpys(seed: int) -> None:
    rng = Random(seed)
    points = [(rng.randrange(7), rng.randrange(40)) for _ in range(rng.randrange(3, 30))]
    x, y = zip(*points, strict=True)
    result = correlation(points)
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert result == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-12)
    else:
        assert result is None


def test_correlation_is_exact_where_floats_are_not() -> None:
    # 10**20 + 1 and 10**20 are one float, but not one mark
    big = 10**20
    assert correlation([(0, big), (1, big + 1), (2, big + 2)]) == 1.0
    assert correlation([(0, 3), (1, 2), (2, 1)]) == -1.0
    assert correlation([(1, 3)]) is correlation([]) is None


def matrix(
    graded_class: Classroom,
) -> tuple[list[tuple[str, str]], np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    students = [student for student in graded_class.students if student.status == "graded"]
    cells = [(cell.layer, cell.column) for cell in students[0].cells]
    return cells, np.array([[float(cell.marks) for cell in s.cells] for s in students])


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    graded_class = classroom(60)
    cells, marks = matrix(graded_class)
    result = {item.at: item.discrimination for item in statistics(graded_class).items}
    assert list(result) == cells
    varied = 0
    for index, at in enumerate(cells):
        item = marks[:, index]
        rest = marks.sum(axis=1) - item
        if np.ptp(item) == 0:
            assert result[at] is None
            continue
        varied += 1
        assert result[at] == pytest.approx(np.corrcoef(item, rest)[0, 1], abs=1e-9)
        # with the cell itself in the total the number is another, and larger
        assert result[at] < np.corrcoef(item, marks.sum(axis=1))[0, 1] - 1e-6
    assert varied > 15


def test_shares_and_counts_are_those_of_brute_force() -> None:
    graded_class = classroom(60)
    students = [student for student in graded_class.students if student.status == "graded"]
    numbers = statistics(graded_class)
    for index, item in enumerate(numbers.items):
        marks = [student.cells[index] for student in students]
        assert item.at == (marks[0].layer, marks[0].column)
        yes = [m for m in marks if m.verdict.startswith("right")]
        assert item.share == Fraction(len(yes), len(students))
        for verdict, count in item.verdicts.items():
            assert count == sum(m.verdict == verdict for m in marks)
        assert sum(item.verdicts.values()) == len(students)
    assert numbers.mistakes
    assert numbers.conventions
    explained = [("misconception", mistake) for mistake in numbers.mistakes]
    explained += [("right_other_convention", convention) for convention in numbers.conventions]
    for verdict, mistake in explained:
        per = [
            sum(m.verdict == verdict and mistake.id in m.misconceptions[0] for m in student.cells)
            for student in students
        ]
        assert (mistake.students, mistake.cells) == (sum(n > 0 for n in per), sum(per))
    assert [mistake.students for mistake in numbers.mistakes] == sorted(
        (mistake.students for mistake in numbers.mistakes), reverse=True
    )
    assert numbers.statuses == {"graded": len(students), "missing": 5, "unreadable": 1}


@pytest.mark.parametrize("seed", range(10))
def test_quartiles_are_numpys(seed: int) -> None:
    rng = Random(seed)
    values = sorted(Fraction(rng.randrange(100), 3) for _ in range(rng.randrange(1, 30)))
    for share in (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), NONE, ONE):
        expected = np.quantile([float(value) for value in values], float(share))
        assert float(quantile(values, share)) == pytest.approx(expected)


def test_the_spread_of_marks_is_exact() -> None:
    thirds = [
        graded(f"s{n}", [mark(("conv1", "params"), "x", "wrong", marks=Fraction(n, 3))])
        for n in range(4)
    ]
    spread = statistics(a_class(thirds)).spread
    assert spread is not None
    assert (spread.mean, spread.median) == (Fraction(1, 2), Fraction(1, 2))
    assert spread.quartiles == (Fraction(1, 4), Fraction(3, 4))
    assert (spread.least, spread.most) == (0, 1)
    assert spread.bins == (1, 0, 0, 1, 0, 0, 1, 0, 0, 1)
    assert sum(spread.bins) == 4


def test_a_class_without_anybody_graded_shows_nothing() -> None:
    missing = Graded(Student("s1"), "missing")
    numbers = statistics(a_class([missing]))
    assert (numbers.spread, numbers.items, numbers.mistakes, numbers.pairs) == (None, (), (), ())
    assert statistics(a_class([])).statuses == {}


def test_certain_counts_the_students_of_whom_it_is_sure() -> None:
    at, other = ("conv1", "params"), ("conv2", "params")
    sure = mark(at, "34,848", "misconception", ids=("P1",))
    unsure = sure._replace(certain=False, misconceptions=(("P1",), ("P6",)))
    several = [[sure, sure._replace(layer="conv2")], [unsure], [unsure, mark(other, "7", "wrong")]]
    numbers = statistics(a_class(graded(f"s{n}", cells) for n, cells in enumerate(several)))
    assert numbers.mistakes == (("P1", 3, 4, 1),)


def test_the_commonest_unexplained_value_is_told_with_its_count() -> None:
    rows = [("7", "", ""), ("7", "8", ""), ("9", "8", ""), ("5", "", "")]
    result = {value.at: value for value in statistics(sharing(rows)).common}
    assert set(result) == {("conv1", "params"), ("conv2", "params")}
    assert result["conv1", "params"][2:] == ("7", 2, 4)
    assert result["conv2", "params"][2:] == ("8", 2, 2)


# --- the key may be wrong


def doubted(values: dict[str, int], **options: object) -> list[tuple[str, int, int, int]]:
    at = ("conv1", "params")
    students = []
    for value, count in values.items():
        for index in range(count):
            verdict: Verdict = "right" if value == KEY[at] else "wrong"
            students.append(graded(f"{value}-{index}", [mark(at, value, verdict, **options)]))  # type: ignore[arg-type]
    doubtful = statistics(a_class(students)).doubts
    return [(doubt.value, doubt.students, doubt.agree, doubt.answers) for doubt in doubtful]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"34,944": 2, "7": 3}, [("7", 3, 2, 5)]),
        ({"34,944": 3, "7": 3}, []),  # as many have the key
        ({"34,944": 0, "7": 2}, []),  # two are no class
        ({"34,944": 1, "7": 3, "8": 2, "9": 2, "5": 2}, []),  # less than a third of the answers
        ({"34,944": 1, "7": 3, "8": 2, "9": 2, "5": 1}, [("7", 3, 1, 9)]),  # just a third
        ({"34,944": 9, "7": 1}, []),
    ],
)
def test_a_key_is_doubted_when_more_agree_on_another_value(
    values: dict[str, int], expected: list[tuple[str, int, int, int]]
) -> None:
    assert doubted(values) == expected


def test_a_doubt_names_the_mistake_that_would_explain_it() -> None:
    at = ("conv1", "params")
    forgot = [graded(f"s{n}", [mark(at, "34,848", "misconception", ids=("P1",))]) for n in range(4)]
    (doubt,) = statistics(a_class([*forgot, right("r")])).doubts
    assert doubt.misconceptions == ("P1",)


def test_what_follows_from_own_values_makes_no_doubt() -> None:
    at = ("conv2", "params")
    for verdict, follows in (("right_follow_through", False), ("wrong", True)):
        several = [graded(f"s{n}", [mark(at, "7", verdict, follows=follows)]) for n in range(5)]  # type: ignore[arg-type]
        assert statistics(a_class(several)).doubts == ()


# --- look at these


def test_a_pair_that_shares_rare_values_is_found_and_weighed() -> None:
    (pair,) = statistics(sharing([("7", "8", ""), ("7", "8", ""), ("5", "", "")])).pairs
    assert pair.students == (0, 1)
    assert pair.values == ((("conv1", "params"), "7"), (("conv2", "params"), "8"))
    assert pair.bits == pytest.approx(2 * log2(23 / 2))


def test_one_shared_value_is_none() -> None:
    assert statistics(sharing([("7", "", ""), ("7", "", "")])).pairs == ()


def test_values_that_many_have_are_not_rare() -> None:
    few = [("7", "8", "")] * 5
    assert statistics(sharing(few, others=94)).pairs == ()  # 5 of 99 are more than a twentieth
    assert len(statistics(sharing(few, others=95)).pairs) == 10  # 5 of 100
    assert statistics(sharing([("7", "8", "")] * (RARE + 1), others=1000)).pairs == ()


def test_a_class_too_small_tells_nothing_rare() -> None:
    two = [("7", "8", "")] * 2
    assert statistics(sharing(two, others=ENOUGH - 3)).pairs == ()
    assert len(statistics(sharing(two, others=ENOUGH - 2)).pairs) == 1


def test_another_convention_is_no_mistake() -> None:
    def person(verdict: Verdict, *ids: str) -> Graded:
        return graded("a", (mark(at, "7", verdict, ids=ids) for at in KEY))

    numbers = statistics(a_class([person("right_other_convention", "S21")]))
    assert (numbers.mistakes, [item.misconceptions for item in numbers.items]) == ((), [{}] * 3)
    assert [
        (convention.id, convention.students, convention.cells) for convention in numbers.conventions
    ] == [("S21", 1, 3)]
    accepted = statistics(a_class([person("right_other_convention")]))
    assert (accepted.mistakes, accepted.conventions) == ((), ())


def test_explained_values_accuse_nobody() -> None:
    def two(**how: object) -> list[Graded]:
        return [
            graded(f"s{n}", (mark(at, "7", **how) for at in KEY))  # type: ignore[arg-type]
            for n in range(2)
        ]

    others = [right(f"r{n}") for n in range(20)]
    assert len(statistics(a_class([*two(verdict="wrong"), *others])).pairs) == 1
    for how in (
        {"verdict": "misconception", "ids": ("P1",)},
        {"verdict": "right_follow_through"},
        {"verdict": "right_other_convention", "ids": ("F1",)},
        {"verdict": "wrong", "follows": True},
    ):
        assert statistics(a_class([*two(**how), *others])).pairs == ()


def test_what_may_follow_from_a_shared_known_slip_accuses_nobody() -> None:
    def student(name: str, volume: str, verdict: Verdict) -> Graded:
        slip = mark(("conv1", "output"), volume, verdict, right="55x55x96", ids=("S14",))
        return graded(name, (slip, *(mark(at, "7", "wrong") for at in KEY)))

    others = [right(f"r{n}") for n in range(20)]
    same = [student(name, "55x55x3", "misconception") for name in "ab"]
    assert statistics(a_class([*same, *others])).pairs == ()
    other = [same[0], student("b", "55x55x96", "right")]
    assert len(statistics(a_class([*other, *others])).pairs) == 1


def brute_pairs(graded_class: Classroom) -> dict[tuple[int, int], set[tuple[tuple[str, str], str]]]:
    """Compare everybody with everybody."""
    held: dict[tuple[tuple[str, str], str], int] = {}
    wrong = [
        {((m.layer, m.column), m.value) for m in student.cells if unexplained(m)}
        for student in graded_class.students
    ]
    for cell in wrong:
        for value in cell:
            held[value] = held.get(value, 0) + 1
    students = sum(student.status == "graded" for student in graded_class.students)
    rare = {v for v, n in held.items() if n == 2 or (n <= RARE and 20 * n <= students)}
    result = {(a, b): wrong[a] & wrong[b] & rare for a, b in combinations(range(len(wrong)), 2)}
    return {pair: values for pair, values in result.items() if len(values) > 1}


@pytest.mark.parametrize("seed", range(5))
def test_the_index_finds_the_pairs_of_brute_force(seed: int) -> None:
    rng = Random(seed)
    rows = [[rng.choice(("", "", *map(str, range(2, 25)))) for _ in KEY] for _ in range(60)]
    several = sharing(rows)
    alike = statistics(several).pairs
    expected = brute_pairs(several)
    assert len(alike) == min(len(expected), PAIRS)
    assert {pair.students: set(pair.values) for pair in alike}.items() <= expected.items()
    assert [pair.bits for pair in alike] == sorted((pair.bits for pair in alike), reverse=True)


def test_a_large_class_is_no_square_of_work() -> None:
    # were all pairs of 3,000 students looked at, this would be 4.5 million of them
    everybody = [("7", "8", "9")] * 3000
    numbers = statistics(sharing(everybody, others=0))
    assert numbers.pairs == ()
    assert len(numbers.doubts) == 3


# --- variants


def variant(name: str, key: int, cells: Sequence[tuple[str, Verdict]]) -> Graded:
    made = (
        mark(at, value, verdict, right=f"{key}{index}")
        for index, (at, (value, verdict)) in enumerate(zip(KEY, cells, strict=True))
    )
    return graded(name, made)


def test_values_are_compared_under_one_key_only() -> None:
    same: list[tuple[str, Verdict]] = [("7", "wrong"), ("8", "wrong"), ("9", "wrong")]
    # the same wrong values, but of two variants
    mixed = [variant("a", 1, same), variant("b", 2, same)]
    others = [
        variant(f"o{n}", n % 2 + 1, [(f"{n % 2 + 1}{i}", "right") for i in range(3)])
        for n in range(30)
    ]
    assert statistics(a_class([*mixed, *others])).pairs == ()
    alike = [variant("a", 1, same), variant("b", 1, same)]
    (pair,) = statistics(a_class([*alike, *others])).pairs
    assert pair.bits == pytest.approx(3 * log2(17 / 2))  # 15 others have that variant
    # 3 of 6 answers would doubt one key, but they belong to three
    alone = [variant(f"v{n}", n, same) for n in range(3)]
    assert statistics(a_class(alone)).doubts == ()
    assert statistics(a_class(alone)).common == ()


def test_answers_to_another_variant_are_named() -> None:
    def keys(n: int) -> list[tuple[str, Verdict]]:
        return [(f"{n}{i}", "right") for i in range(3)]

    others = [variant(f"o{n}", n, keys(n)) for n in range(1, 9)]
    copied = variant("c", 9, [("20", "wrong"), ("21", "wrong"), ("92", "right")])
    once = variant("d", 10, [("20", "wrong"), ("x", "wrong"), ("102", "right")])
    (fit,) = statistics(a_class([*others, copied, once])).misplaced
    assert (fit.student, fit.owners) == (8, (1,))
    assert [value for _, value in fit.values] == ["20", "21"]


def test_the_order_of_students_changes_no_number() -> None:
    graded_class = classroom(40)
    turned = graded_class._replace(students=graded_class.students[::-1])
    ours, theirs = statistics(graded_class), statistics(turned)
    assert ours.spread == theirs.spread
    assert ours.mistakes == theirs.mistakes
    assert [value[:2] for value in ours.common] == [value[:2] for value in theirs.common]
    assert sorted(pair.bits for pair in ours.pairs) == sorted(pair.bits for pair in theirs.pairs)


def test_the_made_up_class_has_what_is_looked_for() -> None:
    assert len([person for person in handed(24) if person.checked is not None]) == 22
