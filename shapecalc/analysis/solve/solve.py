"""The whole way from a network and a question to its solution."""

from __future__ import annotations

from contextlib import suppress
from functools import reduce
from itertools import islice, product
from typing import TYPE_CHECKING

from shapecalc.algebra.expr import substitute, symbol, symbols_of
from shapecalc.algebra.integer_sets import common
from shapecalc.algebra.notation import as_factor, text_of
from shapecalc.analysis.solve.answer import MAX_ROWS, Box, Solution, boxes_of, of_range, tidied
from shapecalc.analysis.solve.atoms import Atom, Binder, lossless, rests, skipped
from shapecalc.analysis.solve.decide import Decision, decide
from shapecalc.analysis.solve.question import WHOLE, Question, read_question
from shapecalc.analysis.solve.reasons import apart, borders, chain, measure, misses, near_points
from shapecalc.analysis.solve.units import remarks as of_units
from shapecalc.analysis.solve.unknowns import (
    MAX_ASKED,
    MAX_TRIED,
    ONE_BY_ONE,
    UncarriedError,
    Unknowns,
    find_unknowns,
)
from shapecalc.api import as_asked, wired
from shapecalc.errors import NO_SYMBOL, Problem, RuleError, SpecErrors
from shapecalc.graph import Graph, done_to
from shapecalc.graph.expand import expand, rebuilt
from shapecalc.output.columns import BY_WORD
from shapecalc.output.document import Grid
from shapecalc.output.options import make_view
from shapecalc.report.compute import compute_report
from shapecalc.spec.ranges import must_be_few, points, read_ranges
from shapecalc.text import Origin, Source, scalar
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from os import PathLike

    from shapecalc.algebra import Dim
    from shapecalc.output.view import View
    from shapecalc.report import Report
    from shapecalc.spec.ranges import Range


def solve(
    network: str | PathLike[str] | Graph,
    question: str,
    *,
    over: Mapping[str, str | Iterable[int]] | Iterable[str] | str = (),
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    free: Iterable[str] = (),
    fold_batchnorm: bool = False,
    batch: int = 1,
    dtype: str = "float32",
) -> Solution:
    """Find everything for which a question about a network holds.

    `network` is a loaded one, or a spec by its path or name; `settings`, `input`, `free` and
    `fold_batchnorm` are those of `load`.  `over` gives constants, symbols and fields of layers
    ranges, both ends included: `{"k": "16:512", "conv1.pad": [0, 1, 2]}`.  With nothing free the
    sides of the input are.  Memory is that of a `batch` of examples of `dtype`, as in
    `Report.render`.  Raises `SpecErrors` with everything that is wrong.

    >>> [box["H"].text("H") for box in solve("alexnet", "pool3 = 6x6").boxes]
    ['H from 227 to 258']
    """
    view = make_view(batch=batch, dtype=dtype)
    parsed = read_question(question)
    ranges = read_ranges(over)
    if not isinstance(network, Graph):
        network = wired(network, settings, input, free)
    elif settings or input or free:
        raise TypeError("settings, input and free belong to `load`: this network is loaded already")
    if network.problems:
        network = _wired_over(network, ranges)
    network = as_asked(network, fold_batchnorm=fold_batchnorm)
    fields = _asks_for_fields(parsed)
    unknowns = _all_numbers(find_unknowns(network, ranges)._replace(fields=fields))
    work = _Asking(network, parsed, unknowns, view)
    try:
        return work.tried() if unknowns.tried else work.at_once()
    except UncarriedError:
        unknowns = find_unknowns(network, ranges, carried=False)._replace(fields=fields)
        return _Asking(network, parsed, unknowns, view).tried()
    except RuleError as error:  # the question makes an expression grow too large
        problem = Problem(error.code, error.message, Origin(parsed.source), error.rule, error.hint)
        raise SpecErrors([problem]) from None


def _all_numbers(unknowns: Unknowns) -> Unknowns:
    """Make numbers of symbols that have ranges, where too many networks would have symbols."""
    many = points(unknowns.tried) > MAX_TRIED
    if not many or len(unknowns.bounds) < len(unknowns.symbols):
        return unknowns
    tried = (*unknowns.tried, *(unknowns.bounds[name] for name in unknowns.symbols))
    return unknowns._replace(tried=tried, symbols=(), bounds={}, sides=())


