"""When a homework is due, and what it costs to be late: as a teacher writes it, and in words.

due: 2026-11-20T23:59 +01:00    # the zone is UTC where none is said
late: 10% per day               # or a map:
late: {deduct: 10% per day, of: earned, grace: 15 min, most: 50%, until: 5 days}
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

from shapecalc.homework.assignment.conventions import read_share
from shapecalc.homework.languages import say, say_counted, to_say
from shapecalc.text import Scalar, YamlMap, describe, origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.errors import Complaints
    from shapecalc.text import Tree


class Deadline(NamedTuple):
    """When a homework is due, and what lateness costs.

    `last` is the last moment in time, None for no deadline; what is less than `grace` late is in
    time.  `share` of the marks is taken off for every begun `per` hours, once where `per` is 0, and
    at most `most`: of the marks earned, or of all that could be.  Nothing counts that is more than
    `until` hours late.
    """

    last: datetime | None = None
    grace: timedelta = timedelta()
    share: Fraction = Fraction(0)
    per: int = 0
    most: Fraction = Fraction(1)
    of: Literal["earned", "all"] = "earned"
    until: int | None = None

    def hours(self, handed: datetime) -> int:
        """Return by how many hours something is late, begun ones counted."""
        if self.last is None or handed - self.last <= self.grace:
            return 0
        return -((self.last - handed) // timedelta(hours=1))

    def marks(self, earned: Fraction, out_of: Fraction, hours: int) -> Fraction:
        """Return the marks that are left of those earned, `hours` late."""
        if not hours:
            return earned
        if self.until is not None and hours > self.until:
            return Fraction(0)
        units = -(-hours // self.per) if self.per else 1
        off = min(self.most, self.share * units)
        return max(Fraction(0), earned - off * (earned if self.of == "earned" else out_of))


_TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r" ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?",
    re.ASCII | re.IGNORECASE,
)
_LENGTH = re.compile(r"(\d{1,5}) ?(min|minutes?|h|hours?|d|days?|w|weeks?)", re.ASCII)
_LENGTHS = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
_LENGTHS |= {"d": timedelta(days=1), "w": timedelta(days=7)}
_PER = re.compile(r"(.+?) per (hour|day|week)", re.ASCII)
_HOURS = {"hour": 1, "day": 24, "week": 168}
#: How often what lateness costs is taken off, by the hours of which each one begun counts.
_OFTEN = {
    0: to_say("once"),
    1: to_say("for each begun hour"),
    24: to_say("for each begun day"),
    168: to_say("for each begun week"),
}
_OF: dict[str, Literal["earned", "all"]] = {"earned": "earned", "all": "all"}
_KEYS = ("deduct", "of", "grace", "most", "until")
#: What a time looks like, for messages.
LIKE = "write 2026-11-20T23:59, with a zone as in 2026-11-20T23:59 +01:00"


def read_time(text: str, zone: timezone = UTC, *, last: bool = False) -> datetime | None:
    """Read a time as ISO 8601 writes it; None for any other text.

    `zone` is what holds where the text has none.  `last` returns the last moment that is meant: a
    day ends at midnight, and 23:59 lasts a minute.

    >>> str(read_time("2026-11-20T23:59 +01:00")), str(read_time("2026-11-20", last=True))
    ('2026-11-20 23:59:00+01:00', '2026-11-20 23:59:59.999999+00:00')
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    *numbers, below, offset = match.groups()
    _, _, _, hour, _, second = numbers
    y, m, d, *clock = (int(number or 0) for number in numbers)
    try:
        time = datetime(y, m, d, clock[0], clock[1], clock[2], tzinfo=_zone(offset) or zone)
        if hour is None or second is None:
            longer = timedelta(days=1) if hour is None else timedelta(minutes=1)
            return time + (longer - timedelta(microseconds=1)) if last else time
        return time.replace(microsecond=int(f"{below or 0:0<6}"[:6]))
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def read_length(text: str) -> timedelta | None:
    """Read a stretch of time such as `15 min`, `36 h` or `2 days`; None for any other text."""
    match = _LENGTH.fullmatch(text.strip().lower())
    return int(match[1]) * _LENGTHS[match[2][0]] if match else None


def zone_of(deadline: Deadline) -> timezone:
    """Return the zone of times that state none: that of the deadline, else UTC."""
    zone = deadline.last.tzinfo if deadline.last is not None else None
    return zone if isinstance(zone, timezone) else UTC


def extended(deadline: Deadline, text: str) -> Deadline | None:
    """Return a student's own deadline: a time, or how much longer than the others'.

    None for a text that is neither, or that lengthens no deadline.
    """
    time = read_time(text, zone_of(deadline), last=True)
    if time is not None:
        return deadline._replace(last=time)
    longer = read_length(text)
    if longer is None or deadline.last is None:
        return None
    try:
        return deadline._replace(last=deadline.last + longer)
    except OverflowError:  # beyond the year 9999 nothing is late
        return deadline._replace(last=datetime.max.replace(tzinfo=deadline.last.tzinfo))


