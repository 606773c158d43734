"""Problems as a person reads them, with the line and a caret; and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import brief
from shapecalc.text.safe import terminal_safe, width_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.errors import Problem
    from shapecalc.text import Origin

#: So many problems are drawn; the rest are counted.
SHOWN = 20
#: So much of a long line is shown around the caret.
EXCERPT = 100


def problems_text(problems: Iterable[Problem]) -> str:
    """Draw problems as text, one paragraph each."""
    problems = list(problems)
    paragraphs = [_paragraph(problem) for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        paragraphs.append(f"... and {len(problems) - SHOWN} more")
    return "\n\n".join(paragraphs) + "\n"


def more_about(problems: Iterable[Problem]) -> str:
    """Name the command that shows the problems' page of the documentation."""
    codes = {problem.code for problem in problems}
    code = codes.pop() if len(codes) == 1 else "CODE"
    return f"shapecalc errors {code} says what it means and how to mend it\n"


def _paragraph(problem: Problem) -> str:
    lines = [f"error[{problem.code}]: {terminal_safe(problem.message)}"]
    if problem.origin is not None and problem.origin.source.name.startswith("--"):
        lines += _option(problem.origin)
    elif problem.origin is not None:
        lines.append(f"  --> {terminal_safe(brief(str(problem.origin)))}")
        lines += _excerpt(problem.origin)
    if problem.rule:
        lines.append(f"  rule: {terminal_safe(problem.rule)}")
    if problem.hint:
        lines.append(f"  hint: {terminal_safe(problem.hint)}")
    return "\n".join(lines)


def _option(origin: Origin) -> list[str]:
    """Show an option of the command line, and mark the stretch in it that is meant."""
    name, text = origin.source[:2]
    shown = f"  --> {terminal_safe(brief(name))}"
    if origin.span is None or not name.endswith(text):
        return [shown]
    _, column, _, end = origin.span
    if len(name) > EXCERPT or (column == 0 and end >= len(text)):
        return [shown]
    indent = width_of("  --> " + name[: len(name) - len(text)] + text[:column])
    return [shown, " " * indent + "^" * max(1, width_of(text[column:end]))]


def _excerpt(origin: Origin) -> list[str]:
    """Show the line of an origin and mark the stretch in it."""
    if origin.span is None or not origin.source.text:
        return []
    line, column, end_line, end_column = origin.span
    text = origin.source.line(line)
    end = end_column if end_line == line else len(text)
    start = max(0, min(column - EXCERPT // 2, len(text) - EXCERPT))
    shown = terminal_safe(text[start : start + EXCERPT])
    before = "… " if start else ""
    after = " …" if len(text) > start + EXCERPT else ""
    number = str(line + 1)
    margin = " " * max(4, len(number) + 1)
    indent = width_of(before + text[start:column])
    marks = "^" * max(1, min(width_of(text[column:end]), EXCERPT - indent + len(before)))
    return [
        f"{number:>{len(margin)}} | {before}{shown}{after}",
        f"{margin} | {' ' * indent}{marks}",
    ]


def problems_json(problems: Iterable[Problem]) -> str:
    """Write problems as JSON: the same records, with their facts."""
    from shapecalc.output.json import to_json
    from shapecalc.output.records import Records

    head = {"problems": [_record(problem) for problem in problems]}
    return "".join(to_json(Records("shapecalc.problems/1", lambda: head, ascii=True)))


def _record(problem: Problem) -> dict[str, object]:
    origin = problem.origin
    span = origin.span if origin is not None else None
    return {
        "code": problem.code,
        "message": problem.message,
        "source": origin.source.name if origin is not None else None,
        "line": span.line + 1 if span is not None else None,
        "column": span.column + 1 if span is not None else None,
        "rule": problem.rule or None,
        "hint": problem.hint or None,
        "facts": dict(problem.facts),
    }