#: So many networks are computed one by one though they could be asked together.
ALONE = 20
#: So many points are shown that miss by least.
NEAREST = 6
#: So many numbers of what is asked over are tried until the network can be wired.
_FIRST = 100


def _wired_over(graph: Graph, ranges: Sequence[Range]) -> Graph:
    """Wire a network with numbers for what is asked over, where only numbers will do.

    A free number of repeats leaves nothing to wire; any of its numbers does here, since the answer
    is about each.  Symbols of the input stay what they are, unless they make the number themselves.
    Raises `SpecErrors`: where no number will do, with what is wrong at the first.
    """
    for start in (graph, _with_constants(graph, ranges)):
        names = [over for over in ranges if over.name in start.spec.let]
        for values in islice(product(*(over.values for over in names)), _FIRST):
            numbers = {over.name: value for over, value in zip(names, values, strict=True)}
            with suppress(SpecErrors):
                wired_there = rebuilt(start, numbers)
                if not wired_there.problems:
                    return wired_there
    if names:
        first = {over.name: over.values[0] for over in names}
        place = ", ".join(f"{name} = {number:,}" for name, number in first.items())
        try:
            compute_report(rebuilt(start, first))
        except SpecErrors as error:
            raise SpecErrors(
                problem._replace(message=f"at {place}: {problem.message}")
                for problem in map(_asked_over, error.problems)
            ) from None
    try:
        compute_report(graph)
    except SpecErrors as error:
        raise SpecErrors(map(_asked_over, error.problems)) from None
    raise AssertionError("a network with problems has no report")


def _with_constants(graph: Graph, ranges: Sequence[Range]) -> Graph:
    """Make constants of the symbols that a network is asked over, so that each can be a number."""
    names = [o.name for o in ranges if o.name in graph.symbols and o.name not in graph.spec.let]
    free = {name: scalar("free", Source(f"--over {name}", "free")) for name in names}
    spec = graph.spec._replace(let={**graph.spec.let, **free})
    return expand(spec, *graph.options) if free else graph


def _asked_over(problem: Problem) -> Problem:
    """Say that a name without a value may also be asked over."""
    name = problem.hint.partition("--set ")[2].partition("=")[0]
    if problem.code != "E121" or not name:
        return problem
    return problem._replace(hint=f"{problem.hint}, or try many: --over {name}=1:100")


def _asks_for_fields(question: Question) -> bool:
    """Tell whether receptive fields are asked for: their formulas hold for fewer sizes."""
    words = (name.lower().rpartition(".")[2] for name in question.places)
    return any(word in BY_WORD and BY_WORD[word].key in ("rf", "jump") for word in words)


