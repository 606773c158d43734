"""What a layer's output and its weights take in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.traced import Formula, formula, grouped, is_zero, named, value_text
from shapecalc.analysis.explain.model import Block, Derivation, Section, Subject, counted
from shapecalc.analysis.explain.trace import factors_of, traced_output
from shapecalc.counting.storage import BITS, STORED_AS
from shapecalc.output.cells import UNITS, bytes_text
from shapecalc.output.columns import types_text
from shapecalc.output.document import Prose
from shapecalc.output.totals import peak_text
from shapecalc.report.peak import find_peak
from shapecalc.text.words import capital

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra import Dim
    from shapecalc.counting.storage import Stored
    from shapecalc.output.view import View
    from shapecalc.report import Report


def formulas(subject: Subject, *, brief: bool = False) -> tuple[Formula, ...]:
    """Return the bytes of the output that a batch takes; none for what works in place."""
    if _inplace(subject):
        return (formula(0),)
    return (_bytes(subject),)


def _bytes(subject: Subject) -> Formula:
    elements: Formula = traced_output(subject.output).size
    batch = [named("batch", subject.view.batch)] if subject.view.batch > 1 else []
    return grouped([grouped(factors_of(elements)), *batch, _element_bytes(subject, "activations")])


def _element_bytes(subject: Subject, of: Stored) -> Formula:
    return named("bytes", subject.view.bytes(1, of))


def _packed(subject: Subject) -> Iterator[Derivation]:
    """Derive the bytes of every array, where elements may be smaller than a byte."""
    for array in () if subject.row.shared else subject.row.parameters:
        of = STORED_AS[array.role]
        bits = BITS[getattr(subject.view.types, of)]
        elements = named(array.name, array.size, given=False)
        size = grouped([elements, named("bits", bits)]).ceil_div(8)
        yield Derivation(f"bytes of {array.name}", size)


def _stored(subject: Subject, label: str, number: Dim, of: Stored) -> Derivation:
    """Derive the bytes of what the layer stores."""
    size = grouped([named(label, number, given=False), _element_bytes(subject, of)])
    return Derivation(f"bytes of the {'parameters' if label == 'params' else label}", size)


def _trained(subject: Subject) -> Iterator[Derivation]:
    """Derive the bytes of the parameters; of weights and biases apart where their types differ."""
    row, types = subject.row, subject.view.types
    if types.weights == types.biases or is_zero(row.biases) or is_zero(row.weights):
        of: Stored = "biases" if is_zero(row.weights) else "weights"
        yield _stored(subject, "params", row.params, of)
    else:
        yield _stored(subject, "weights", row.weights, "weights")
        yield _stored(subject, "biases", row.biases, "biases")


def _alive(subject: Subject) -> Iterator[Prose]:
    """Say what is alive while the layer runs, and whether that is the network's peak."""
    report, view = subject.report, subject.view
    now = find_peak(report.graph, report.rows, subject.row.name)
    peak = report.peak
    if now is None or peak is None:
        return
    size = bytes_text(view.memory(now.elements), view)
    here = peak_text(now, view).partition(": ")[2]
    text = f"While it runs in inference, {size} are alive: {here}."
    most = bytes_text(view.memory(peak.elements), view)
    if peak.layer == now.layer:
        text += "  That is the network's peak."
    elif peak.elements == now.elements:
        text += f"  That is as much as at the network's peak, first reached at {peak.layer}."
    else:
        text += f"  The network's peak is {most}, at {peak.layer}."
    yield Prose(text)


def of_network(report: Report, view: View) -> Iterator[Prose]:
    """Say where the peak is, and what a network needs of RAM and of flash."""
    peak = report.peak
    if peak is not None:
        size = bytes_text(view.memory(peak.elements), view)
        yield Prose(f"The peak of inference is {size}, {peak_text(peak, view)}.")
    totals = report.totals
    ram, flash = view.memory(totals.peak), view.stored(totals)
    yield Prose(
        f"RAM: {value_text(ram)} bytes, the activations at their peak.  Flash, or the file:"
        f" {value_text(flash)} bytes of parameters and buffers.  {capital(types_text(view.types))}."
    )


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
        size = counted(view.bytes(1, "activations"), "byte")
        batch = f", for each of the {view.batch:,} examples of a batch" if view.batch > 1 else ""
        blocks.append(Derivation("bytes of the output", made))
        text = f"Every element takes {size} ({view.types.activations}){batch}."
        blocks.append(Prose(text + _large(made)))
    packs = view.types.packs("weights", "biases", "buffers")
    if packs:
        blocks += _packed(subject)
    if not is_zero(row.params):
        blocks += [] if packs else _trained(subject)
        blocks.append(
            Prose("Training keeps the outputs for the way back, and as many gradients as weights.")
        )
    if not packs and not is_zero(row.buffers):
        blocks.append(_stored(subject, "buffers", row.buffers, "buffers"))
    blocks += _alive(subject)
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
