"""Explanations in words: what was done, why it is not so, and the rule with own numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.assignment.conventions import axes_said
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.working import Factors, LayerSum, working_of
from shapecalc.homework.languages import figures, listed_said, say, say_counted, to_say
from shapecalc.layers.shape import as_text
from shapecalc.text.safe import one_line
from shapecalc.text.words import capital

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.homework.answers import Extra
    from shapecalc.homework.answers.claims import Claims
    from shapecalc.homework.assignment.model import AskedCell, Homework
    from shapecalc.homework.diagnosis import Checked, Diagnosis, Finding, JudgedCell
    from shapecalc.homework.diagnosis.misconceptions.model import Case
    from shapecalc.homework.diagnosis.working import Working
    from shapecalc.layers.shape import Shape

_NUMBER = re.compile(r"\d[\d,]*")

#: How the text of a volume ends that was read with its channels first.
_FIRST = ", channels first"

#: The rules in words, where numbers would give an answer away.
_RULES = {
    "params": to_say(
        "kernel x depth x filters + one bias a filter, if it has biases; dense: inputs x units +"
        " units"
    ),
    "weights": to_say("kernel x depth x filters; dense: inputs x units"),
    "biases": to_say("one a filter, or one a unit"),
    "macs": to_say("weights x places of the output; dense: inputs x units"),
    "flops": to_say("operations per multiply-accumulate x weights x places of the output"),
    "memory": to_say("bytes per number x {axes}"),
    "units": "{axes}",
    "output": to_say(
        "side = (n + 2p - k)/s, rounded as the layer does, + 1; channels = filters, and a pool"
        " keeps them"
    ),
}


def secrets_of(homework: Homework, cells: Iterable[AskedCell]) -> frozenset[str]:
    """Return the numbers of the key in some cells that do not stand on the sheet.

    Numbers below 100 are also kernels, strides and sides, and say nothing.
    """
    keys = {f"{cell.key:,}" for cell in cells if isinstance(cell.key, int) and cell.key >= 100}
    return frozenset(keys - _stated(homework))


@lru_cache(maxsize=16)
def _stated(homework: Homework) -> frozenset[str]:
    """Return the numbers that stand on the sheet."""
    shown = [homework.rows[layer].does for layer in homework.layers if layer in homework.rows]
    shown += [as_text(row.output) for row in homework.report.rows if not row.sources]
    return frozenset(number for text in shown for number in _NUMBER.findall(text))


def rule_text(
    homework: Homework, claims: Claims, case: Case, working: str, secrets: frozenset[str]
) -> tuple[str, str]:
    """Return a student's working and the right rule for a case, with numbers where they may be.

    They have numbers where these are the student's own or stand on the sheet: what flows in, and
    for operations what flows out, must not be an answer that the student does not have, and no
    number one of the `secrets`.  Else there is no working, and the rule is in words; there is none
    where the answer is no calculation.
    """
    row, column = case.row, case.column
    if row.layer is None:
        return "", ""
    outputs = [cell for cell in homework.cells if cell.quantity.key == "output"]
    filled_in = {cell.layer: homework.rows[cell.layer].output for cell in outputs if cell.filled_in}
    stated = {**claims.own, **filled_in}
    layers = {cell.layer for cell in outputs}
    needed = list(zip(row.sources, row.inputs, strict=True))
    if column in ("macs", "flops", "units", "memory", "connections"):
        needed.append((row.name, row.output))
    right = working_of(row, column, case.conventions)
    product = right is not None and _calculates(right)
    if right is None or not (product or _sums_channels(right, case.co)):
        return "", ""
    public = all(_known(homework, name, shape, stated, layers) for name, shape in needed)
    if public and secrets.isdisjoint(_NUMBER.findall(f"{working} {right.text}")):
        return working, right.text
    return "", general_rule(column, homework) if product else ""


def _calculates(working: Working) -> bool:
    """Tell whether a working is a calculation, and not the answer itself."""
    if isinstance(working, Factors):
        parts = (working.scale, working.kernel, working.depth, working.filters, working.places)
        return sum(map(len, parts)) > 1
    if isinstance(working, LayerSum):
        return False
    return any(not side.text.isdecimal() for side in working.sides)


def _sums_channels(working: Working, channels: int) -> bool:
    """Tell whether a working adds numbers of channels, as for a scale and a shift of each."""
    return isinstance(working, Factors) and working.filters == working.plus == (channels,)


def general_rule(column: str, homework: Homework) -> str:
    """Write the rule of a column in words, where one holds for all layers."""
    conventions = homework.conventions
    if column == "params" and not conventions.bias:
        column = "weights"
    if column == "flops" and conventions.operations == "full":
        return ""
    axes = axes_said(homework.report.ranks) or say("units")
    return say(_RULES[column]).replace("{axes}", axes) if column in _RULES else ""


def _known(
    homework: Homework, name: str, shape: Shape, stated: Mapping[str, Shape], layers: set[str]
) -> bool:
    """Tell whether a volume is the student's own, or follows from what the sheet shows."""
    if name in layers:
        return stated.get(name) == shape
    row = homework.rows.get(name)
    if row is None or not row.sources:
        return row is not None
    if row.layer is not None and row.inputs == (row.output,):  # relu and the like show their input
        return _known(homework, row.sources[0], shape, stated, layers)
    return False