class _Asking:
    """One question to one network."""

    def __init__(self, graph: Graph, question: Question, unknowns: Unknowns, view: View) -> None:
        self.graph = graph
        self.view = view
        self.question = question
        self.unknowns = unknowns
        inner = unknowns.inner
        self.shown = {word: name for name, word in inner.items()}
        self.bounds = {inner.get(name, name): bound for name, bound in unknowns.bounds.items()}
        self.loss = [condition for condition in question.conditions if condition.relation in WHOLE]

    def atoms(self, report: Report, fixed: Mapping[str, Dim]) -> list[Atom]:
        """Return the relations that the question consists of."""
        inner = {name: word for name, word in self.unknowns.inner.items() if name not in fixed}
        binder = Binder(self.question, report, inner, fixed, self.view)
        relations: list[Atom] = []
        for number, condition in enumerate(self.question.conditions):
            if condition.relation in WHOLE:
                relations += lossless(report, number, exact=condition.relation != "no loss")
            else:
                relations += binder.atoms(number, condition)
        return relations

    def decided(self, report: Report, atoms: Sequence[Atom]) -> Decision:
        """Solve the relations of one report."""
        sides = [self.unknowns.inner.get(name, name) for name in self.unknowns.sides]
        return decide(atoms, report.domain, self.bounds, sides, self.question.source)

    def tied(self, answer: Decision) -> list[tuple[str, ...]]:
        """Return the groups of names that were taken to be equal."""
        return [tuple(self.shown.get(name, name) for name in group) for group in answer.tied]

    def named(self, box: Box) -> Box:
        """Give a box the names that the question was asked over."""
        return {self.shown.get(name, name): numbers for name, numbers in box.items()}

    def solution(
        self,
        boxes: Sequence[Box],
        why: Iterable[Grid],
        nearest: Iterable[Grid],
        remarks: Iterable[str],
        tied: Sequence[Sequence[str]] = (),
    ) -> Solution:
        spec = self.graph.spec
        return Solution(
            spec.name,
            " ".join(self.question.source.text.split()),
            self.unknowns.names,
            tuple(boxes),
            tuple(map(tuple, tied)),
            tuple(why),
            () if boxes else tuple(nearest),
            (*of_units(self.question, self.view), *remarks),
            spec.source.name,
            self.graph.names(),
            self.graph.remarks,
            done_to(spec),
        )

    def at_once(self) -> Solution:
        """Solve one report with symbols, which stands for all networks."""
        report = self.unknowns.report({})
        atoms = self.atoms(report, {})
        answer = self.decided(report, atoms)
        boxes = [self.named(box) for box in answer.boxes]
        return self.solution(
            boxes,
            self._why(report, atoms, answer),
            self._near(atoms, answer),
            self._limits(report, atoms, answer),
            self.tied(answer),
        )

    def _why(self, report: Report, atoms: Sequence[Atom], answer: Decision) -> Iterator[Grid]:
        if len(answer.boxes) == 1:
            (box,) = answer.boxes
            chained: set[int] = set()
            for name in dict.fromkeys(name for atom in atoms for name in atom.layers):
                for atom in atoms:
                    if _is_side(report, name, atom) and atom.condition not in chained:
                        grid = chain(report, name, box)
                        if grid is not None:
                            chained.add(atom.condition)
                            yield grid
            whole = {
                n for n, condition in enumerate(self.question.conditions) if condition in self.loss
            }
            rest = [entry for entry in answer.alone if entry[0].condition not in chained | whole]
            yield from borders(answer._replace(alone=tuple(rest)), self.shown)
        if self.loss:
            yield from self._losses(report)

    def _losses(self, report: Report) -> Iterator[Grid]:
        """Show what every layer leaves, and how much that is at the spec's own input."""
        own = None if self.graph.symbols else compute_report(self.graph)
        lost = {} if own is None else {(e.row.name, e.side): e for e in rests(own)}
        rows = []
        for rest in rests(report):
            over = substitute(rest.over, {n: symbol(s) for n, s in self.shown.items()})
            leaves = (
                f"{as_factor(text_of(over))} mod {rest.window.stride}"
                if rest.drops
                else ("nothing: same" if rest.window.mode == "same" else "nothing: ceil")
            )
            here = lost.get((rest.row.name, rest.side))
            now = (f"{here.n:,}", f"{here.rest:,}", f"{here.lost():,}") if here else ("", "", "")
            rows.append((rest.row.name, rest.row.does, rest.side, leaves, *now))
        header = ("layer", "what it does", "side", "leaves", "now", "left", "lost")
        if not rows:
            return
        title = "What the windows leave at the end of a side"
        title += ", and now, at the spec's own input:" if lost else ":"
        cut = 4 if not lost else None
        right = (False, False, False, False, True, True, True)
        yield Grid(header[:cut], tuple(row[:cut] for row in rows), right[:cut], title)

    def _near(self, atoms: Sequence[Atom], answer: Decision) -> Iterator[Grid]:
        if answer.boxes:
            return
        conditions = [condition.text for condition in self.question.conditions]
        separate = apart(answer, conditions, self.shown)
        if separate is not None:
            yield separate
        yield from misses(answer, self.shown)
        points = near_points(atoms, answer.near, self.shown)
        if points is not None:
            yield points

    def _limits(self, report: Report, atoms: Sequence[Atom], answer: Decision) -> Iterator[str]:
        groups = self.tied(answer)
        yield from _coupled(groups)
        if not groups and len(answer.boxes) == 1 and len(self.unknowns.sides) > 1:
            free = " and ".join(self.unknowns.sides)
            yield f"{free} do not depend on each other: any of the one goes with any of the other."
        for atom in atoms:
            if symbols_of(atom.left) or symbols_of(atom.right) or not atom.miss({}):
                continue
            label, left, wanted, _ = measure(atom, {})
            over = " and ".join(self.unknowns.names)
            yield f"{label} is {left} whatever {over}, not {wanted}."
        if report.domain is not None:
            texts = [self._renamed(text) for text in report.domain.texts()]
            yield f"The network exists where: {'; '.join(texts)}." + self._cut(answer)
        if self.loss and (steps := skipped(report)):
            yield f"Between their windows, at every size, step over pixels: {', '.join(steps)}."

    def _renamed(self, text: str) -> str:
        for word, name in self.shown.items():
            text = text.replace(word, name)
        return text

    def _cut(self, answer: Decision) -> str:
        """Say for which names the network's own limits take something from the answer."""
        if len(answer.boxes) != 1:
            return ""
        cut: list[str] = []
        for name, numbers in answer.boxes[0].items():
            whole = [holds for _, other, holds in answer.alone if other == name]
            if name in self.bounds:
                whole.append(of_range(self.bounds[name]))
            if whole and tidied(reduce(common, whole)) != numbers:
                cut += next((group for group in answer.tied if name in group), (name,))
        names = " and ".join(self.shown.get(name, name) for name in cut)
        return f" That narrows the answer for {names}." if cut else ""

    def tried(self) -> Solution:
        """Solve the networks of all numbers: together, or one after the other."""
        must_be_few(self.unknowns.tried, MAX_ASKED, "narrow the ranges")
        if not self.unknowns.symbols and not self.loss and points(self.unknowns.tried) > ALONE:
            solution = self.together()
            if solution is not None:
                return solution
            if points(self.unknowns.tried) > MAX_TRIED:  # what is asked wrongly comes first
                first = next(self.unknowns.points())
                self.atoms(self.unknowns.report(first), first)
        must_be_few(self.unknowns.tried, MAX_TRIED, ONE_BY_ONE)
        return self.one_by_one()

    def together(self) -> Solution | None:
        """Solve all networks together; None where each must be asked by itself."""
        from shapecalc.analysis.solve.together import judged
        from shapecalc.analysis.sweep.columns import NeedsNumbersError

        try:
            outcome = judged(self.unknowns, self.atoms)
        except (NeedsNumbersError, SpecErrors):
            return None
        if not outcome.exists.any():  # then it is said of each why
            return None
        names = [over.name for over in self.unknowns.tried]

        def place(number: int) -> tuple[int, ...]:
            values = []
            for over in reversed(self.unknowns.tried):
                number, at = divmod(number, len(over.values))
                values.append(over.values[at])
            return tuple(reversed(values))

        def atoms_at(values: tuple[int, ...]) -> list[Atom]:
            point = dict(zip(names, values, strict=True))
            return self.atoms(self.unknowns.report(point), point)

        solved = [place(int(number)) for number in outcome.solved()]
        if solved and len(names) == 1:
            near = _borders([place(int(n)) for n in outcome.exists.nonzero()[0]], solved)
        else:
            near = [place(number) for number in outcome.nearest(NEAREST)]
        shown = [_evidence(names, near, atoms_at, at_borders=bool(solved) and len(names) == 1)]
        boxes = self._together({values: [{}] for values in solved})
        missing = (~outcome.exists).nonzero()[0]
        failed = None
        if len(missing):
            point = dict(zip(names, place(int(missing[0])), strict=True))
            try:
                self.atoms(self.unknowns.report(point), point)
            except SpecErrors as error:
                failed = point, error
        remarks = self._attempts(len(outcome.exists), len(missing), failed)
        return self.solution(boxes, shown if boxes else (), shown, remarks)

    def one_by_one(self) -> Solution:
        """Solve one network after the other."""
        inner: dict[tuple[int, ...], list[Box]] = {}
        seen: dict[tuple[int, ...], list[Atom]] = {}
        failed: list[tuple[dict[str, int], SpecErrors]] = []
        tied: dict[tuple[str, ...], None] = {}
        for point in self.unknowns.points():
            try:
                report = self.unknowns.report(point)
                atoms = self.atoms(report, point)
            except SpecErrors as error:
                if error.problems[0].code == "E343":
                    raise
                if self.unknowns.bounds and any(p.code in NO_SYMBOL for p in error.problems):
                    raise UncarriedError from None
                failed.append((point, error))
                continue
            answer = self.decided(report, atoms)
            place = tuple(point.values())
            inner[place] = [self.named(box) for box in answer.boxes]
            seen[place] = atoms
            tied |= dict.fromkeys(self.tied(answer))
        if not inner and failed[0][1].problems[0].code.startswith("E34"):
            raise failed[0][1]
        groups = merged(tied)
        inner = {place: list(_on_diagonal(boxes, groups)) for place, boxes in inner.items()}
        boxes = self._together(inner)
        names = [over.name for over in self.unknowns.tried]
        shown = []
        if not self.unknowns.symbols and seen:
            solved = [place for place, inside in inner.items() if inside]
            near = sorted(seen, key=lambda place: sum(atom.miss({}) for atom in seen[place]))
            borders_ = bool(solved) and len(names) == 1
            near = _borders([*seen], solved) if borders_ else near[:NEAREST]
            shown = [_evidence(names, near, seen.__getitem__, at_borders=borders_)]
        first = failed[0] if failed else None
        count = len(inner) + len(failed)
        remarks = (*_coupled(groups), *self._attempts(count, len(failed), first))
        return self.solution(boxes, shown if boxes else (), shown, remarks, groups)

    def _together(self, inner: Mapping[tuple[int, ...], list[Box]]) -> list[Box]:
        """Put the boxes of single networks together."""
        names = [over.name for over in self.unknowns.tried]
        among = {over.name: over.values for over in self.unknowns.tried}
        return boxes_of(inner, names, among)

    def _attempts(
        self, count: int, missing: int, first: tuple[dict[str, int], SpecErrors] | None
    ) -> Iterator[str]:
        names = " and ".join(over.name for over in self.unknowns.tried)
        yield f"{names} tried value by value: {counted(count, 'network')}."
        if first is not None:
            point, error = first
            where = ", ".join(f"{name} = {value:,}" for name, value in point.items())
            many = "it does" if missing == 1 else f"{missing:,} of them do"
            yield f"Of these {many} not exist; at {where}: {error.problems[0].message}."