def read_deadline(due: Tree | None, late: Tree | None, problems: Complaints) -> Deadline:
    """Read the keys `due` and `late` of a homework; what is wrong is noted (E110, E111, E713)."""
    deadline = Deadline()
    if due is not None:
        last = read_time(due.text, last=True) if isinstance(due, Scalar) else None
        if last is None:
            problems.note("E713", f"{describe(due)} is no time", origin(due), LIKE)
        deadline = deadline._replace(last=last)
    if late is None:
        return deadline
    if due is None:
        hint = "add `due: 2026-11-20T23:59`"
        problems.note("E713", "`late` says what it costs to miss a deadline that there is not",
                      origin(late), hint)  # fmt: skip
    fields: Mapping[str, Tree] = late.items if isinstance(late, YamlMap) else {"deduct": late}
    if isinstance(late, YamlMap):
        for key, place in late.keys.items():
            if key not in _KEYS:
                hint = did_you_mean(key, _KEYS) or f"the keys are {', '.join(_KEYS)}"
                problems.note("E111", f"unknown key '{key}'", origin(place), hint)
    for key, tree in fields.items():
        deadline = _with(deadline, key, tree, problems)
    return deadline


def _with(deadline: Deadline, key: str, tree: Tree, problems: Complaints) -> Deadline:
    """Set one field of a deadline."""
    text = tree.text.strip() if isinstance(tree, Scalar) else ""
    hint = ""
    if key == "deduct":
        match = _PER.fullmatch(text)
        share = read_share(match[1] if match else text)
        if share is not None and share <= 1:
            return deadline._replace(share=share, per=_HOURS[match[2]] if match else 0)
        hint = "write 10% per day, 1% per hour, or 25% for once"
    elif key == "of":
        if text in _OF:
            return deadline._replace(of=_OF[text])
        hint = "earned: of the marks earned; all: of all that could be"
    elif key == "most":
        share = read_share(text)
        if share is not None and share <= 1:
            return deadline._replace(most=share)
        hint = "write 1/2, 0.5 or 50%"
    elif key in ("grace", "until"):
        length = read_length(text)
        if length is not None and key == "grace":
            return deadline._replace(grace=length)
        if length is not None:
            return deadline._replace(until=-(-length // timedelta(hours=1)))
        hint = "write 15 min, 12 h or 2 days"
    if hint:
        problems.note("E713", f"{key} cannot be {describe(tree)}", origin(tree), hint)
    return deadline


def stated_deadline(deadline: Deadline) -> dict[str, str]:
    """Say in words when a homework is due and what lateness costs; nothing without a deadline."""
    if deadline.last is None:
        return {}
    late = say("noted, and costs nothing")
    if deadline.share:
        share, often = percent_text(deadline.share), say(_OFTEN[deadline.per])
        late = (
            say("{share} of the marks earned are taken off, {often}", share=share, often=often)
            if deadline.of == "earned"
            else say(
                "{share} of the marks that could be earned are taken off, {often}",
                share=share,
                often=often,
            )
        )
        if deadline.most < 1:
            late = say("{late}, at most {share}", late=late, share=percent_text(deadline.most))
    if deadline.until is not None:
        length = length_text(deadline.until)
        late = say("{late}; after {length} nothing counts", late=late, length=length)
    if deadline.grace:
        minutes = deadline.grace // timedelta(minutes=1)
        late = say(
            "{late}; the first {minutes} minutes are no lateness", late=late, minutes=minutes
        )
    return {say("due"): time_text(deadline.last), say("late"): late}


def time_text(time: datetime) -> str:
    """Write a time with its zone, to the minute."""
    zone = time.strftime("%z")
    return f"{time:%Y-%m-%d %H:%M} {'UTC' if zone == '+0000' else f'{zone[:3]}:{zone[3:]}'}"


def length_text(hours: int) -> str:
    """Write hours as days where they are whole ones.

    >>> length_text(48), length_text(1), length_text(25)
    ('2 days', '1 hour', '25 hours')
    """
    if hours and hours % 24 == 0:
        return say_counted("{count} day", "{count} days", hours // 24)
    return say_counted("{count} hour", "{count} hours", hours)


def percent_text(share: Fraction) -> str:
    """Write a share in percent, or as a fraction where that has no end.

    >>> percent_text(Fraction(1, 10)), percent_text(Fraction(1, 3))
    ('10%', '1/3')
    """
    percent = share * 100
    return f"{percent.numerator}%" if percent.denominator == 1 else str(share)
