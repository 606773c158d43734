"""The columns of a report, and the view: which of them to show, and how.

`COLUMNS` is the one table that every format, the captions and the help derive from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.cells import (
    BYTES,
    DTYPES,
    NAMES,
    NUMBER,
    PERCENT,
    SHAPE,
    SHAPES,
    SIDES,
    TEXT,
    UNITS,
    Share,
)
from shapecalc.errors import Problem, SpecErrors, did_you_mean
from shapecalc.profile import PROFILES
from shapecalc.shape import SIDE_NAMES
from shapecalc.source import Origin, Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shapecalc.cells import Kind
    from shapecalc.dim import Dim
    from shapecalc.profile import Profile
    from shapecalc.report import Report, Row, Totals
    from shapecalc.shape import Layout


#: Terms with their meanings.
Legend: TypeAlias = "dict[str, str]"


class View(NamedTuple):
    """How to look at a report.  `make_view` reads one from words and checks it.

    `batch` examples of elements of `dtype` take memory; counts are per example.  `depth` levels of
    the paths are shown: 0 for all, None for what suits the format.  `columns` None: the format's.
    """

    batch: int = 1
    dtype: str = "float32"
    units: str = "exact"
    layout: Layout = "hwc"
    profile: Profile | None = None
    count_inplace: bool = False
    depth: int | None = None
    columns: tuple[Column, ...] | None = None
    sort: Column | None = None

    def bytes(self, elements: Dim) -> Dim:
        """Return the bytes that so many elements take."""
        return elements * DTYPES[self.dtype]

    def memory(self, elements: Dim) -> Dim:
        """Return the bytes that so many elements of every example take."""
        return self.bytes(elements * self.batch)

    def activations(self, row: Row | Totals) -> Dim:
        """Return output elements, with or without those written in place."""
        return row.activations + (row.overwritten if self.count_inplace else 0)

    def count(self, row: Row | Totals) -> Dim:
        """Fold a row's work by the profile."""
        assert self.profile is not None, "the column `count` is there only with a profile"
        return self.profile.count(row)


class Column(NamedTuple):
    """A column: what it is called, what it means, and how it comes from a row.

    `key` names it in `--columns`, `field` in CSV and JSON, `title` in a header.  `total` is None
    where a sum means nothing.  `shown`: by default in all formats, in machine formats only, or
    nowhere.  `drop` orders what a narrow page leaves out, 1 first; 0 stays.  `convention` gives
    the terms that the caption owes to the reader.  A share states what it is `of`.
    """

    key: str
    title: str
    meaning: str
    kind: Kind
    value: Callable[[Row, View], object]
    total: Callable[[Totals, View], Dim] | None = None
    shown: Literal["everywhere", "machines", "asked"] = "machines"
    drop: int = 0
    field: str = ""
    convention: Callable[[Report, View], Legend] | None = None
    of: Callable[[Totals], Dim] | None = None

    @property
    def name(self) -> str:
        """The machine name."""
        return self.field or self.key

    @property
    def numeric(self) -> bool:
        """Whether the column is set flush right."""
        return self.kind.name not in ("text", "shape")

    @property
    def extents(self) -> bool:
        """Whether the texts hold extents like 11x11."""
        return self.kind.name == "shape" or self.key == "does"

    def heading(self, view: View) -> str:
        """Return the title with its unit, or with the profile's name."""
        title = self.title
        if self.key == "count" and view.profile is not None:
            title = f"count: {view.profile.name}"
        if self.kind.name == "bytes":
            return f"{title} ({UNITS[view.units][1]})"
        if self.kind.name == "number" and view.units != "exact":
            return f"{title} ({view.units})"
        return title

    def of_row(self, row: Row, view: View, totals: Totals) -> object:
        """Return a row's value: as its kind has it, None (not applicable) or `UNKNOWN`."""
        value = self.value(row, view)
        return Share(value, self.of(totals)) if self.of and isinstance(value, int) else value

    def of_all(self, totals: Totals, view: View) -> object:
        """Return the value of the totals' line; None where there is none."""
        if self.total is None:
            return None
        value = self.total(totals, view)
        return Share(value, self.of(totals)) if self.of else value


