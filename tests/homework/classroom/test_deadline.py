"""Deadlines and what lateness costs, worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

import shapecalc.homework.assignment.deadline as deadlines
from shapecalc.errors import SpecErrors
from shapecalc.homework.assignment.deadline import (
    Deadline,
    extended,
    read_length,
    read_time,
    stated_deadline,
)
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.text import Source


def deadline(text: str) -> Deadline:
    return read_homework(Source("homework.yaml", f"spec: lenet5\n{text}")).deadline


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


DUE = "due: 2026-11-20T23:59 +01:00\n"


@pytest.mark.parametrize(
    ("handed", "hours"),
    [
        ("2026-11-20T22:59:59+00:00", 0),  # 23:59 lasts a minute
        ("2026-11-20T23:00:00+00:00", 1),
        ("2026-11-20T23:59:59+00:00", 1),
        ("2026-11-21T00:00:00+00:00", 2),
        ("2026-11-20T18:00:00-05:00", 1),
    ],
)
def test_begun_hours_count(handed: str, hours: int) -> None:
    assert deadline(DUE).hours(at(handed)) == hours


def test_grace_is_no_lateness_but_does_not_move_the_deadline() -> None:
    graceful = deadline(DUE + "late: {grace: 90 min}")
    assert graceful.hours(at("2026-11-21T00:29:00+00:00")) == 0
    assert graceful.hours(at("2026-11-21T00:30:00+00:00")) == 2


@pytest.mark.parametrize(
    ("late", "hours", "marks"),
    [
        ("", 99, 30),
        ("late: 10% per day", 0, 30),
        ("late: 10% per day", 24, 27),
        ("late: 10% per day", 25, 24),
        ("late: 10% per day", 24 * 99, 0),
        ("late: {deduct: 10% per day, most: 50%}", 24 * 99, 15),
        ("late: {deduct: 10% per day, of: all}", 1, 26),
        ("late: {deduct: 100%, of: all}", 1, 0),
        ("late: 1% per hour", 5, Fraction(57, 2)),
        ("late: 1/3", 500, 20),
        ("late: {until: 2 days}", 48, 30),
        ("late: {until: 2 days}", 49, 0),
    ],
)
def test_marks_that_are_left(late: str, hours: int, marks: Fraction) -> None:
    assert deadline(DUE + late).marks(Fraction(30), Fraction(40), hours) == marks


def test_marks_are_never_less_than_none() -> None:
    late = deadline(DUE + "late: {deduct: 50%, of: all}")
    assert late.marks(Fraction(1), Fraction(40), 1) == 0


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-20T23:59:30Z", "2026-11-20T23:59:30+00:00"),
        ("2026-11-20 22:11:09.123456789 Z", "2026-11-20T22:11:09.123456+00:00"),
        ("2026-11-20 22:11 -0800", "2026-11-20T22:11:00-08:00"),
        ("2026-2-3", "2026-02-03T00:00:00+00:00"),
        ("2026-02-30", None),
        ("2026-02-03T24:00", None),
        ("2026-02-03T10:00 +99:00", None),
        ("9999-12-31", "9999-12-31T00:00:00+00:00"),
        ("٢٠٢٦-11-20", None),
        ("20.11.2026", None),
        ("", None),
    ],
)
def test_times(text: str, time: str | None) -> None:
    assert read_time(text) == (None if time is None else at(time))


def test_the_last_moment_of_the_last_day_is_beyond_what_a_time_can_be() -> None:
    assert read_time("9999-12-31", last=True) is not None
    assert read_time("2026-11-20", UTC, last=True) == at("2026-11-20T23:59:59.999999+00:00")


def test_lengths() -> None:
    lengths = [read_length(text) for text in ("15 min", "36 h", "2 days", "1w", "2 moons", "-1 h")]
    hours = timedelta(hours=1)
    assert lengths == [hours / 4, 36 * hours, 48 * hours, 168 * hours, None, None]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("due: tomorrow", "E713"),
        ("due: [2026-11-20]", "E713"),
        ("late: 10% per day", "E713"),  # without `due`
        (DUE + "late: 10% a day", "E713"),
        (DUE + "late: 300%", "E713"),
        (DUE + "late: {grace: a bit}", "E713"),
        (DUE + "late: {most: 2}", "E713"),
        (DUE + "late: {of: some}", "E713"),
        (DUE + "late: {until: [2 days]}", "E713"),
        (DUE + "late: {dedcut: 10%}", "E111"),
    ],
)
def test_what_is_wrong_is_told(text: str, code: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        deadline(text)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_the_sheet_states_it() -> None:
    terms = stated_deadline(deadline(DUE + "late: {deduct: 10% per day, until: 3 days}"))
    assert terms == {
        "due": "2026-11-20 23:59 +01:00",
        "late": "10% of the marks earned are taken off, for each begun day; after 3 days nothing"
        " counts",
    }
    assert stated_deadline(Deadline()) == {}
    assert deadlines.zone_of(Deadline()) is UTC


def test_beyond_the_last_year_nothing_is_late() -> None:
    longest = extended(deadline("due: 9999-12-31\nlate: {grace: 50 weeks}"), "90 days")
    assert longest is not None
    assert longest.hours(at("9999-12-31T23:59:59+00:00")) == 0
