"""A homework as numbers to fill in: every asked number with its key, and what mistakes make of it.

A platform that compares number with number knows no volumes: a volume is its extents, each worth
the same part of the cell's marks.  What stands around the numbers is HTML without any style.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.answers import DOES
from shapecalc.homework.assignment.conventions import stated_conventions
from shapecalc.homework.assignment.notation import value_text
from shapecalc.homework.diagnosis.explanations import singles
from shapecalc.homework.diagnosis.judge import case_of
from shapecalc.homework.diagnosis.wording import general_rule, why_text
from shapecalc.homework.languages import figures, say, to_say
from shapecalc.homework.sheets import described, key_of
from shapecalc.layers.shape import SIDE_NAMES, as_text, whole
from shapecalc.output.markup import Element, written
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapecalc.homework.assignment.model import AskedCell, Homework
    from shapecalc.homework.assignment.quantities import Value
    from shapecalc.homework.diagnosis.explanations import Result
    from shapecalc.output.markup import Node

#: So many mistakes with one number are named.
_NAMED = 3


class Other(NamedTuple):
    """Another number than the key's that is foreseen: what is said of it, and what it earns.

    `share` is the part of the marks: the policy's, for a mistake or for what is accepted.  `ids`
    are the mistakes that give it.
    """

    value: Fraction
    message: str
    share: Fraction
    ids: tuple[str, ...] = ()


class AskedNumber(NamedTuple):
    """A number to find out: of a cell, or of an extent of its volume, which is the `part`.

    `rule` is the column's, in words.
    """

    cell: AskedCell
    part: str
    right: int
    marks: Fraction
    others: tuple[Other, ...]
    rule: str

    @property
    def name(self) -> str:
        """The blank in words."""
        name = f"{self.cell.layer}: {say(self.cell.quantity.title)}"
        return f"{name}, {say(self.part)}" if self.part else name

    @property
    def otherwise(self) -> str:
        """What is said of a number that no known mistake gives."""
        if not self.rule:
            return say("Not right.")
        return say("No known mistake gives this number. The rule: {rule}.", rule=self.rule)


def blanks_of(homework: Homework) -> dict[tuple[str, str], tuple[AskedNumber, ...]]:
    """Return the blanks of every cell that earns marks, by its address."""
    cells = (cell for cell in homework.cells if not cell.filled_in and cell.out_of)
    return {cell.at: _blanks(homework, cell) for cell in cells if cell.key is not None}


def _blanks(homework: Homework, cell: AskedCell) -> tuple[AskedNumber, ...]:
    case = case_of(homework, cell, homework.rows)
    mistaken = [
        (explanation.ids[0], extents)
        for explanation in singles(case)
        if len(extents := _extents(explanation.value)) == len(_right(cell.key))
    ]
    rule = general_rule(cell.quantity.key, homework)
    marks, policy = cell.out_of / len(_right(cell.key)), homework.policy
    blanks = []
    for at, (part, right) in enumerate(zip(_parts(cell.key), _right(cell.key), strict=True)):
        wrong = _wrong(right, [(name, extents[at]) for name, extents in mistaken])
        mistakes = (Other(value, _why(ids), policy.misconception, ids) for value, ids in wrong)
        others = {other.value: other for other in (*mistakes, *_accepted(homework, cell, at))}
        others.pop(Fraction(right), None)
        blanks.append(AskedNumber(cell, part, right, marks, tuple(others.values()), rule))
    if homework.conventions.layout == "chw" and len(blanks) > 1:
        return (blanks[-1], *blanks[:-1])
    return tuple(blanks)


def _extents(value: Result) -> tuple[Fraction, ...]:
    extents = value if isinstance(value, tuple) else (value,)
    return tuple(map(Fraction, extents))


def _right(key: Value) -> tuple[int, ...]:
    """Return what the key is made of: extents with the channels last, or one number."""
    assert key is not None
    return (key,) if isinstance(key, int) else whole(key)


def _parts(key: Value) -> tuple[str, ...]:
    """Name the extents of a volume; a number and a vector have one without a name."""
    if key is None or isinstance(key, int) or not key.sides:
        return ("",)
    return (*SIDE_NAMES[len(key.sides)], "channels")


def _accepted(homework: Homework, cell: AskedCell, at: int) -> Iterator[Other]:
    """Yield what the teacher accepts beside the key, of which a volume has several extents."""
    policy = homework.policy
    share = Fraction(1) if policy.accepted == "right" else policy.other_convention
    for accepted in cell.accepted:
        extents = _right(accepted.value)
        if len(extents) == len(_right(cell.key)):
            reason = accepted.reason
            message = say("Accepted: {reason}.", reason=reason) if reason else say("Accepted.")
            yield Other(Fraction(extents[at]), message, share)


def _wrong(
    right: int, values: Sequence[tuple[str, Fraction]]
) -> Iterator[tuple[Fraction, tuple[str, ...]]]:
    """Yield wrong numbers, each with the mistakes that give it."""
    by_value: dict[Fraction, dict[str, None]] = {}
    for name, value in values:
        if value != right and value >= 0:
            by_value.setdefault(value, {})[name] = None
    for value, ids in by_value.items():
        yield value, tuple(ids)


def _why(ids: tuple[str, ...]) -> str:
    """Say what was probably done, and why it is not so."""
    if len(ids) == 1:
        return why_text(ids)
    reasons = say(" Or: ").join(why_text((name,)) for name in ids[:_NAMED])
    return say("Several mistakes give this number. Perhaps: {reasons}", reasons=reasons)


def decimal(value: Fraction) -> str:
    """Write a number with digits and a point: at most four decimals.

    >>> from fractions import Fraction
    >>> decimal(Fraction(54)), decimal(Fraction(217, 4)), decimal(Fraction(1, 3))
    ('54', '54.25', '0.3333')
    """
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(round(value, 4)):.4f}".rstrip("0")


def tolerance(value: Fraction) -> str:
    """Return how near a number must be: whole ones are exact, others may be rounded."""
    return "0" if value.denominator == 1 else "0.01"


def by_layer(
    blanks: Mapping[tuple[str, str], tuple[AskedNumber, ...]],
) -> dict[str, list[tuple[AskedNumber, ...]]]:
    """Return the cells' blanks by their layers, in the order of the sheet."""
    layers: dict[str, list[tuple[AskedNumber, ...]]] = {}
    for (layer, _), parts in blanks.items():
        layers.setdefault(layer, []).append(parts)
    return layers


