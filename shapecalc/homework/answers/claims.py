"""Answers put to their cells and read."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from shapecalc.homework.answers import Extra, refuse_file
from shapecalc.homework.answers.rows import Meaning, meanings
from shapecalc.homework.assignment.headings import plain_word
from shapecalc.homework.assignment.model import (
    TOTAL,
    Homework,
    askable,
    assign,
    computing,
    find_row,
    is_total,
)
from shapecalc.homework.assignment.networks import numeric
from shapecalc.homework.assignment.notation import (
    Blank,
    ReadExtents,
    ReadNumber,
    Unreadable,
    at_digits,
    blank,
    tidy,
)
from shapecalc.homework.assignment.notation.numerals import read_number
from shapecalc.homework.assignment.notation.volumes import (
    VolumeForm,
    batch_text,
    forms,
    read_side,
    read_volume,
)
from shapecalc.homework.languages import kept_by_language, listed_said, question_said, say, to_say
from shapecalc.layers.shape import Map, Vector, whole
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.homework.answers import AnswerCell, Answers, CutAnswer
    from shapecalc.homework.answers.rows import NamedRow
    from shapecalc.homework.assignment.model import AskedCell
    from shapecalc.homework.assignment.notation import Reading
    from shapecalc.homework.assignment.quantities import Value
    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report


class Claim(NamedTuple):
    """A cell with what the student says: readings, likeliest first, or why there are none."""

    cell: AskedCell
    raw: str
    readings: tuple[Reading, ...] | Unreadable | Blank

    def __hash__(self) -> int:
        """Take the address and the text, which tell nearly all claims apart."""
        return hash((self.cell.layer, self.cell.quantity.key, self.raw))


#: A class answers a cell with the same texts again and again: what is found out of so many answers
#: is kept.
KEPT = 8192


class Claims(NamedTuple):
    """All cells of a homework with their answers.

    `channels_first`: the sheet writes its volumes so.  `own` are the volumes that it states, by
    row: the right one where it may be meant.  `answers`: there are some, and one at least is to
    what was asked.  `notes` say which rows were taken for what, `doubts` which for
    nothing, though they may mean something.
    """

    by_cell: dict[tuple[str, str], Claim]
    extras: tuple[Extra, ...]
    channels_first: bool
    own: Mapping[str, Shape]
    answers: bool
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def against(report: Report, answers: Answers) -> Homework:
    """Make the homework that a plain table answers: its rows and columns, under the defaults.

    A row of dashes is the sheet's own where the network's sheet asks nothing of it.  Raises
    `SpecErrors` (E704, E705) for a table without a row of the network.
    """
    numeric(report)
    answers = _without_drafts(answers)
    rows = askable(report)
    table = tuple(dict.fromkeys((cell.layer, cell.nth) for cell in answers.cells))
    names = (*computing(report), *([TOTAL] if TOTAL not in rows else []))
    meant = meanings(table, names, rows, {row.name: row for row in report.rows})
    layers = [meaning.row for meaning in meant.values() if meaning.row is not None]
    answered = {meant[cell.layer, cell.nth].row for cell in answers.cells if not _is_dash(cell.raw)}
    asked_layers = answered.union(computing(report))
    layers = [name for name in layers if name in asked_layers] or layers
    if not layers:
        first = answers.rows[0] if answers.rows else ""
        hint = question_said(did_you_mean(first, rows)) or say(
            "its layers are {layers}, ...", layers=", ".join(list(rows)[:8])
        )
        message = say("no row of the table is a layer of {network}", network=report.name)
        raise refuse_file("E704", message, answers.source, hint)
    keys = [quantity.key for quantity in answers.columns]
    asked = assign(report, layers=dict.fromkeys(layers), columns=keys)
    return asked._replace(part_of=assign(report).stamp) if answers.stamp else asked


def _without_drafts(answers: Answers) -> Answers:
    """Leave out what stands beside the sheet that is read, where this has an answer itself."""
    if not any(cell.beside for cell in answers.cells):
        return answers
    own = {
        (plain_word(cell.layer), cell.quantity.key)
        for cell in answers.cells
        if not cell.beside and cell.raw.strip()
    }
    cells = tuple(
        cell for cell in answers.cells
        if not cell.beside or (plain_word(cell.layer), cell.quantity.key) not in own
    )  # fmt: skip
    kept = {cell.quantity for cell in cells}
    columns = tuple(column for column in answers.columns if column in kept)
    return answers._replace(cells=cells, columns=columns)


def _is_dash(raw: str) -> bool:
    """Tell whether a cell holds a dash, or a word for nothing."""
    nothing = blank(tidy(raw))
    return nothing is not None and nothing.dash


def claims_of(homework: Homework, answers: Answers) -> Claims:
    """Put answers to the cells and read them."""
    answers = answers if homework.networks else _without_drafts(answers)
    by_address: dict[tuple[str, str], list[AnswerCell]] = {}
    open_: dict[tuple[str, str], AnswerCell] = {}
    extras: list[Extra] = []
    addresses = _addresses(homework)
    about = _about(homework, answers)
    meant = _meant(homework, about)
    unclear: list[tuple[str, NamedRow]] = []
    for network, named, answer in about:
        name = _row_of(answer, network, homework) if homework.networks else None
        meaning = meant.get((network, named), Meaning(None))
        name = name or meaning.row
        spelled = "" if meaning.may_be else answer.layer  # what is open is so however it is spelled
        at = (name or spelled, answer.quantity.key)
        if at in addresses:
            by_address.setdefault(at, []).append(answer)
        elif not isinstance(blank(tidy(answer.raw)), Blank):
            may_be = [] if name else [(row, at[1]) for row in meaning.may_be]
            may_be = [at for at in may_be if at in addresses]
            open_.update((at, answer) for at in may_be if at not in open_)
            if may_be:
                unclear.append((network, named))
            else:
                hint = "" if name else question_said(did_you_mean(answer.layer, homework.layers))
                extras.append(Extra(answer.layer, answer.quantity.key, answer.raw, hint))
    read = {
        cell.at: _claim(cell, by_address.get(cell.at, []), homework, open_.get(cell.at))
        for cell in homework.cells
    }
    read = _without_batch(read)
    first = homework.conventions.layout == "chw"
    first = _channels_first(read, expected=first)
    own = _own_volumes(read, channels_first=first)
    filled = (answer.raw.strip() for cells in by_address.values() for answer in cells)
    notes, doubts = tuple(_taken(meant)), tuple(_doubts(meant, unclear))
    return Claims(read, tuple(extras), first, own, any(filled), notes, doubts)


@lru_cache(maxsize=16)
def _addresses(homework: Homework) -> frozenset[tuple[str, str]]:
    """Return where the cells of a homework are."""
    return frozenset(cell.at for cell in homework.cells)


def _about(homework: Homework, answers: Answers) -> list[tuple[str, NamedRow, AnswerCell]]:
    """List answers with their networks, where there are several, and their rows in these.

    The network is what the answer names, or the row with its name alone above it.
    """
    if not homework.networks:
        return [("", (cell.layer, cell.nth), cell) for cell in answers.cells]
    about, section = [], ""
    places: dict[tuple[str, str], list[int]] = {}
    for cell in answers.cells:
        section = _network(cell.layer, homework) or section
        network = _network(cell.network, homework) or section
        above = places.setdefault((network, cell.layer), [])
        if cell.nth not in above:
            above.append(cell.nth)
        about.append((network, (cell.layer, above.index(cell.nth)), cell))
    return about


def _meant(
    homework: Homework, about: Sequence[tuple[str, NamedRow, AnswerCell]]
) -> dict[tuple[str, NamedRow], Meaning]:
    """Return what the rows of a table mean, network by network where there are several."""
    tables: dict[str, dict[NamedRow, None]] = {}
    for network, named, _ in about:
        if network or not homework.networks:
            tables.setdefault(network, {})[named] = None
    result: dict[tuple[str, NamedRow], Meaning] = {}
    for network, table in tables.items():
        result |= _meanings(homework, network, tuple(table))
    return result


@kept_by_language(512)  # the sheets of a class have the same rows again and again
def _meanings(
    homework: Homework, network: str, table: tuple[NamedRow, ...]
) -> dict[tuple[str, NamedRow], Meaning]:
    """Return what the rows of the table of one network mean."""
    inside = f"{network}/" if network else ""
    asked = [name.removeprefix(inside) for name in homework.layers if name.startswith(inside)]
    rows = {
        name.removeprefix(inside): row
        for name, row in homework.rows.items()
        if name.startswith(inside)
    }
    report = homework.networks.get(network, homework.report)
    leaves = {row.name.removeprefix(inside): row for row in report.rows}
    result = {}
    for named, meaning in meanings(table, asked, rows, leaves).items():
        row = None if meaning.row is None else inside + meaning.row
        may_be = tuple(inside + name for name in meaning.may_be)
        result[network, named] = meaning._replace(row=row, may_be=may_be)
    return result


def _taken(meant: Mapping[tuple[str, NamedRow], Meaning]) -> Iterator[str]:
    """Say which rows were taken for what by no name of their own."""
    taken = [
        say("{word} for {row}", word=word, row=meaning.row)
        for (_, (word, _)), meaning in meant.items()
        if meaning.row is not None and not meaning.own
    ]
    if taken:
        yield say("rows were taken by what they say: {rows}", rows=listed_said(taken, 12))


def _doubts(
    meant: Mapping[tuple[str, NamedRow], Meaning], unclear: Sequence[tuple[str, NamedRow]]
) -> Iterator[str]:
    """Say which rows were taken for nothing, and what they may mean."""
    for at in dict.fromkeys(unclear):
        yield say(
            "row {row} was taken for nothing: it may mean {rows}",
            row=at[1][0][:60],
            rows=_may_mean(meant[at]),
        )


def _may_mean(meaning: Meaning) -> str:
    """Say which rows a row may mean."""
    rows = list(meaning.may_be)
    return ", ".join(rows[:4]) + (", ..." if len(rows) > 4 else "")


def _network(word: str, homework: Homework) -> str:
    """Return the network that a word means, if it means one."""
    network = find_row(word, homework.networks)
    return network if network is not None and network in homework.networks else ""


def _row_of(answer: AnswerCell, section: str, homework: Homework) -> str | None:
    """Return the row that an answer is about.

    Of several networks it is that which the answer names, or the row with the network's name alone
    above it; without either a layer is found that only one of them has.
    """
    word, layers = answer.layer, homework.layers
    if homework.networks:
        network = _network(answer.network, homework) or section
        if network and not _network(word, homework):
            full = f"{network}/{word}"
            row = find_row(full, layers) or find_row(full, homework.rows)
            if row is not None:
                return row
        alone = [layer for layer in layers if find_row(word, [layer.partition("/")[2]]) is not None]
        if len(alone) == 1 and not is_total(alone[0]):
            return alone[0]
    return find_row(word, layers) or find_row(word, homework.rows)


#: Signs for the same as above.
_DITTO = frozenset({'"', "''", "\u201d", "\u201e", "\u2033", "\u3003"})


def _claim(
    cell: AskedCell, answers: list[AnswerCell], homework: Homework, unclear: AnswerCell | None
) -> Claim:
    """Read the answers of a cell; `unclear` is one that may be meant for it."""
    filled = [answer for answer in answers if answer.raw.strip()]
    if not filled and unclear is not None:
        reason = say(
            "row '{row}' may be meant for it, or not; name rows as the sheet does",
            row=unclear.layer[:40],
        )
        return Claim(cell, unclear.raw, Unreadable(reason))
    if not filled:
        return Claim(cell, "", Blank())
    filled = [answer for answer in filled if not answer.beside] or filled
    first = filled[0]
    if len(filled) > 1 and len({answer.raw.strip() for answer in filled}) > 1:
        both = say(" and ").join(f"'{answer.raw.strip()[:40]}'" for answer in filled[:2])
        twice = say("answered twice: {answers}; keep one", answers=both)
        return Claim(cell, first.raw, Unreadable(twice))
    if first.raw.strip() in _DITTO:
        return Claim(cell, first.raw, Unreadable(say("a ditto mark; write the answer itself")))
    if any(_is_cut(cut, cell.layer, homework) for cut in first.cut):
        return Claim(cell, first.raw, Unreadable(say(_COMMAS)))
    if first.reason:
        return Claim(cell, first.raw, Unreadable(first.reason))
    conventions = homework.conventions
    return _read(cell, first.raw, first.unit, conventions.kilobyte, conventions.digits)


@kept_by_language(KEPT)
def _read(cell: AskedCell, raw: str, unit: str, kilobyte: int, digits: int) -> Claim:
    """Read the one answer of a cell."""
    if cell.quantity.key == "output":
        readings: tuple[Reading, ...] | Unreadable | Blank = read_volume(raw)
    elif cell.quantity.key == "rf":
        readings = read_side(raw)
    else:
        kilobyte = kilobyte if cell.quantity.key == "memory" else 0
        readings = read_number(raw, unit=unit, kilobyte=kilobyte)
    if isinstance(readings, Blank) and readings.dash and cell.quantity.key != "output":
        return Claim(cell, raw, (ReadNumber(Fraction(0), plain=False, note=say("read as 0")),))
    if digits and cell.quantity.key != "output" and not isinstance(readings, Unreadable | Blank):
        numbers = (reading for reading in readings if isinstance(reading, ReadNumber))
        readings = tuple(reading for number in numbers for reading in at_digits(number, digits))
    return Claim(cell, raw, readings)


#: Why a cell of a row that commas part is no answer.
_COMMAS = to_say(
    "commas that are not in quotes seem to part the row anew; put such cells in quotes"
)
#: A number is near another within this factor.
_NEAR = 10


def _is_cut(cut: CutAnswer, layer: str, homework: Homework) -> bool:
    """Tell whether pieces of a row are one answer: far from the key alone, and near it together."""
    row = homework.rows.get(layer)
    key = None if row is None else cut.quantity.of(row, homework.conventions)
    if isinstance(key, int):
        wholes = [_values(read_number(text)) for text in cut.whole]
        return not _near(_values(read_number(cut.first)), key) and any(
            _near(whole, key) for whole in wholes
        )
    if not isinstance(key, Map):
        return False
    sides = whole(key)
    volumes = [read_volume(text) for text in cut.whole]
    return any(
        len(volume.dims) == len(sides) and all(map(_near, ([dim] for dim in volume.dims), sides))
        for read in volumes
        if not isinstance(read, Unreadable | Blank)
        for volume in read
    )


def _values(read: tuple[ReadNumber, ...] | Unreadable | Blank) -> list[Fraction]:
    return [] if isinstance(read, Unreadable | Blank) else [number.value for number in read]


def _near(values: Sequence[Fraction], key: int) -> bool:
    """Tell whether a number may be meant for a key."""
    return any(key <= value * _NEAR and value <= key * _NEAR for value in values)


def _channels_first(claims: dict[tuple[str, str], Claim], *, expected: bool) -> bool:
    """Tell whether more volumes are near the right ones with their channels first than last."""
    nearer = [_nearer(claim) for (_, column), claim in claims.items() if column == "output"]
    first, last = nearer.count("first"), nearer.count("last")
    return first >= last if expected else first > last


@kept_by_language(KEPT)
def _nearer(claim: Claim) -> Literal["first", "last", ""]:
    """Tell with which end for its channels a volume is nearer the right one."""
    meant = {form.swapped: form for _, form in forms_of(claim)}
    if len(meant) < 2 or meant[True].dims == meant[False].dims:
        return ""
    ahead, behind = (_distance(meant[swapped], claim.cell.key) for swapped in (True, False))
    if ahead == behind:
        return ""
    return "first" if ahead < behind else "last"


def _without_batch(claims: dict[tuple[str, str], Claim]) -> dict[tuple[str, str], Claim]:
    """Leave out the batch in front of vectors, where all volumes with an axis too many have it.

    A vector alone does not show it: 9216x4096 is a matrix of weights as well.
    """
    ahead = {_ahead(claim) for (_, column), claim in claims.items() if column == "output"} - {None}
    size = ahead.pop() if len(ahead) == 1 else None
    if size is None or size <= 1:
        return claims
    note = batch_text(size)
    return {
        at: claim._replace(
            readings=tuple(
                extents._replace(dims=extents.dims[1:], plain=False, note=note)
                if len(extents.dims) > 1 and extents.dims[0] == size
                else extents
                for extents in _extents(claim)
            )
        )
        if isinstance(claim.cell.key, Vector) and _extents(claim)
        else claim
        for at, claim in claims.items()
    }


@kept_by_language(KEPT)
def _ahead(claim: Claim) -> Fraction | None:
    """Return what stands in front of a map that has an axis too many."""
    key, extents = claim.cell.key, _extents(claim)[:1]
    if isinstance(key, Map) and extents and len(extents[0].dims) == len(whole(key)) + 1:
        return extents[0].dims[0]
    return None


def _extents(claim: Claim) -> list[ReadExtents]:
    """List the volumes that a claim may be read as."""
    if isinstance(claim.readings, Unreadable | Blank):
        return []
    return [reading for reading in claim.readings if isinstance(reading, ReadExtents)]


def _distance(form: VolumeForm, key: Value) -> tuple[bool, int, Fraction]:
    """Return how far a form is from a volume, what weighs most first.

    Whether it is square where the volume is not, or the other way round; how many extents differ;
    by which factor at most.
    """
    if not isinstance(key, Map | Vector) or len(form.dims) != len(whole(key)):
        return False, 0, Fraction(0)
    right = tuple(map(Fraction, whole(key)))
    if form.dims == right:
        return False, 0, Fraction(0)
    pairs = list(zip(form.dims, right, strict=True))
    return (
        len(set(form.dims[:-1])) != len(set(right[:-1])),
        sum(a != b for a, b in pairs),
        max(max(a, b) / max(min(a, b), Fraction(1)) for a, b in pairs),
    )


@kept_by_language(KEPT)
def forms_of(
    claim: Claim, *, channels_first: bool = False
) -> tuple[tuple[ReadExtents, VolumeForm], ...]:
    """List what a volume's claim may mean."""
    return forms_for(claim, claim.cell.key, channels_first=channels_first)


def forms_for(
    claim: Claim, value: Value, *, channels_first: bool
) -> tuple[tuple[ReadExtents, VolumeForm], ...]:
    """List what a volume's claim may mean where another value than the key is looked for."""
    if value is None or isinstance(value, int):
        return ()
    return tuple(
        (extents, form)
        for extents in _extents(claim)
        for form in forms(extents, value, channels_first=channels_first)
    )


def _own_volumes(
    claims: Mapping[tuple[str, str], Claim], *, channels_first: bool
) -> dict[str, Shape]:
    """Return the volumes that a student states."""
    volumes = {}
    for (layer, column), claim in claims.items():
        if column != "output" or is_total(layer) or claim.cell.filled_in:
            continue
        shape = _own_volume(claim, channels_first=channels_first)
        if shape is not None:
            volumes[layer] = shape
    return volumes


@kept_by_language(KEPT)
def _own_volume(claim: Claim, *, channels_first: bool) -> Shape | None:
    """Return the volume that a claim states: the right one where that may be meant."""
    shapes = [form.shape for _, form in forms_of(claim, channels_first=channels_first)]
    key = claim.cell.key
    return next((shape for shape in shapes if shape == key), shapes[0] if shapes else None)
