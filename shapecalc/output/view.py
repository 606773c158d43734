"""How a report is looked at: a view, and the columns that it shows.

The columns themselves are the table `columns.COLUMNS`; words of options become a view in `options`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from shapecalc.algebra import add_up
from shapecalc.counting.storage import STORED_AS, read_types
from shapecalc.output.cells import UNITS, Share, unit_for
from shapecalc.report import UNKNOWN
from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.algebra import Dim
    from shapecalc.algebra.notation import Notation
    from shapecalc.counting.profile import Profile
    from shapecalc.counting.roofline import Device
    from shapecalc.counting.storage import NumberTypes, Stored
    from shapecalc.layers.shape import Layout
    from shapecalc.output.cells import CellKind
    from shapecalc.output.row_choice import RowChoice
    from shapecalc.report import Report, Row, Totals, Unknown

#: The columns of what a layer computes, which is not known of every one.
_COMPUTED = frozenset(
    {"macs", "macs%", "flops", "connections", "count", "intensity", "least_time", "bound"}
)

#: What a column owes to its reader: terms with their meanings.
Legend: TypeAlias = "dict[str, str]"


class Column(NamedTuple):
    """A column: what it is called, what it means, and how it comes from a row.

    `key` names it in `--columns`, `field` in CSV and JSON, `title` in a header.  `total` is None
    where a sum means nothing.  `shown`: by default in all formats, in machine formats only, these
    two where something is frozen, or nowhere.  `drop` orders what a narrow page leaves out, 1
    first; 0 stays.  `convention` gives the terms that the caption owes to the reader.  A `share` is
    a part of the total.  What a view must have for the column to be there it `needs`.  A `placed`
    one depends on where a layer stands, some of these on what it sees from there (`field`) alone;
    all others say the same of layers that are alike.
    """

    key: str
    title: str
    meaning: str
    kind: CellKind
    value: Callable[[Row, View], object]
    total: Callable[[Totals, View], Any] | None = None
    shown: Literal["everywhere", "machines", "frozen", "frozen machines", "asked"] = "machines"
    drop: int = 0
    field: str = ""
    convention: Callable[[Report, View], Legend] | None = None
    share: bool = False
    needs: Literal["", "profile", "device"] = ""
    placed: Literal["", "row", "field"] = ""

    @property
    def name(self) -> str:
        """The machine name."""
        return self.field or self.key

    def there(self, view: View) -> bool:
        """Tell whether a view has what the column needs."""
        return not self.needs or getattr(view, self.needs) is not None

    @property
    def summed(self) -> bool:
        """Whether the whole network has the number, too, and it is a count or bytes."""
        counts = self.kind.name in ("number", "bytes")
        return self.total is not None and counts and not self.share

    @property
    def charted(self) -> bool:
        """Whether bars can be drawn of it: it holds counts or bytes."""
        return self.kind.name in ("number", "bytes") and not self.share

    @property
    def numeric(self) -> bool:
        """Whether the column is set flush right."""
        return self.kind.name not in ("text", "shape")

    @property
    def extents(self) -> bool:
        """Whether the texts hold extents like 11x11."""
        return self.kind.name in ("shape", "sides") or self.key == "does"

    def heading(self, view: View) -> str:
        """Return the title with its unit, or with the profile's name; the view is fitted."""
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
        if self.key in _COMPUTED and not row.is_counted:
            return UNKNOWN
        value = self.value(row, view)
        return self._part(value, totals, view) if self.share else value

    def _part(self, part: object, totals: Totals, view: View) -> object:
        """Return a part of its whole; of expressions no one number says it."""
        assert self.total is not None
        whole = self.total(totals, view)
        return Share(part, whole) if isinstance(part, int) and isinstance(whole, int) else UNKNOWN

    def of_all(self, totals: Totals, view: View) -> object:
        """Return the value of the totals' line; None where there is none."""
        if self.total is None:
            return None
        value = self.total(totals, view)
        return self._part(value, totals, view) if self.share else value


