"""Homeworks, checked answers and graded classes for learning platforms.

Every platform is one file here, named like its commands, and every format one entry of the table,
of which the commands are made: what the format is made of, which function writes it, its own
options, and what is lost on the way.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

#: What a format is made of: a homework; its file, with all of its variants; one student's answers;
#: a graded class.  It says what the command takes, and what the function is called with.
Material: TypeAlias = Literal["homework", "homework file", "answers", "class"]


class Option(NamedTuple):
    """An option that a format has for itself.

    It takes one of some words, or of some numbers; without these any text, and must be given where
    it has no default.  The function has it as a keyword of the same name.
    """

    name: str
    help: str
    values: tuple[str, ...] | range = ()
    default: str | int = ""
    metavar: str = ""


class Export(NamedTuple):
    """A format: what it makes, how, of what, and what the platform cannot hold.

    `write` is a module here and its function.  It takes a `Homework`; for a file its `Homework`,
    `Source` and that of the list of variants, if any; a `Checked`, and then the module has
    `refused`, too, which takes the problems of answers that cannot be read; or a `Classroom`, for
    which it may return lines to print with the text.  `does` is the command's help, `example` the
    words after its name.  `binary`: it is written to a file only.
    `pool` is the function that takes all variants of a class in place of one homework.
    """

    makes: str
    material: Material
    write: str
    does: str
    example: str
    loses: tuple[str, ...]
    options: tuple[Option, ...] = ()
    binary: bool = False
    pool: str = ""

    @property
    def needs(self) -> str:
        """What it is made of, in words."""
        return _NEEDS[self.material]


_NEEDS: dict[Material, str] = {
    "homework": "a homework",
    "homework file": "a homework",
    "answers": "one student's answers",
    "class": "a graded class",
}

_PER = Option("per", "A test for every one of these.", ("layer", "column", "cell"), "layer")
_HINT = Option(
    "hint",
    "How much is told: 1 which cells, 2 which idea, 3 the rule with the student's numbers.",
    range(1, 4),
    2,
)
_GRADESCOPE = (
    _PER,
    _HINT,
    Option(
        "visibility",
        "When students see the tests; while one is hidden they see no total.",
        ("visible", "hidden", "after_due_date", "after_published"),
        "visible",
    ),
    Option("markup", "How what is told is written.", ("text", "md", "html"), "text"),
)
_MISSING = Option("missing", "What stands for who handed nothing in.", ("blank", "zero"), "blank")
_RESULTS = "RESULTS is the folder that `homework grade` wrote, or its class.json."

_PER_NUMBER = (
    "follow-through: every number is compared with the key, whatever stood before it",
    "what the whole table tells: a wrong number has the message of one mistake, its own",
    "other notations: numbers are digits; a volume has a blank and a mark for every extent",
    "rounding: numbers are exact, whatever the conventions `digits` and `rounding` say",
    "other conventions: they are recognised over a whole column only, and count as mistakes here",
)

#: The formats by their names, in the order of the help.
EXPORTS: dict[str, Export] = {
    "gradescope": Export(
        "the results.json of Gradescope's autograder",
        "answers",
        "gradescope.results",
        "Check ANSWERS, a file or a folder with one, and write Gradescope's results.json.\n\n"
        "Answers that cannot be read make results too: no marks, and why.",
        "answers.csv --homework homework.yaml -o results.json",
        ("exact fractions: numbers have six decimals",),
        options=_GRADESCOPE,
    ),
    "gradescope-package": Export(
        "the zip to upload as a Gradescope autograder: setup.sh, run_autograder, the homework",
        "homework file",
        "gradescope.package",
        "Write the zip that is uploaded to Gradescope as the autograder of a homework.\n\n"
        "It installs this version of shapecalc and judges every submission as `export gradescope`"
        " does.",
        "--homework homework.yaml -o autograder.zip",
        ("lateness: Gradescope has rules of its own",),
        options=_GRADESCOPE,
        binary=True,
    ),
    "moodle-xml": Export(
        "questions for Moodle: cloze, or numerical with --per cell",
        "homework",
        "moodle.moodle_xml",
        "Write a homework as questions for Moodle: wrong numbers have their messages.\n\n"
        "Volumes are cloze questions in any case, with a blank an extent.  With --variants and no"
        " --variant all variants of the class are one category, a cloze question each.",
        "--homework homework.yaml -o quiz.xml",
        (
            *_PER_NUMBER,
            "shares of marks that Moodle does not have: the nearest of its list is taken",
        ),
        options=(
            Option(
                "per",
                "A cloze question a layer, or a numerical one a number.",
                ("layer", "cell"),
                "layer",
            ),
        ),
        pool="moodle.moodle_pool",
    ),
    "gift": Export(
        "questions in the GIFT format: a numerical one for every number",
        "homework",
        "gift.gift",
        "Write a homework as numerical questions in the GIFT format, with messages.",
        "--homework homework.yaml -o quiz.gift",
        (*_PER_NUMBER, "marks: every question is worth the same until the quiz says otherwise"),
    ),
    "qti": Export(
        "a zip in QTI 1.2, for Canvas and others: a numerical item for every number",
        "homework",
        "qti.qti",
        "Write a homework as a package in QTI 1.2, which Canvas imports.",
        "--homework homework.yaml -o quiz.zip",
        (
            *_PER_NUMBER,
            "in Canvas, messages of wrong numbers: its numerical questions have none",
        ),
        binary=True,
    ),
    "canvas": Export(
        "Canvas' own gradebook with one assignment filled in",
        "class",
        "canvas.canvas",
        "Fill the marks of a graded class into Canvas' own gradebook.\n\n"
        f"{_RESULTS}  Who could not be matched is told on standard error.",
        'results/ --gradebook canvas.csv --assignment "(42)"',
        ("cells and explanations: only the marks are left, with two decimals",),
        options=(
            Option("gradebook", "Canvas' own export of the gradebook.", metavar="FILE"),
            Option(
                "assignment",
                "The column: its name, with or without the id in brackets.",
                metavar="NAME",
            ),
            _MISSING,
        ),
    ),
    "moodle-csv": Export(
        "a table of grades that Moodle imports",
        "class",
        "moodle.grades",
        f"Write the marks of a graded class as a table that Moodle imports.\n\n{_RESULTS}",
        "results/ -o grades.csv",
        ("cells and explanations: the marks are left, with two decimals, and a sentence",),
        options=(_MISSING,),
    ),
    "moodle-worksheet": Export(
        "Moodle's own grading worksheet with marks and comments filled in",
        "class",
        "moodle.worksheet",
        "Fill the marks of a graded class into Moodle's grading worksheet of an assignment.\n\n"
        f"{_RESULTS}  Who could not be matched is told on standard error.",
        "results/ --worksheet worksheet.csv -o filled.csv",
        ("cells and explanations: the marks are left, with two decimals, and a sentence",),
        options=(
            Option("worksheet", "The worksheet, as Moodle wrote it.", metavar="FILE"),
            Option("grade", "The column of marks, in Moodle's language.", (), "Grade", "NAME"),
            Option(
                "feedback", "The column of comments, likewise.", (), "Feedback comments", "NAME"
            ),
            _MISSING,
        ),
    ),
    "coderunner": Export(
        "what a combinator grader of CodeRunner prints",
        "answers",
        "coderunner.combinator",
        "Check ANSWERS and write what a combinator grader of CodeRunner prints.",
        "answers.csv --homework homework.yaml",
        ("exact fractions: the whole is a part of 1, with six decimals",),
        options=(_PER, _HINT),
    ),
    "prairielearn": Export(
        "the results.json of PrairieLearn's external grader",
        "answers",
        "prairielearn.results",
        "Check ANSWERS and write results.json of PrairieLearn's external grader.\n\n"
        "Answers that cannot be read are not gradable, which does not use up an attempt.",
        "answers.csv --homework homework.yaml -o results.json",
        (
            "exact fractions: numbers have six decimals",
            "what is said of the parts: where it would be more than 1 MB",
        ),
        options=(_PER, _HINT),
    ),
}