def names(ids: tuple[str, ...]) -> str:
    """Write the names of one or two misconceptions."""
    return say(" and ").join(say(CATALOGUE[name].name) for name in ids)


def finding_text(finding: Finding, *, all_else: bool) -> str:
    """Say in a sentence what explains cells of the table."""
    count, shown = len(finding.cells), finding.shown
    columns = dict.fromkeys(judged.cell.quantity.title for judged in finding.cells)
    where = ", ".join(map(say, columns))
    if count == 1:
        place = say("in {column} of {layer}", column=where, layer=finding.cells[0].cell.layer)
    elif count == shown:
        place = say("in all {count} cells of {column} where it shows", count=count, column=where)
    else:
        place = say(
            "in {count} of the {shown} cells of {column} where it would show",
            count=count,
            shown=shown,
            column=where,
        )
    text = say("{mistake}, {place}.", mistake=names(finding.ids), place=place)
    if not finding.certain:
        mistakes = say(", or ").join((names(finding.ids), *_others(finding)))
        text = say(
            "Perhaps {mistakes}, {place}: the number is the same.", mistakes=mistakes, place=place
        )
    if all_else:
        text = say("{finding} Everything else is right.", finding=text)
    return capital(text)


def _others(finding: Finding) -> list[str]:
    """Name what else would explain the cells."""
    other = dict.fromkeys(
        names(diagnosis.ids) for cell in finding.cells for diagnosis in cell.diagnoses[1:]
    )
    return list(other)[:3]


def why_text(ids: tuple[str, ...]) -> str:
    """Say what was probably done and why it is not so."""
    return " ".join(message_of(name) for name in ids)


def message_of(name: str) -> str:
    """Say what was probably done in one misconception, and why it is not so."""
    known = CATALOGUE[name]
    return f"{say(known.done)} {say(known.why)}"


def read_said(read_as: str) -> str:
    """Write what was read in a cell as the language does."""
    volume = read_as.removesuffix(_FIRST)
    if volume == read_as:
        return figures(read_as)
    return say("{volume}, channels first", volume=volume)


def calculation_said(working: str) -> str:
    """Write a calculation as the language does."""
    return ", ".join(map(_part, working.split(", ")))


def _part(text: str) -> str:
    """Write one part of a calculation: of a side, the channels, or a number."""
    if text.startswith("side "):
        return say("side {calculation}", calculation=figures(text.removeprefix("side ")))
    if text.endswith(" channels"):
        return say("{count} channels", count=figures(text.removesuffix(" channels")))
    return figures(text)


def rule_line(judged: JudgedCell, diagnosis: Diagnosis) -> str:
    """Write the rule for one cell, with the student's numbers where there are."""
    place = f"{judged.cell.layer}, {say(judged.cell.quantity.title)}"
    value = read_said(judged.read_as)
    if diagnosis.working:
        value += f" = {calculation_said(diagnosis.working)}"
    if not diagnosis.rule:
        return say("{cell}: you have {value}", cell=place, value=value)
    rule = calculation_said(diagnosis.rule)
    if diagnosis.on == "own":
        return say(
            "{cell}: you have {value}; the rule from your own volumes is {rule}",
            cell=place,
            value=value,
            rule=rule,
        )
    return say("{cell}: you have {value}; the rule is {rule}", cell=place, value=value, rule=rule)


class FindingText(NamedTuple):
    """A finding in words: what was done, why that is not so, and the rules with numbers.

    `done` explains every candidate by itself, the likeliest first; one when it is certain.
    """

    finding: Finding
    text: str
    done: tuple[str, ...]
    rules: tuple[str, ...]


def findings_text(checked: Checked) -> Iterator[FindingText]:
    """Put the findings of a table into words, in their order."""
    rest = not checked.extras and all(
        judged.verdict.startswith("right") or judged.verdict in ("misconception", "not_graded")
        for judged in checked.cells
    )
    mistakes = [finding for finding in checked.findings if finding.verdict == "misconception"]
    for finding in checked.findings:
        alone = rest and len(mistakes) == 1 and finding in mistakes
        text = finding_text(finding, all_else=alone)
        yield FindingText(finding, text, tuple(_done(finding)), tuple(_rules(finding)))