def _volumes(report: Report, view: View) -> Legend:
    ranks = sorted({len(row.output.sides) for row in report.rows} - {0})
    orders = [
        (*SIDE_NAMES[rank], "channels") if view.layout == "hwc" else ("channels", *SIDE_NAMES[rank])
        for rank in ranks
    ]
    return {"volumes": " or ".join(map(" x ".join, orders))} if orders else {}


def _params(report: Report, view: View) -> Legend:  # noqa: ARG001  (as all conventions)
    once = "; shared ones counted once" if any(row.shared for row in report.rows) else ""
    return {"params": f"trained weights + biases{once}"}


def _macs(report: Report, view: View) -> Legend:
    pooled = any(row.type == "subsampling" for row in report.rows)
    meaning = "multiply-accumulates of convolutions, transposed convolutions and dense layers"
    if pooled:
        meaning += ", and 1 per output of subsampling"
    each = ", per example" if view.batch > 1 else ""
    return {"MACs": f"{meaning}, without bias adds{each}", "FLOPs": f"2 x MACs{each}"}


def _activations(report: Report, view: View) -> Legend:
    inplace = list(dict.fromkeys(row.type for row in report.rows if row.overwritten))
    named = ", ".join(inplace[:3]) + (", ..." if len(inplace) > 3 else "")
    each = ", per example" if view.batch > 1 else ""
    meaning = f"output elements{each}"
    if inplace and view.count_inplace:
        meaning += f"; those written in place ({named}) count too"
    elif inplace:
        meaning += f"; 0 for layers that work in place ({named})"
    return {"activations": meaning}


def _memory(report: Report, view: View) -> Legend:  # noqa: ARG001
    size = DTYPES[view.dtype]
    each = f"{size} bytes" if size > 1 else "1 byte"
    batch = f"; activations of a batch of {view.batch:,}" if view.batch > 1 else ""
    return {"memory": f"{each} per element ({view.dtype}){batch}"}


def _count(report: Report, view: View) -> Legend:  # noqa: ARG001
    if view.profile is None:
        return {}
    note = f" ({view.profile.note})" if view.profile.note else ""
    return {f"count: {view.profile.name}": view.profile.label + note}


def _says(term: str, meaning: str) -> Callable[[Report, View], Legend]:
    return lambda report, view: {term: meaning}  # noqa: ARG005


