"""Reports to explain, and what every explanation must agree with."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import shapecalc
from shapecalc.analysis.explain import TOPICS
from shapecalc.analysis.explain.model import Derivation, Subject
from shapecalc.output.formulas import latex, tree_of
from shapecalc.output.markup import mathml, written
from shapecalc.output.options import make_view
from tests.paths import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.output.view import View
    from shapecalc.report import Report, Row


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
    """Compute what is written: every line must come to the last one, in LaTeX and MathML as well."""
    last = value_of(f"{made.formula.value}", values)
    texts = {value_of(line, values) for line in (*made.lines[1:], *made.chain.texts[-1:])}
    return texts | {value_of(line, values) for line in as_formulas(made)} <= {last}


def as_formulas(made: Derivation) -> Iterator[str]:
    """Read the lines back from LaTeX and from MathML."""
    for form in made.forms:
        if not form.letters:
            yield from_latex(latex(tree_of(form, made.times)))
            yield from_mathml(ET.fromstring(written(mathml(form, made.times))))


def from_latex(text: str) -> str:
    """Write LaTeX's mathematics in a line, as a text has it."""
    signs = {
        "{,}": "", r"\left": "", r"\right": "", r"\lfloor": "floor(", r"\rfloor": ")",
        r"\lceil": "ceil(", r"\rceil": ")", r"\cdot": "*", r"\times": "*", r"\bmod": "mod",
        r"\min": "min", r"\max": "max", r"\gcd": "gcd",
    }  # fmt: skip
    for sign, word in signs.items():
        text = text.replace(sign, word)
    text = re.sub(r"_\{(\d+)\}", r"\1", text)
    text = re.sub(r"\\text\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"(\d+)\\frac\{(\d+)\}\{(\d+)\}", r"(\1 + \2/\3)", text)
    before = ""
    while before != text:
        before = text
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
        text = re.sub(r"(\d?)\{([^{}]*)\}\^\{(\d+)\}", _raised, text)
    assert not set(text) & set("\\{}$"), text
    return text


def _raised(power: re.Match[str]) -> str:
    before, base, exponent = power.groups()
    return f"{before}{'*' if before else ''}({base})^{exponent}"


def from_mathml(element: ET.Element) -> str:
    """Write MathML in a line, as a text has it."""
    parts = list(element)
    match element.tag, list(map(from_mathml, parts)):
        case "mfrac", [over, under]:
            return f"(({over})/({under}))"
        case "msup", [base, exponent]:
            return f"({base})^{exponent}"
        case "msub", [letter, number]:
            return letter + number
        case (("mrow" | "math"), texts):
            pairs = zip(parts, texts, strict=True)
            if [part.tag for part in parts] == ["mn", "mfrac"]:
                return f"({' + '.join(texts)})"
            return "".join(f"{text}*" if _beside(part, parts) else text for part, text in pairs)
        case "mo", _:
            return _MO.get(str(element.text), str(element.text))
        case _:
            return str(element.text).replace(",", "")


def _beside(part: ET.Element, parts: list[ET.Element]) -> bool:
    """Tell whether a number stands before what it multiplies."""
    after = parts[parts.index(part) + 1 :]
    return part.tag == "mn" and bool(after) and after[0].tag in ("mi", "msub", "msup")


_MO = {
    "\N{MINUS SIGN}": " - ", "+": " + ", "\N{DOT OPERATOR}": "*", "\N{MULTIPLICATION SIGN}": "*",
    "mod": " mod ", ",": ", ", "\N{LEFT FLOOR}": "floor(", "\N{RIGHT FLOOR}": ")",
    "\N{LEFT CEILING}": "ceil(", "\N{RIGHT CEILING}": ")",
}  # fmt: skip


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