#: Said wherever a number is typed: platforms read separators in their own ways.
DIGITS = to_say("Write digits only: no separators between thousands, no K or M.")


def clean(text: str) -> str:
    r"""Make a stranger's text one line of HTML without markup, nor what XML cannot hold.

    >>> clean("<b>\x00 & ]]>")
    '&lt;b&gt;� &amp; ]]&gt;'
    """
    return written(one_line(text))


def paragraph(*parts: Node) -> str:
    """Write a paragraph of texts and elements."""
    return written(Element("p", *parts))


def network_page(homework: Homework) -> str:
    """Write the network that the questions are about: its input and all its layers."""
    inputs = [as_text(row.output) for row in homework.report.rows if row.type == "input"]
    head = Element("tr", Element("th", say("layer")), Element("th", say(DOES)))
    rows = (
        Element("tr", Element("td", one_line(layer)), Element("td", one_line(does)))
        for layer, does in described(homework)
    )
    about = paragraph(
        say(
            "{title}. The input is {volumes}.",
            title=one_line(homework.title),
            volumes=", ".join(inputs),
        )
    )
    note = paragraph(one_line(homework.note)) if homework.note else ""
    table = written(Element("table", head, *rows), flat=True)
    return f"{about}{note}{table}{_key_page(key_of(homework))}{paragraph(say(DIGITS))}"


def _key_page(key: Mapping[str, str]) -> str:
    """Write a key to notation, each term in bold."""
    return paragraph(*_key(key)) if key else ""


def _key(key: Mapping[str, str]) -> Iterator[Node]:
    for number, (term, text) in enumerate(key.items(), 1):
        yield Element("b", one_line(term))
        yield f": {one_line(text)}{'.' if number == len(key) else '; '}"


def layer_page(homework: Homework, layer: str) -> str:
    """Say which layer a question is about, and what of it is filled in."""
    does = dict(described(homework)).get(layer, "")
    given = "".join(
        say(
            " Given: {column} {value}.",
            column=say(cell.quantity.title),
            value=figures(value_text(cell.key, homework.conventions)),
        )
        for cell in homework.cells
        if cell.layer == layer and cell.filled_in
    )
    about = f"{one_line(homework.title)}, "
    says = f": {one_line(does)}" if does else ""
    return paragraph(about, Element("b", one_line(layer)), f"{says}.{given}")


def conventions_page(homework: Homework, layer: str, columns: Iterable[str]) -> str:
    """Say how these columns are counted, and what the layer's notation means."""
    columns = set(columns)
    return counted_page(homework, columns) + _key_page(key_of(homework, layer, columns))


def counted_page(homework: Homework, columns: set[str]) -> str:
    """Say how these columns are counted; the order of extents, and rounding, blanks leave open."""
    stated = stated_conventions(homework.conventions, columns - {"output"}, homework.report)
    terms = "; ".join(f"{k}: {v}" for k, v in stated.items() if k != say("rounding"))
    return paragraph(f"{terms}.") if terms else ""


def number_page(homework: Homework, blank: AskedNumber) -> str:
    """Ask for one number."""
    quantity = blank.cell.quantity
    title = say(quantity.title)
    question = f"{title}, {say(blank.part)}" if blank.part else title
    page = layer_page(homework, blank.cell.layer) + paragraph(f"{question}?")
    counted = conventions_page(homework, blank.cell.layer, [quantity.key])
    return page + counted + paragraph(say(DIGITS))
