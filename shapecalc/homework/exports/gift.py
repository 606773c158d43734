"""Questions in the GIFT format, which Moodle and others read: a numerical one for every number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.exports.moodle import answers_of, clean_category
from shapecalc.homework.exports.questions import blanks_of, clean, network_page, number_page
from shapecalc.homework.languages import say
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.exports.questions import AskedNumber

_ESCAPES = str.maketrans({sign: f"\\{sign}" for sign in "\\~=#{}:"})


def gift(homework: Homework) -> str:
    """Write a homework as questions with a blank line between them."""
    category = f"$CATEGORY: $course$/{clean_category(homework.title)}"
    page = f"::{escaped(say('the network'))}::[html]{escaped(network_page(homework))}"
    blanks = (blank for parts in blanks_of(homework).values() for blank in parts)
    questions = ("\n".join(_question(homework, blank)) for blank in blanks)
    return "\n\n".join([category, page, *questions]) + "\n"


def _question(homework: Homework, blank: AskedNumber) -> Iterator[str]:
    """Yield a question's lines; what no line foresees stands after the ~."""
    page = number_page(homework, blank)
    yield f"::{escaped(one_line(blank.name))}::[html]{escaped(page)} {{#"
    for answer in answers_of(blank):
        message = escaped(clean(answer.message))
        if answer.value == "*":
            yield f"~#{message}"
        else:
            weight = "" if answer.percent == "100" else f"%{answer.percent}%"
            yield f"={weight}{answer.value}:{answer.tolerance}#{message}"
    yield "}"


def escaped(text: str) -> str:
    r"""Put a backslash before what GIFT would read as its own.

    >>> escaped("a = {b}")
    'a \\= \\{b\\}'
    """
    return text.translate(_ESCAPES)
