"""What becomes of the pixels of a side: how many windows fit, what is left over, what is added.

Everything here is told with numbers, so it stands only where the sides are numbers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra import Dim, ceil_div, is_number, known
from shapecalc.algebra.traced import value_text
from shapecalc.analysis.explain.model import counted, part_of_a_step, the_last
from shapecalc.analysis.explain.picture import Frame, Scene, chosen, draw
from shapecalc.layers.window import Window, output_size, padding
from shapecalc.text.words import article, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


#: Sides with more pixels or taps than this are not looked at one by one.
MANY = 200_000


class WindowFit(NamedTuple):
    """How a window fits a side of `n`: in so many `places`, with `before` and `after` added."""

    n: int
    window: Window
    places: int
    before: int
    after: int

    @property
    def kernel(self) -> int:
        """The taps of the window."""
        return known(self.window.kernel)

    @property
    def stride(self) -> int:
        """The step from window to window."""
        return known(self.window.stride)

    @property
    def dilation(self) -> int:
        """The distance of the taps."""
        return known(self.window.dilation)

    @property
    def extent(self) -> int:
        """What the window covers, dilated."""
        return known(self.window.extent)

    @property
    def free(self) -> int:
        """How far the first window can move: n + padding - extent."""
        return self.n + self.before + self.after - self.extent

    @property
    def left(self) -> int:
        """What is left over behind the last window; less than 0 when it hangs over the edge."""
        return self.free - (self.places - 1) * self.stride

    @property
    def tail(self) -> int:
        """How many pixels stand behind the last window."""
        return max(self.left - self.after, 0)

    def unseen(self) -> Sequence[int] | None:
        """Return the pixels in no window, counted from 0; None where there are too many to tell."""
        k, s, d = self.kernel, self.stride, self.dilation
        if d == 1 and k >= s:  # windows touch: only what stands behind the last one is unseen
            return range(max(0, self.n - self.tail), self.n)
        if self.n > MANY or self.places * k > MANY:
            return None
        seen = {i * s - self.before + t * d for i in range(self.places) for t in range(k)}
        return [at for at in range(self.n) if at not in seen]


def countable(n: Dim, window: Window) -> bool:
    """Tell whether a side and its window are numbers, so that pixels can be counted."""
    return all(map(is_number, (n, window.kernel, window.stride, window.before, window.after)))


def fit(n: Dim, window: Window) -> WindowFit:
    """Lay a window on a side, where both are numbers."""
    return WindowFit(
        known(n), window, known(output_size(n, window)), *map(known, padding(n, window))
    )


def exact_sizes(fitted: WindowFit) -> tuple[int, int]:
    """Return the nearest sizes below and above for which nothing is left over."""
    stride = fitted.stride
    rest = fitted.free % stride
    return fitted.n - rest, fitted.n + (stride - rest) % stride


def sentences(fitted: WindowFit, pixel: str) -> Iterator[str]:
    """Say in sentences what happens at the ends of a side."""
    if fitted.window.mode == "same":
        yield from _same(fitted, pixel)
    elif fitted.window.rounding == "floor":
        yield from _floored(fitted, pixel)
    else:
        yield from _raised(fitted, pixel)
    gaps = len(fitted.unseen() or ()) - fitted.tail
    if gaps > 0:
        k, s = fitted.extent, fitted.stride
        why = f"the stride {s} is larger than the window" if s > k else "the dilation skips them"
        are = f"{counted(gaps, pixel)} {plural(gaps, 'is')}"
        yield f"In between, {are} in no window: {why}."


def quotient_text(fitted: WindowFit) -> str:
    """Write the division whose rounding is spoken of: (224 - 11)/4 = 53.25."""
    n, window, before, after = fitted.n, fitted.window, fitted.before, fitted.after
    added = f" + {before + after}" if before + after else ""
    value = value_text(Fraction(fitted.free, fitted.stride))
    return f"({n}{added} - {fitted.extent})/{window.stride} = {value}"


def _floored(fitted: WindowFit, pixel: str) -> Iterator[str]:
    stride = fitted.stride
    if stride == 1:
        if fitted.places == fitted.n and fitted.before + fitted.after:
            added = f"{fitted.extent} - 1 = {fitted.before + fitted.after}"
            yield (
                "With stride 1 nothing is left over, and the padding makes up for what the kernel"
                f" takes: {added}."
            )
        else:
            yield "With stride 1 nothing is ever left over."
        return
    if not fitted.left:
        yield f"{quotient_text(fitted)} is whole: the last window ends exactly at the edge."
        return
    lost = fitted.tail
    never = (
        f"and {the_last(lost, pixel)} {plural(lost, 'is')} never seen"
        if lost > 0
        else "but only padding: every pixel is seen".replace("pixel", pixel)
    )
    part = part_of_a_step(Fraction(fitted.left, stride))
    below, above = exact_sizes(fitted)
    yield f"{fitted.n}: {quotient_text(fitted)}, {part} is lost, {never}."
    over = stride - fitted.left
    same = f"{below} gives the same {fitted.places} with nothing lost; " if below > 0 else ""
    yield (
        f"One more window would hang {counted(over, pixel)} over the edge."
        f"  {same}{above} fits exactly, with {fitted.places + 1}."
    )


def _raised(fitted: WindowFit, pixel: str) -> Iterator[str]:
    """Say what rounding up does."""
    window = fitted.window
    unclipped = known(ceil_div(fitted.free, window.stride)) + 1
    if not fitted.free % fitted.stride:
        yield f"{quotient_text(fitted)} is whole, so rounding up changes nothing."
    elif unclipped == fitted.places:
        hangs = -fitted.left
        yield (
            f"{quotient_text(fitted)} is rounded up: the last window hangs"
            f" {counted(hangs, pixel)} over the edge, and no {pixel} at the end is lost."
        )
    floored = fit(fitted.n, window._replace(rounding="floor"))
    if unclipped > fitted.places:
        yield (
            f"Rounding up gives {unclipped}, but window {unclipped} would begin behind the last"
            f" {pixel}, in padding only, so it is left out: the second bound of the min rules."
        )
    elif 0 < floored.places < fitted.places:
        lost = floored.tail
        yield f"Rounding down would give {floored.places}" + (
            f" and never see {the_last(lost, pixel)}." if lost else "."
        )


def _same(fitted: WindowFit, pixel: str) -> Iterator[str]:
    window, count = fitted.window, fitted.places
    total = fitted.before + fitted.after
    span = (count - 1) * window.stride + fitted.extent
    windows = f"{article(str(fitted.extent))}-wide window" if count == 1 else f"{count} windows"
    step = f"({count} - 1)*{window.stride} + {fitted.extent}"
    if not total:
        yield f"{windows} take {step} = {span}, there are {fitted.n}: nothing needs to be added."
        return
    where = f"{fitted.before} before and {fitted.after} after"
    odd = " (the odd one goes to the end)" if fitted.before != fitted.after else ""
    yield (
        f"`same` pads so that {windows} fit: they take {step} = {span}, there are"
        f" {fitted.n}, so {counted(total, pixel)} {plural(total, 'is')} added,"
        f" {where}{odd}."
    )


def shown(fitted: WindowFit) -> list[int]:
    """Return which windows are drawn."""
    return chosen(fitted.places, fitted.n + fitted.before + fitted.after)


def drawn(fitted: WindowFit, pixel: str) -> tuple[str, ...]:
    """Draw a side with its windows; nothing for a window of 1 that goes everywhere."""
    window, count = fitted.window, fitted.places
    if fitted.kernel == 1 and window.stride == 1 and not fitted.before + fitted.after:
        return ()
    hangs = fitted.left if window.rounding == "floor" and window.mode != "same" else 0
    places = [(f"window {number + 1}", number) for number in shown(fitted)]
    if hangs > 0:
        places.append(("no room", count))
    frames = tuple(
        Frame(label, number * fitted.stride - fitted.before, fitted.kernel, fitted.dilation)
        for label, number in places
    )
    unseen = fitted.unseen() or range(fitted.n - fitted.tail, fitted.n)
    return draw(Scene(pixel, fitted.n, fitted.before, fitted.after, frames, unseen))


def facts_of(fitted: WindowFit) -> dict[str, Any]:
    """Return what a program may want to know of a side."""
    window = fitted.window
    facts: dict[str, Any] = {
        "input": fitted.n,
        "kernel": fitted.kernel,
        "stride": fitted.stride,
        "dilation": fitted.dilation,
        "padding": [fitted.before, fitted.after],
        "padding_mode": window.mode,
        "rounding": window.rounding,
        "windows": fitted.places,
        "left_over": max(fitted.left, 0),
        "overhang": max(-fitted.left, 0),
        "unseen": None if fitted.unseen() is None else len(fitted.unseen() or ()),
    }
    if window.mode != "same" and fitted.free >= 0:
        facts["exact_inputs"] = [size for size in dict.fromkeys(exact_sizes(fitted)) if size > 0]
    return facts