#: Every column, in the order of the tables.
COLUMNS: tuple[Column, ...] = (
    Column(
        "name",
        "layer",
        "the layer's name; what stands inside a block has the block's before it",
        TEXT,
        lambda row, _: row.name,
        shown="everywhere",
    ),
    Column(
        "type",
        "type",
        "the layer's type, or the block's",
        TEXT,
        lambda row, _: row.type,
        shown="everywhere",
        drop=4,
    ),
    Column(
        "does",
        "what it does",
        "filters or units, kernel, /stride, padding, as in 96 11x11 /4",
        TEXT,
        lambda row, _: row.does,
        shown="everywhere",
        drop=5,
    ),
    Column(
        "from",
        "from",
        "the layers that flow in",
        NAMES,
        lambda row, _: row.sources,
    ),
    Column(
        "input",
        "input",
        "the volume that flows in; several for a join",
        SHAPES,
        lambda row, _: row.inputs,
        shown="everywhere",
        drop=3,
        field="inputs",
        convention=_volumes,
    ),
    Column(
        "output",
        "output",
        "the output volume, or the number of units",
        SHAPE,
        lambda row, _: row.output,
        shown="everywhere",
        drop=7,
        convention=_volumes,
    ),
    Column(
        "units",
        "units",
        "output elements, whether they are stored or work in place",
        NUMBER,
        lambda row, _: row.units,
    ),
    Column(
        "weights",
        "weights",
        "trained weights",
        NUMBER,
        lambda row, _: row.weights,
        lambda all_, _: all_.weights,
    ),
    Column(
        "biases",
        "biases",
        "trained biases",
        NUMBER,
        lambda row, _: row.biases,
        lambda all_, _: all_.biases,
    ),
    Column(
        "params",
        "params",
        "trained weights + biases",
        NUMBER,
        lambda row, _: row.params,
        lambda all_, _: all_.params,
        shown="everywhere",
        convention=_params,
    ),
    Column(
        "params%",
        "params %",
        "the layer's part of all parameters, in percent",
        PERCENT,
        lambda row, _: row.params,
        lambda all_, _: all_.params,
        shown="asked",
        field="params_percent",
        of=lambda all_: all_.params,
        convention=_params,
    ),
    Column(
        "buffers",
        "buffers",
        "stored but not trained: running statistics, fixed codes",
        NUMBER,
        lambda row, _: row.buffers,
        lambda all_, _: all_.buffers,
        convention=_says("buffers", "stored but not trained (running statistics, fixed codes)"),
    ),
    Column(
        "connections",
        "connections",
        "(inputs of a unit + its bias) x units",
        NUMBER,
        lambda row, _: row.connections,
        lambda all_, _: all_.connections,
        convention=_says("connections", "(inputs of a unit + its bias) x units"),
    ),
    Column(
        "macs",
        "MACs",
        "multiply-accumulates of convolutions and dense layers",
        NUMBER,
        lambda row, _: row.macs,
        lambda all_, _: all_.macs,
        shown="everywhere",
        drop=6,
        convention=_macs,
    ),
    Column(
        "macs%",
        "MACs %",
        "the layer's part of all MACs, in percent",
        PERCENT,
        lambda row, _: row.macs,
        lambda all_, _: all_.macs,
        shown="asked",
        field="macs_percent",
        of=lambda all_: all_.macs,
        convention=_macs,
    ),
    Column(
        "flops",
        "FLOPs",
        "floating-point operations of those: 2 x MACs",
        NUMBER,
        lambda row, _: row.flops,
        lambda all_, _: all_.flops,
        convention=_macs,
    ),
    Column(
        "count",
        "count",
        "operations as the profile counts them (--profile)",
        NUMBER,
        lambda row, view: view.count(row),
        lambda all_, view: view.count(all_),
        shown="everywhere",
        convention=_count,
    ),
    Column(
        "activations",
        "activations",
        "output elements; 0 for layers that work in place",
        NUMBER,
        lambda row, view: view.activations(row),
        lambda all_, view: view.activations(all_),
        shown="everywhere",
        drop=1,
        convention=_activations,
    ),
    Column(
        "memory",
        "memory",
        "bytes of the activations (--dtype) of a batch (--batch)",
        BYTES,
        lambda row, view: view.memory(view.activations(row)),
        lambda all_, view: view.memory(view.activations(all_)),
        convention=_memory,
    ),
    Column(
        "rf",
        "rf",
        "receptive field: pixels of the input that a unit sees, along a side",
        SIDES,
        lambda row, _: tuple(side.size for side in row.field) or None,
        shown="everywhere",
        drop=2,
        field="receptive_field",
        convention=_says("rf", "receptive field, the input's pixels that a unit sees per side"),
    ),
    Column(
        "jump",
        "jump",
        "pixels between the receptive fields of neighbouring units",
        SIDES,
        lambda row, _: tuple(side.jump for side in row.field if side.jump) or None,
        convention=_says("jump", "pixels between the receptive fields of neighbouring units"),
    ),
    Column(
        "shared",
        "shares weights of",
        "the layer whose weights this one uses",
        TEXT,
        lambda row, _: row.shared if row.parameters else None,
    ),
    Column("note", "note", "the remark in the spec", TEXT, lambda row, _: row.note),
)

#: A column answers to its key, its machine name and its title.
_BY_WORD: dict[str, Column] = {
    word.lower(): column for column in COLUMNS for word in (column.title, column.name, column.key)
}


def default_columns(view: View, *, machine: bool) -> tuple[Column, ...]:
    """Return the columns that a format shows when none are asked for."""
    shown = ("everywhere", "machines") if machine else ("everywhere",)
    return tuple(
        column
        for column in COLUMNS
        if column.shown in shown and (column.key != "count" or view.profile is not None)
    )


def conventions(report: Report, view: View, columns: Iterable[Column]) -> Legend:
    """Return what a table of these columns owes to its reader: terms with their meanings.

    What the totals under every table speak of is always owed.
    """
    legend: Legend = {}
    for column in (*columns, *(_BY_WORD[key] for key in ("macs", "activations", "memory"))):
        if column.convention is not None:
            legend.update(column.convention(report, view))
    if view.units != "exact":
        legend[view.units] = f"{UNITS[view.units][0]:,}"
    return legend