def _coupled(groups: Iterable[Sequence[str]]) -> Iterator[str]:
    """Say which names were taken to be equal, and how to ask for all of their pairs."""
    for names in groups:
        bounds = " ".join(f"--over {name}=LOW:HIGH" for name in names)
        yield (
            f"The question couples {' and '.join(names)}, so this is the case"
            f" {' = '.join(names)}; {bounds} answers for every pair."
        )


def merged(groups: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Join groups that have a name in common: what is equal somewhere is taken so everywhere.

    >>> merged([("H", "W"), ("k", "m"), ("W", "N")])
    [('k', 'm'), ('H', 'W', 'N')]
    """
    whole: list[tuple[str, ...]] = []
    for group in groups:
        near = [other for other in whole if set(other) & set(group)]
        names = dict.fromkeys(name for part in (*near, group) for name in part)
        whole = [*(other for other in whole if other not in near), tuple(names)]
    return whole


def _on_diagonal(boxes: Iterable[Box], groups: Iterable[Sequence[str]]) -> Iterator[Box]:
    """Leave of boxes what holds where the names of each group are equal."""
    for box in boxes:
        kept = dict(box)
        for names in groups:
            kept |= dict.fromkeys(names, tidied(reduce(common, (kept[name] for name in names))))
        if all(numbers.stretches for numbers in kept.values()):
            yield kept


def _is_side(report: Report, name: str, atom: Atom) -> bool:
    """Tell whether a relation speaks of a side of a layer's output."""
    if name not in atom.layers or isinstance(atom.left, int):
        return False
    group = report.graph.groups.get(name)
    rows = [row for row in report.rows if row.name == name]
    row = rows[0] if rows else report.rows[group.output] if group else None
    return row is not None and row.type != "input" and atom.left in row.output.sides


def _borders(
    seen: Sequence[tuple[int, ...]], solved: Sequence[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Return the values on both sides of the borders of the solution."""
    order = {place: number for number, place in enumerate(seen)}
    inside = {order[place] for place in solved}
    edges = {n + step for n in inside for step in (-1, 1)} - inside
    near = {n for n in inside if {n - 1, n + 1} & edges} | edges
    return [place for place, number in order.items() if number in near]


def _evidence(
    names: Sequence[str],
    places: Sequence[tuple[int, ...]],
    atoms_at: Callable[[tuple[int, ...]], Sequence[Atom]],
    *,
    at_borders: bool,
) -> Grid:
    """Show what came out for values: those at the borders of the solution, or the nearest."""
    rows = [
        (*(f"{value:,}" for value in place), *measure(atom, {}))
        for place in places[:MAX_ROWS]
        for atom in atoms_at(place)
    ]
    header = (*names, "", "is", "asked for", "")
    right = (*(True for _ in names), False, True, False, False)
    return Grid(header, tuple(rows), right, "At the borders:" if at_borders else "The nearest:")
