"""What a layer's output and its weights take in memory."""

from __future__ import annotations

from shapecalc.algebra.traced import Formula, formula, grouped, is_zero, named, value_text
from shapecalc.analysis.explain.model import Block, Derivation, Section, Subject, counted
from shapecalc.analysis.explain.trace import factors_of, traced_output
from shapecalc.output.cells import DTYPES, UNITS
from shapecalc.output.document import Prose


def formulas(subject: Subject, *, brief: bool = False) -> tuple[Formula, ...]:
    """Return the bytes of the output that a batch takes; none for what works in place."""
    if _inplace(subject):
        return (formula(0),)
    return (_bytes(subject),)


def _bytes(subject: Subject) -> Formula:
    elements: Formula = traced_output(subject.output).size
    batch = [named("batch", subject.view.batch)] if subject.view.batch > 1 else []
    return grouped([grouped(factors_of(elements)), *batch, _element_bytes(subject)])


def _element_bytes(subject: Subject) -> Formula:
    return named("bytes", DTYPES[subject.view.dtype])


def _inplace(subject: Subject) -> bool:
    return subject.layer.inplace and not subject.view.count_inplace


def explain(subject: Subject) -> Section:
    """Explain the memory."""
    (made,) = formulas(subject)
    row, view = subject.row, subject.view
    blocks: list[Block] = []
    if _inplace(subject):
        view_only = subject.layer.view
        why = "it hands its input on" if view_only else "it writes its result over its input"
        blocks.append(
            Prose(
                f"{row.type} works in place: {why}, so its output takes no memory of its own"
                f" (it would be {value_text(_bytes(subject).value)} bytes; tables count it with"
                " --count-inplace)."
            )
        )
    else:
        size = counted(DTYPES[view.dtype], "byte")
        batch = f", for each of the {view.batch:,} examples of a batch" if view.batch > 1 else ""
        blocks.append(Derivation("bytes of the output", made))
        blocks.append(Prose(f"Every element takes {size} ({view.dtype}){batch}." + _large(made)))
    if not is_zero(row.params):
        params = grouped([named("params", row.params, given=False), _element_bytes(subject)])
        blocks.append(Derivation("bytes of the parameters", params))
        blocks.append(
            Prose("Training keeps the outputs for the way back, and as many gradients as weights.")
        )
    if not is_zero(row.buffers):
        buffers = grouped([named("buffers", row.buffers, given=False), _element_bytes(subject)])
        blocks.append(Derivation("bytes of the buffers", buffers))
    return Section(
        "memory", "memory", f"{value_text(made.value)} bytes", tuple(blocks), (made.value,)
    )


def _large(size: Formula) -> str:
    """Write many bytes in a unit that is read at a glance."""
    if not isinstance(size.value, int) or size.value < UNITS["K"][0]:
        return ""
    unit = next(unit for unit in "GMK" if size.value >= UNITS[unit][0])
    base, name = UNITS[unit]
    return f"  That is {size.value / base:.2f} {name}."