class View(NamedTuple):
    """How to look at a report.  `make_view` reads one from words and checks it.

    `batch` examples of elements of `dtype` (one type, or one a kind) take memory; counts are per
    example.  `depth` levels of
    the paths are shown: 0 for all, None for what suits the format.  `columns` None: the format's.
    `choice` says which rows are shown, None all.
    `notation` is how the expressions of a symbolic report are written; `named`: in volumes too.
    `device` is what bounds how fast layers can be.  `chart` is the column that bars are drawn of.
    `units` may be `auto`, and `column_units` other ones of single columns: `fitted` settles them.
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
    choice: RowChoice | None = None
    notation: Notation | None = None
    named: bool = False
    column_units: tuple[tuple[str, str], ...] = ()
    device: Device | None = None
    chart: Column | None = None

    def unit(self, key: str, numbers: Iterable[object]) -> str:
        """Return the unit of numbers that stand together, those of a column or of a total."""
        return unit_for(dict(self.column_units).get(key, self.units), numbers)

    def fitted(self, key: str, numbers: Iterable[object]) -> View:
        """Return the view in whose units these numbers of a column are read."""
        return self._replace(units=self.unit(key, numbers), column_units=())

    @property
    def brief(self) -> Callable[[Dim], str] | None:
        """How volumes write their extents, where names stand for recurring expressions."""
        return self.notation.text if self.notation is not None and self.named else None

    @property
    def types(self) -> NumberTypes:
        """The types of weights, biases, buffers and activations."""
        return read_types(self.dtype)

    def idle(self, *, counts_bytes: bool) -> tuple[str, ...]:
        """Say that a type or a batch changes nothing, where nothing counts bytes."""
        usual = View()
        asked = [f"dtype {self.dtype}"] * (self.dtype != usual.dtype)
        asked += [f"batch {self.batch}"] * (self.batch != usual.batch)
        if counts_bytes or not asked:
            return ()
        change = "changes" if len(asked) == 1 else "change"
        return (
            f"Nothing that is asked for counts bytes: {' and '.join(asked)} {change} no number.",
        )

    def bytes(self, elements: Dim, of: Stored) -> Dim:
        """Return the bytes that an array of so many elements takes."""
        return self.types.bytes(elements, of)

    def memory(self, elements: Dim) -> Dim:
        """Return the bytes that so many activations of every example take."""
        return self.bytes(elements * self.batch, "activations")

    def trained(self, counted: Row | Totals) -> Dim:
        """Return the bytes of the weights and the biases."""
        return self.arrays(counted, "weights") + self.arrays(counted, "biases")

    def arrays(self, counted: Row | Totals, of: Stored) -> Dim:
        """Return the bytes of the weights, the biases or the buffers; shared ones once."""
        if not self.types.packs(of):
            return self.bytes(getattr(counted, of), of)
        return add_up(
            self.bytes(array.size, of)
            for row in counted.layers
            if row.shared is None
            for array in row.parameters
            if STORED_AS[array.role] == of
        )

    def stored(self, counted: Row | Totals) -> Dim:
        """Return the bytes of all that is stored: weights, biases and buffers."""
        return self.trained(counted) + self.arrays(counted, "buffers")

    def activations(self, row: Row | Totals) -> Dim:
        """Return output elements, with or without those written in place."""
        return row.activations + (row.overwritten if self.count_inplace else 0)

    def count(self, totals: Totals) -> Dim:  # type: ignore[override]
        """Count a network by the profile."""
        assert self.profile is not None, "the column `count` is there only with a profile"
        return self.profile.count(totals)

    def count_cell(self, row: Row) -> Dim | Unknown:
        """Count a row by the profile; unknown when that has no rule for it."""
        assert self.profile is not None, "the column `count` is there only with a profile"
        return self.profile.cell(row)