def _done(finding: Finding) -> Iterator[str]:
    """Yield what was done and why it is not so, for every candidate."""
    if finding.certain:
        yield why_text(finding.ids)
        return
    for ids in dict.fromkeys(
        diagnosis.ids for cell in finding.cells for diagnosis in cell.diagnoses
    ):
        name = names(ids)
        yield f"{capital(name)}: {why_text(ids)}"


def _rules(finding: Finding) -> Iterator[str]:
    """Yield the rule for every cell where numbers may be told, then for all others at once."""
    general: dict[tuple[str, str], list[str]] = {}
    for judged in finding.cells:
        first = judged.diagnoses[0]
        if first.working:
            yield rule_line(judged, first)
        elif first.rule:
            about = (judged.cell.quantity.title, first.rule)
            general.setdefault(about, []).append(one_line(judged.cell.layer))
    for (title, rule), layers in general.items():
        yield say(
            "{layers}: the rule for {column} is {rule}",
            layers=", ".join(layers),
            column=say(title),
            rule=calculation_said(rule),
        )


def place_text(judged: JudgedCell) -> str:
    """Name a cell."""
    return one_line(f"{judged.cell.layer}, {say(judged.cell.quantity.title)}")


def places_text(cells: Iterable[JudgedCell]) -> str:
    """Name cells, in few words."""
    columns: dict[str, list[str]] = {}
    for judged in cells:
        columns.setdefault(judged.cell.quantity.title, []).append(one_line(judged.cell.layer))
    return "; ".join(
        say("{column} of {layers}", column=say(title), layers=", ".join(layers))
        for title, layers in columns.items()
    )


def rounded_text(cells: Iterable[JudgedCell]) -> str:
    """Say once what rounded answers do not show, and where; nothing where there are none.

    It names three mistakes, so that a right page does not look like a wrong one.
    """
    rounded = [judged for judged in cells if judged.hidden]
    if not rounded:
        return ""
    hidden = list(dict.fromkeys(name for judged in rounded for name in judged.hidden))[:3]
    return say(
        "Rounded answers are right at their own precision: {cells}. They do not show mistakes that"
        " round to the same, such as: {mistakes}.",
        cells=places_text(rounded),
        mistakes="; ".join(map(say, hidden)),
    )


def standing_text(checked: Checked) -> tuple[str, ...]:
    """Say how the cells stand, behind a doubt whether the sheet is that of the homework at all."""
    doubts = (f"{capital(one_line(note))}." for note in checked.another)
    return (*doubts, _summary_text(checked))


def _summary_text(checked: Checked) -> str:
    """Say in a sentence how the cells stand."""
    graded = [judged for judged in checked.cells if judged.verdict != "not_graded"]
    right = sum(judged.verdict.startswith("right") for judged in graded)
    if not graded:
        return say("No cell is graded.")
    if right == len(graded) and not checked.extras:
        return say("All {count} cells are right.", count=right)
    counts = [
        (checked.count("misconception", "wrong"), to_say("{count} wrong")),
        (checked.count("unreadable"), to_say("{count} not readable")),
        (checked.count("blank"), to_say("{count} blank")),
    ]
    parts = ", ".join(say(words, count=count) for count, words in counts if count)
    extra = len(checked.extras)
    unasked = say_counted(
        "{count} answer was not asked for", "{count} answers were not asked for", extra
    )
    after = "; ".join(filter(None, (parts, unasked if extra else "")))
    return say(
        "{right} of {count} cells are right; {rest}.", right=right, count=len(graded), rest=after
    )


def notes_text(checked: Checked) -> Iterator[str]:
    """Yield what is to be said of the whole file: notes, and answers to what was not asked."""
    for note in checked.notes:
        if note in checked.another:  # which stands at the top
            continue
        yield f"{capital(one_line(note))}."
    if checked.extras:
        yield f"{capital(unasked_text(checked.homework, checked.extras))}."


def unasked_text(homework: Homework, extras: Iterable[Extra]) -> str:
    """Name the answers to what was not asked, with what may be meant."""
    unasked: dict[str, str] = {}
    for extra in extras:
        if not extra.layer or extra.layer not in homework.rows:
            unasked[one_line(extra.layer)[:60]] = f" ({extra.hint})" if extra.hint else ""
        else:
            unasked[f"{extra.layer} {extra.column}"] = ""
    words = [f"{what}{hinted}" for what, hinted in unasked.items()]
    return say("not asked: {answers}", answers=listed_said(words, 8))
