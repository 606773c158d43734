"""Problems as records: what is wrong, where, by which rule, and how to mend it.

A rule raises `RuleError`, which knows a field but no file.  Whoever knows the place turns it into
a `Problem`; `SpecErrors` carries all problems of one run.  Drawing them is `output.problems`' job.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapecalc.text import Origin

#: Every error code with its title. docs/errors.yaml describes each; the page made of it has
#: an example of each, by test.
CODES: Mapping[str, str] = {
    # the file
    "E001": "the file does not exist",
    "E002": "the path is a directory",
    "E003": "the file cannot be read",
    "E004": "the file is not UTF-8 text",
    "E005": "the file is too large",
    "E006": "the file is empty",
    "E007": "the file cannot be written",
    "E008": "the file is a model of another program",
    "E009": "the model file cannot be read",
    # YAML
    "E101": "the text is not YAML",
    "E102": "a key stands twice",
    "E103": "nested too deeply",
    "E104": "aliases expand to too much",
    "E105": "a tag or a merge key is used",
    "E106": "more than one document",
    # the language
    "E110": "a value of another kind is expected here",
    "E111": "unknown key",
    "E112": "unknown layer type",
    "E113": "a required field is missing",
    "E114": "a number is out of range",
    "E115": "an expression cannot be read or computed",
    "E116": "unknown name in an expression",
    "E117": "a name is reserved, taken or not well formed",
    "E118": "a definition goes in a circle",
    "E119": "unknown language version",
    "E120": "an edit names no layer of the base",
    "E121": "a symbol stands where a number must",
    "E122": "an expression grows too large",
    # the graph
    "E150": "unknown layer name",
    "E151": "layers feed each other in a circle",
    "E152": "two layers have one name",
    "E153": "too many layers",
    "E154": "layers that share weights differ",
    "E155": "nothing flows in here",
    # the rules
    "E201": "the layer takes another kind of input",
    "E202": "a size does not match the number of sides",
    "E203": "a field contradicts another one",
    "E204": "a window does not fit its input",
    "E205": "groups do not divide the channels",
    "E206": "the operands of a join do not match",
    "E207": "the layer takes another number of inputs",
    "E208": "the connection table does not match the channels",
    "E209": "the elements do not fit the new shape",
    "E210": "nothing is left of a side",
    # the request
    "E301": "unknown column",
    "E302": "unknown format",
    "E303": "an option's value cannot be read",
    "E310": "no such layer to explain",
    "E311": "several layers have the name to explain",
    "E312": "nothing of that name can be explained",
    "E320": "unknown command",
    "E321": "unknown option",
    "E322": "a command is given too little",
    "E323": "words of a command do not go together",
    "E330": "there are not two networks to compare",
    "E331": "a condition cannot be read",
    "E332": "a condition is about an unknown total",
    # inverse questions and ranges
    "E340": "a range cannot be read",
    "E341": "a range is empty",
    "E342": "a range spans too many points",
    "E343": "a question cannot be read",
    "E344": "unknown name in a question",
    "E345": "nothing of that name to run through a range",
    "E346": "a question needs bounds",
    "E347": "two sizes cannot be read",
    # the sweep
    "E350": "a name to sweep over stands for nothing",
    "E351": "a symbol is left without a value",
    "E352": "a name is given a value and swept",
    "E353": "no point of the sweep exists",
    "E354": "what draws a picture is not installed",
    "E355": "too many lines for one picture",
    "E356": "what writes Parquet is not installed",
    "E357": "another sweep has begun the file",
    "E358": "what computes on several machines is not installed",
    "E359": "the machines of a cluster cannot do it",
    # files of other programs
    "E360": "a layer cannot be written for another program",
    # running
    "E501": "the network needs more memory than is free",
    "E502": "a file holds no arrays that can be used",
    "E503": "the weights are not the network's",
    "E504": "the picture does not fit the input",
    "E505": "a layer cannot be run",
    # published tables
    "E601": "unknown table",
    "E602": "unknown word in a table",
    "E603": "a printed cell cannot be read",
    "E604": "a table has no such row, column or layer",
    "E605": "a table does not say what its cells are",
    "E606": "a layer does not have what a cell is about",
    # counting
    "E620": "unknown profile",
    "E621": "a target cannot be read",
    "E622": "two profiles cannot be reconciled",
    # homework
    "E701": "the file holds no table of answers",
    "E702": "the file of answers is too much",
    "E703": "the file of answers is no text",
    "E704": "the homework is about an unknown layer or column",
    "E705": "a homework is about numbers, and the network has symbols",
    "E706": "nothing says what the answers are about",
    # a class
    "E710": "the roster holds no table of students",
    "E711": "students of the roster cannot be told apart",
    "E712": "the roster is too much",
    "E713": "a deadline or a time cannot be read",
    "E714": "an id of the roster would be a formula",
    "E715": "the submissions cannot be looked through",
    "E716": "the folder cannot take what is to be written",
    "E717": "the letters of a table cannot be read",
    # exports of homework
    "E740": "the file holds no graded class",
    "E741": "the table is not the platform's own export",
    "E742": "the platform's table has no such column",
    "E743": "a spreadsheet would run a name",
    "E744": "the platform's points are not the homework's marks",
    "E745": "the homework cannot be exported",
    "E746": "the submission is not one file of answers",
    # the teacher's side
    "E750": "what varies from student to student cannot be read",
    "E751": "no variant of the homework is valid",
    "E752": "nothing says which variant is meant",
    "E753": "the list of variants cannot be read",
    "E754": "openpyxl is not installed",
    "E755": "the workbook cannot be read",
    "E756": "names in a homework cannot be told apart",
    "E757": "the values to accept cannot be read",
    "E758": "a cell is filled in with what it does not hold",
}

#: What the rules say of symbols that they cannot compute with.
NO_SYMBOL = frozenset({"E121", "E122"})


class Problem(NamedTuple):
    """One thing that is wrong, for a person and for a program.

    `origin` is the place, `rule` the rule with its numbers, `hint` a repair, and `facts` the
    numbers that a program may want (the JSON form carries them as they are).
    """

    code: str
    message: str
    origin: Origin | None = None
    rule: str = ""
    hint: str = ""
    facts: tuple[tuple[str, object], ...] = ()


class SpecErrors(Exception):  # noqa: N818  (it is a bundle; the plural says so)
    """Everything that is wrong with a spec or a request, all of it in one run."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(map(_brief, problems))
        super().__init__("\n".join(f"{p.code}: {p.message}" for p in self.problems))

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows in place of a traceback: no fault of the program."""
        from shapecalc.output.problems import problems_text

        return problems_text(self.problems).splitlines()


def refuse(
    code: str,
    message: str,
    at: Origin | None = None,
    hint: str = "",
    rule: str = "",
    facts: tuple[tuple[str, object], ...] = (),
) -> SpecErrors:
    """Return the errors of one problem, to be raised."""
    return SpecErrors([Problem(code, message, at, rule, hint, facts)])


#: After so many different problems a run gives up.
MAX_PROBLEMS = 1000
#: Hints that are costly to find are looked for so often.
MAX_HINTS = 50
#: A message that quotes more than this is cut in its middle.
LONGEST = 400


def brief(text: str) -> str:
    """Cut the middle out of a text that quotes something very long."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} … {text[-half:]}"


