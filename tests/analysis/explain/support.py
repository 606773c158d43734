"""Reports to explain, and what every explanation must agree with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import shapecalc
from shapecalc.analysis.explain import TOPICS
from shapecalc.analysis.explain.model import Derivation
from shapecalc.analysis.explain.subject import Subject
from shapecalc.output.options import (
    make_view,
)
from tests.paths import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.output.view import (
        View,
    )
    from shapecalc.report.model import Report, Row


@cache
def report(name: str, **options: Any) -> Report:
    """Return the report of a shipped spec, or of one among the tests."""
    own = NETWORKS / f"{name}.yaml"
    return shapecalc.summarize(own if own.exists() else name, **options)


def of_text(text: str) -> Report:
    return shapecalc.summarize(shapecalc.loads(text))


def cell(row: Row, topic: str, view: View) -> tuple[Any, ...]:
    """Return what the table holds on a topic."""
    if topic == "output":
        return (*row.output.sides, row.output.channels)
    if topic == "params":
        return (row.weights + row.biases,)
    if topic == "macs":
        return (row.work.macs,)
    if topic == "memory":
        return (view.memory(view.activations(row)),)
    return tuple(side.size for side in row.field or ())


def wrong(
    report_: Report,
    rows: tuple[Row, ...],
    view: View | None = None,
    values: Mapping[str, int] | None = None,
) -> list[str]:
    """Name every explanation whose number is not the table's, or whose last step is another one.

    Of symbols the formulas must be the table's, and the lines are computed at `values`.
    """
    view = view or make_view(batch=3, dtype="float16")
    found = []
    for row in rows:
        subject = Subject(report_, row, view, {each.name: each for each in report_.rows})
        for topic in TOPICS.values():
            if topic.formulas is None:  # what might be, and what goes back, is in no cell
                continue
            section = (topic.layer if row.layer is not None else topic.block)(subject)
            if section.values != cell(row, topic.name, view):
                found.append(f"{row.name}: {topic.name} {section.values}")
            if row.layer is not None:
                made = tuple(each.value for each in topic.formulas(subject))
                if made != section.values:
                    found.append(f"{row.name}: {topic.name} {made}")
            found += [
                f"{row.name}: {topic.name}: {block.lines}"
                for block in section.blocks
                if isinstance(block, Derivation) and not ends_rightly(block, values)
            ]
    return found


def ends_rightly(made: Derivation, values: Mapping[str, int] | None = None) -> bool:
    """Compute what is written: every line must come to the last one."""
    last = value_of(f"{made.formula.value}", values)
    return {value_of(line, values) for line in (*made.lines[1:], *made.shown[-1:])} <= {last}


def value_of(text: str, values: Mapping[str, int] | None = None) -> Any:
    """Compute a line as a reader would, with exact fractions, and `values` for symbols.

    This reads the written text, and so knows nothing of the formulas that wrote it.
    """
    import re
    from fractions import Fraction
    from math import ceil, floor, gcd

    text = text.replace(",", "") if not re.search(r"(min|max|gcd)\(", text) else _commas(text)
    text = re.sub(r"(\d+) (\d+/\d+)", r"(\1 + \2)", text)
    text = re.sub(r" x ", " * ", text).replace(" mod ", " % ")
    text = re.sub(r"(?<=\d)(?=[A-Za-z])", "*", text).replace("^", "**")  # 9k^2
    text = re.sub(r"(?<!\w)\d+(\.\d+)?", lambda match: f"Fraction('{match[0]}')", text)
    names = {"Fraction": Fraction, "floor": floor, "ceil": ceil, "min": min, "max": max}
    names |= {name: Fraction(value) for name, value in (values or {}).items()}
    names["gcd"] = lambda a, b: gcd(int(a), int(b))
    return eval(text, {"__builtins__": {}}, names)  # of our own output, in a test


def _commas(text: str) -> str:
    """Take the separators out of numbers, and leave those between arguments."""
    import re

    return re.sub(r"(?<=\d),(?=\d{3})", "", text)
