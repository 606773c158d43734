"""What becomes of the pixels of a side: how many windows fit, what is left over, what is added.

Everything here is told with numbers, so it stands only where the sides are numbers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.dim import ceil_div, is_number, known
from shapecalc.algebra.traced import value_text
from shapecalc.analysis.explain.picture import Frame, Scene, chosen, draw
from shapecalc.analysis.explain.words import counted, part_of_a_step, the_last
from shapecalc.layers.window import Window, output_size, padding
from shapecalc.text.words import article, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.algebra.dim import Dim

#: Sides with more pixels or taps than this are not looked at one by one.
MANY = 200_000


class Fit(NamedTuple):
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
        return self.free - (self.places - 1) * self.window.stride

    @property
    def tail(self) -> int:
        """How many pixels stand behind the last window."""
        return max(self.left - self.after, 0)

    def unseen(self) -> Sequence[int] | None:
        """Return the pixels in no window, counted from 0; None where there are too many to tell."""
        k, s, d = self.kernel, self.window.stride, self.window.dilation
        if d == 1 and k >= s:  # windows touch: only what stands behind the last one is unseen
            return range(max(0, self.n - self.tail), self.n)
        if self.n > MANY or self.places * k > MANY:
            return None
        seen = {i * s - self.before + t * d for i in range(self.places) for t in range(k)}
        return [at for at in range(self.n) if at not in seen]


def countable(n: Dim, window: Window) -> bool:
    """Tell whether a side and its window are numbers, so that pixels can be counted."""
    return all(map(is_number, (n, window.kernel, window.before, window.after)))


def fit(n: Dim, window: Window) -> Fit:
    """Lay a window on a side, where both are numbers."""
    return Fit(known(n), window, known(output_size(n, window)), *map(known, padding(n, window)))


def exact_sizes(found: Fit) -> tuple[int, int]:
    """Return the nearest sizes below and above for which nothing is left over."""
    stride = found.window.stride
    rest = found.free % stride
    return found.n - rest, found.n + (stride - rest) % stride


def said(found: Fit, pixel: str) -> Iterator[str]:
    """Say in sentences what happens at the ends of a side."""
    if found.window.mode == "same":
        yield from _same(found, pixel)
    elif found.window.rounding == "floor":
        yield from _floored(found, pixel)
    else:
        yield from _raised(found, pixel)
    gaps = len(found.unseen() or ()) - found.tail
    if gaps > 0:
        k, s = found.extent, found.window.stride
        why = f"the stride {s} is larger than the window" if s > k else "the dilation skips them"
        are = f"{counted(gaps, pixel)} {plural(gaps, 'is')}"
        yield f"In between, {are} in no window: {why}."


def quotient_text(found: Fit) -> str:
    """Write the division whose rounding is spoken of: (224 - 11)/4 = 53.25."""
    n, window, before, after = found.n, found.window, found.before, found.after
    added = f" + {before + after}" if before + after else ""
    value = value_text(Fraction(found.free, window.stride))
    return f"({n}{added} - {found.extent})/{window.stride} = {value}"


def _floored(found: Fit, pixel: str) -> Iterator[str]:
    stride = found.window.stride
    if stride == 1:
        if found.places == found.n and found.before + found.after:
            added = f"{found.extent} - 1 = {found.before + found.after}"
            yield (
                "With stride 1 nothing is left over, and the padding makes up for what the kernel"
                f" takes: {added}."
            )
        else:
            yield "With stride 1 nothing is ever left over."
        return
    if not found.left:
        yield f"{quotient_text(found)} is whole: the last window ends exactly at the edge."
        return
    lost = found.tail
    never = (
        f"and {the_last(lost, pixel)} {plural(lost, 'is')} never seen"
        if lost > 0
        else "but only padding: every pixel is seen".replace("pixel", pixel)
    )
    part = part_of_a_step(Fraction(found.left, stride))
    below, above = exact_sizes(found)
    yield f"{found.n}: {quotient_text(found)}, {part} is lost, {never}."
    over = stride - found.left
    same = f"{below} gives the same {found.places} with nothing lost; " if below > 0 else ""
    yield (
        f"One more window would hang {counted(over, pixel)} over the edge."
        f"  {same}{above} fits exactly, with {found.places + 1}."
    )


def _raised(found: Fit, pixel: str) -> Iterator[str]:
    """Say what rounding up does."""
    window = found.window
    unclipped = known(ceil_div(found.free, window.stride)) + 1
    if not found.free % window.stride:
        yield f"{quotient_text(found)} is whole, so rounding up changes nothing."
    elif unclipped == found.places:
        hangs = -found.left
        yield (
            f"{quotient_text(found)} is rounded up: the last window hangs"
            f" {counted(hangs, pixel)} over the edge, and no {pixel} at the end is lost."
        )
    floored = fit(found.n, window._replace(rounding="floor"))
    if unclipped > found.places:
        yield (
            f"Rounding up gives {unclipped}, but window {unclipped} would begin behind the last"
            f" {pixel}, in padding only, so it is left out: the second bound of the min rules."
        )
    elif 0 < floored.places < found.places:
        lost = floored.tail
        yield f"Rounding down would give {floored.places}" + (
            f" and never see {the_last(lost, pixel)}." if lost else "."
        )


def _same(found: Fit, pixel: str) -> Iterator[str]:
    window, count = found.window, found.places
    total = found.before + found.after
    span = (count - 1) * window.stride + found.extent
    windows = f"{article(str(found.extent))}-wide window" if count == 1 else f"{count} windows"
    step = f"({count} - 1)*{window.stride} + {found.extent}"
    if not total:
        yield f"{windows} take {step} = {span}, there are {found.n}: nothing needs to be added."
        return
    where = f"{found.before} before and {found.after} after"
    odd = " (the odd one goes to the end)" if found.before != found.after else ""
    yield (
        f"`same` pads so that {windows} fit: they take {step} = {span}, there are"
        f" {found.n}, so {counted(total, pixel)} {plural(total, 'is')} added,"
        f" {where}{odd}."
    )


def drawn(found: Fit, pixel: str) -> tuple[str, ...]:
    """Draw a side with its windows; nothing for a window of 1 that goes everywhere."""
    window, count = found.window, found.places
    if found.kernel == 1 and window.stride == 1 and not found.before + found.after:
        return ()
    hangs = found.left if window.rounding == "floor" and window.mode != "same" else 0
    places = [
        (f"window {number + 1}", number)
        for number in chosen(count, found.n + found.before + found.after)
    ]
    if hangs > 0:
        places.append(("no room", count))
    frames = tuple(
        Frame(label, number * window.stride - found.before, found.kernel, window.dilation)
        for label, number in places
    )
    unseen = found.unseen() or range(found.n - found.tail, found.n)
    return draw(Scene(pixel, found.n, found.before, found.after, frames, unseen))


def facts_of(found: Fit) -> dict[str, Any]:
    """Return what a program may want to know of a side."""
    window = found.window
    facts: dict[str, Any] = {
        "input": found.n,
        "kernel": found.kernel,
        "stride": window.stride,
        "dilation": window.dilation,
        "padding": [found.before, found.after],
        "padding_mode": window.mode,
        "rounding": window.rounding,
        "windows": found.places,
        "left_over": max(found.left, 0),
        "overhang": max(-found.left, 0),
        "unseen": None if found.unseen() is None else len(found.unseen() or ()),
    }
    if window.mode != "same" and found.free >= 0:
        facts["exact_inputs"] = [size for size in dict.fromkeys(exact_sizes(found)) if size > 0]
    return facts