def _brief(problem: Problem) -> Problem:
    return problem._replace(
        message=brief(problem.message), rule=brief(problem.rule), hint=brief(problem.hint)
    )


class Complaints:
    """Problems as they are found.

    What is wrong in one place is told once, however often blocks and repeats pass by it.
    """

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._first: dict[object, Problem] = {}
        self._more: dict[object, int] = {}
        self._count = 0
        for problem in problems:
            self.add(problem)

    def __len__(self) -> int:
        """Count them, repetitions too."""
        return self._count

    def __iter__(self) -> Iterator[Problem]:
        """Yield every problem, as often as it was noted."""
        for key, problem in self._first.items():
            yield from repeat(problem, 1 + self._more.get(key, 0))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note several."""
        for problem in problems:
            self.add(problem)

    def add(self, problem: Problem, about: str | None = None) -> None:
        """Note a problem.  Raises `SpecErrors` when there are too many to go on.

        Problems of one place and code are the same when they are `about` the same; without it,
        when their messages are.
        """
        key = (problem.code, problem.origin, problem.message if about is None else about)
        self._count += 1
        if key in self._first:
            self._more[key] = self._more.get(key, 0) + 1
            return
        self._first[key] = problem
        if len(self._first) >= MAX_PROBLEMS:
            raise SpecErrors(self.in_order())

    def note(
        self,
        code: str,
        message: str,
        origin: Origin | None,
        hint: str | Callable[[], str] = "",
        rule: str = "",
    ) -> None:
        """Note a problem; a hint that is costly to find is a function, called when it is new."""
        if callable(hint):
            known = (code, origin, message) in self._first or len(self._first) > MAX_HINTS
            hint = "" if known else hint()
        self.add(Problem(code, message, origin, rule, hint))

    def in_order(self) -> tuple[Problem, ...]:
        """Return the problems in the order of their places, repetitions counted."""
        problems = (
            problem._replace(message=f"{problem.message} (and {more} more from the same line)")
            if (more := self._more.get(key))
            else problem
            for key, problem in self._first.items()
        )
        return tuple(sorted(problems, key=_position))


def _position(problem: Problem) -> tuple[str, int, int]:
    if problem.origin is None or problem.origin.span is None:
        return ("", 0, 0)
    return (problem.origin.source.name, problem.origin.span.line, problem.origin.span.column)


class RuleError(Exception):
    """A layer's rule says no.  Names the field to blame; knows nothing of names and files."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str = "",
        rule: str = "",
        hint: str = "",
        facts: tuple[tuple[str, object], ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.rule = rule
        self.hint = hint
        self.facts = facts
