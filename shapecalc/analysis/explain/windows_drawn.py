"""The windows of a layer as a drawing: a side's pixels to scale, with the windows under them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.expr import symbols_of
from shapecalc.analysis.explain.windows import countable, fit, sentences, shown
from shapecalc.draw.bars import MARGIN, NAME, SMALL, TITLE
from shapecalc.draw.picture import Box, Drawing, Text, bounds, line
from shapecalc.errors import refuse
from shapecalc.layers.conv import Windowed
from shapecalc.layers.shape import SIDE_NAMES
from shapecalc.layers.transposed import Transposed
from shapecalc.output.text import wrap
from shapecalc.text import Origin
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.analysis.explain.model import Subject
    from shapecalc.analysis.explain.windows import WindowFit
    from shapecalc.draw.picture import Shape

#: The row of pixels, where it begins, and how high it is.
_WIDE, _LABELS, _HIGH = 620.0, 90.0, 18.0
#: Pixels that are drawn wider than this have lines between them, and numbers if there is room.
_SEEN, _NUMBERED = 5.0, 15.0
#: More pixels than these are no squares any more.
_MOST = 2000
_PROSE = 100
_LINE = 20.0


def windows_drawn(subject: Subject, side: str = "") -> Drawing:
    """Draw how a layer's window moves over its input, a row for each side that differs, or for one.

    Raises `SpecErrors` (E303) for a layer without windows, or with sides that are letters or too
    long to be seen.
    """
    fits = {label: fitted for label, fitted in _fits(subject).items() if side in label}
    network = one_line(subject.report.name) or "network"
    title = f"{one_line(subject.row.name)} of {network}: windows"
    shapes: list[Shape] = [Text(MARGIN, MARGIN + TITLE - 2, title, TITLE, kind="strong")]
    y = MARGIN + TITLE + 26
    words = []
    for label, fitted in fits.items():
        head = (
            f"{label}: n = {fitted.n}, kernel {fitted.window.kernel}, stride {fitted.window.stride}"
        )
        if fitted.before + fitted.after:
            head += f", padding {fitted.before} and {fitted.after}"
        shapes.append(Text(MARGIN, y, head, NAME, kind="strong"))
        row, y = _row(fitted, y + 14)
        shapes += row
        text = " ".join(sentences(fitted, subject.pixel))
        words.append(f"{head}. {fitted.places} windows. {text}")
        for part in wrap(text, _PROSE):
            y += 15
            shapes.append(Text(MARGIN, y, part, SMALL, kind="muted"))
        y += 34
    wide = max(bounds(shape).right for shape in shapes)
    return Drawing(wide + MARGIN, y - 34 + MARGIN + 6, title, " ".join(words), tuple(shapes))


def _fits(subject: Subject) -> dict[str, WindowFit]:
    """Lay the window on each side; sides that are alike together."""
    origin = Origin(subject.report.graph.spec.source)
    layer = subject.row.layer
    if not isinstance(layer, Windowed) or isinstance(layer, Transposed):
        message = f"{subject.row.name} has no window that moves over its input"
        raise refuse("E303", message, origin, "draw the windows of a convolution or a pool")
    sides = subject.inputs[0].sides
    moves = layer.moves(subject.inputs[0])
    if not all(map(countable, sides, moves)):
        letters = sorted({name for side in sides for name in symbols_of(side)})
        hint = "give the letters values: " + " ".join(f"--set {name}=224" for name in letters)
        raise refuse("E303", f"{subject.row.name}: the sides are letters", origin, hint)
    fits = dict(zip(SIDE_NAMES[len(sides)], map(fit, sides, moves), strict=True))
    longest = max(fitted.n for fitted in fits.values())
    if longest > _MOST:
        message = f"{subject.row.name}: {longest:,} pixels cannot be seen; the most is {_MOST:,}"
        raise refuse("E303", message, origin, "draw a smaller input: --input 224x224x3")
    if len(set(fits.values())) == 1:
        return {" and ".join(fits): next(iter(fits.values()))}
    return fits


def _row(fitted: WindowFit, y: float) -> tuple[list[Shape], float]:
    """Draw a side with its padding and its windows; return where it ends."""
    starts = [(f"window {at + 1}", at * fitted.stride - fitted.before) for at in shown(fitted)]
    ends = [start + fitted.extent for _, start in starts]
    low, high = min(-fitted.before, 0), max(fitted.n + fitted.after, *ends)
    left, pixel = MARGIN + _LABELS, _WIDE / (high - low)

    def at(place: float) -> float:
        return left + (place - low) * pixel

    shapes: list[Shape] = []
    if low < 0:
        shapes.append(Box(at(low), y, at(0) - at(low), _HIGH, "opaque", title="padding"))
    if high > fitted.n:
        shapes.append(
            Box(at(fitted.n), y, at(high) - at(fitted.n), _HIGH, "opaque", title="padding")
        )
    shapes.append(Box(at(0), y, at(fitted.n) - at(0), _HIGH, "input", title=f"{fitted.n} pixels"))
    for start, stop in _stretches(fitted):
        shapes.append(Box(at(start), y, at(stop) - at(start), _HIGH, "bad", title="never seen"))
    shapes += _cells(fitted, y, at, pixel)
    for label, start in starts:
        y += _LINE
        shapes.append(Text(MARGIN, y + 13, label, SMALL, kind="muted"))
        for tap in range(fitted.kernel):
            place = start + tap * fitted.dilation
            if fitted.dilation == 1:
                shapes.append(Box(at(start), y + 3, fitted.extent * pixel, 12, "conv", title=label))
                break
            shapes.append(Box(at(place), y + 3, pixel, 12, "conv", title=label))
    return shapes, y + _LINE


def _stretches(fitted: WindowFit) -> Iterator[tuple[int, int]]:
    """Yield where pixels are in no window: first, and behind the last."""
    unseen = list(fitted.unseen() or ())
    start = None
    for before, pixel in zip([None, *unseen], unseen, strict=False):
        if before is None or pixel != before + 1:
            if start is not None and before is not None:
                yield start, before + 1
            start = pixel
    if start is not None:
        yield start, unseen[-1] + 1


def _cells(
    fitted: WindowFit, y: float, at: Callable[[float], float], pixel: float
) -> Iterator[Shape]:
    """Draw lines between pixels, and their numbers, as far as there is room."""
    if pixel < _SEEN:
        return
    for place in range(-fitted.before, fitted.n + fitted.after + 1):
        yield line((at(place), y), (at(place), y + _HIGH), kind="input-rim")
    if pixel >= _NUMBERED:
        for place in range(fitted.n):
            yield Text(at(place + 0.5), y + 12.5, str(place + 1), 8.5, "middle", "muted")