def sorted_rows(rows: tuple[Row, ...], view: View, totals: Totals) -> tuple[Row, ...]:
    """Sort rows as the view asks: numbers downward, texts upward, empty cells last."""
    column = view.sort
    if column is None:
        return rows
    ranked = []
    empty = []
    for row in rows:
        value = column.of_row(row, view, totals)
        if value != () and isinstance(value, (int, str, tuple)):
            ranked.append((column.kind.rank(value), row))
        else:
            empty.append(row)
    ranked.sort(key=lambda pair: pair[0], reverse=column.kind.name != "text")
    return (*(row for _, row in ranked), *empty)


def make_view(  # noqa: PLR0913  (one argument an option)
    *,
    batch: int = 1,
    dtype: str = "float32",
    units: str = "exact",
    layout: str = "hwc",
    profile: str | None = None,
    count_inplace: bool = False,
    depth: int | None = None,
    columns: str | Sequence[str] | None = None,
    sort: str | None = None,
) -> View:
    """Read a view from the words of options.

    `columns` is a list, or a text with commas; `all` stands for all.  Raises `SpecErrors` with
    every word that is not known (E301, E303).
    """
    problems: list[Problem] = []
    dtype = _one_of("dtype", dtype, DTYPES, problems)
    units = _one_of("units", units, UNITS, problems)
    layout = _one_of("layout", layout, ("hwc", "chw"), problems)
    counting = PROFILES[_one_of("profile", profile, PROFILES, problems)] if profile else None
    for name, number, least in (("batch", batch, 1), ("depth", depth, 0)):
        if number is not None and number < least:
            message = f"{name} must be at least {least}, but is {number}"
            problems.append(_refuse("E303", name, str(number), message, ""))
    wanted = None
    if columns is not None:
        text = columns if isinstance(columns, str) else ",".join(columns)
        wanted = _read_columns("columns", text, counting, problems)
    order = _read_columns("sort", sort, counting, problems) if sort is not None else ()
    if problems:
        raise SpecErrors(problems)
    return View(
        batch,
        dtype,
        units,
        "chw" if layout == "chw" else "hwc",
        counting,
        count_inplace,
        depth,
        wanted,
        order[0] if order else None,
    )


def _one_of(option: str, word: str, known: Iterable[str], problems: list[Problem]) -> str:
    """Return a known word; complain about another one, and return the first known."""
    if word in known:
        return word
    hint = did_you_mean(word, known) or f"one of {', '.join(known)}"
    problems.append(_refuse("E303", option, word, f"unknown {option} '{word}'", hint))
    return next(iter(known))


def _refuse(  # noqa: PLR0913, PLR0917  (the parts of a problem)
    code: str, option: str, text: str, message: str, hint: str, span: Span | None = None
) -> Problem:
    origin = Origin(Source(f"--{option} {text}", text), span or Span(0, 0, 0, len(text)))
    return Problem(code, message, origin, hint=hint)


def _read_columns(
    option: str, text: str, profile: Profile | None, problems: list[Problem]
) -> tuple[Column, ...]:
    """Read column names, separated by commas; complain about the unknown ones."""
    if text.strip() == "all" and option == "columns":
        return tuple(each for each in COLUMNS if each.key != "count" or profile is not None)
    found: dict[Column, None] = {}
    end = -1
    for part in text.split(","):
        start, end = end + 1, end + 1 + len(part)
        word = part.strip()
        column = _BY_WORD.get(word.lower())
        if column is not None and (column.key != "count" or profile is not None):
            found[column] = None
            continue
        if column is not None:
            message = "the column 'count' needs a profile to count by"
            hint = "add --profile " + ", ".join(PROFILES)
        else:
            message = f"unknown column '{word}'" if word else "a column's name is missing"
            hint = did_you_mean(word, _BY_WORD) or (
                "the columns are " + ", ".join(each.key for each in COLUMNS)
            )
        start += len(part) - len(part.lstrip())
        span = Span(0, start, 0, start + len(word))
        problems.append(_refuse("E301", option, text, message, hint, span))
    return tuple(found)
