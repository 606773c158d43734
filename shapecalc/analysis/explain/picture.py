"""A row of pixels with the windows under it, in plain characters.

Short rows are numbered; long ones are drawn with a character a pixel, and what is far from the
ends of the windows shown is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container

#: Lines are at most so wide, which leaves room to indent them on a page of 80.
PAGE = 77
#: Rows of so many pixels fit beside all usual labels.
SHORT = 60
#: Rows up to so many pixels are numbered when there is room.
NUMBERED = 20
#: So many windows are all drawn, where the row is short enough.
FEW = 5
#: So many pixels are drawn around the ends of windows.
AROUND = 3
_GAP = " ... "


class Frame(NamedTuple):
    """A window at its place: from pixel `start`, counted from 0, `taps` pixels `apart`."""

    label: str
    start: int
    taps: int
    apart: int = 1

    @property
    def end(self) -> int:
        """The last pixel."""
        return self.start + (self.taps - 1) * self.apart


class Scene(NamedTuple):
    """A row of `pixels` with padding at its ends, what stands under it, and which are marked."""

    noun: str
    pixels: int
    before: int
    after: int
    frames: tuple[Frame, ...]
    marked: Container[int] = ()
    mark: str = "never seen"
    sign: str = "padding"

    @property
    def margin(self) -> int:
        """The width of the labels."""
        return max(map(len, (self.noun, self.mark, *(frame.label for frame in self.frames)))) + 2

    @property
    def room(self) -> int:
        """So many characters of a line are the row's."""
        return PAGE - self.margin


def chosen(count: int, length: int) -> list[int]:
    """Return which of the windows over a row to draw: all of a few, or two and the last."""
    few = FEW if length <= SHORT else 3
    return list(range(count)) if count <= few else [0, 1, count - 1]


def draw(scene: Scene) -> tuple[str, ...]:
    """Draw a scene in lines of less than 80 characters."""
    low = min(-scene.before, *(frame.start for frame in scene.frames), 0)
    high = max(
        scene.pixels - 1 + scene.after,
        *(frame.end for frame in scene.frames),
        scene.pixels - 1,
    )
    cell = len(str(scene.pixels)) + 1
    if scene.pixels <= NUMBERED and (high - low + 1) * cell <= scene.room:
        page = _Page({at: (at - low) * cell for at in range(low, high + 1)}, cell, ())
        return _lines(scene, page, [_numbers(scene, page)])
    page = _squeezed(scene, low, high)
    return _lines(scene, page, [_ruler(scene, page), _beads(scene, page)])


class _Page(NamedTuple):
    """Where pixels stand: the column of each, how wide it is, and the columns of the gaps."""

    columns: dict[int, int]
    cell: int
    gaps: tuple[int, ...]

    def span(self, at: int) -> tuple[int, int]:
        """Return where a window's sign for a pixel begins and ends."""
        column = self.columns[at]
        return column + max(self.cell - 2, 0), column + self.cell - 1


def _squeezed(scene: Scene, low: int, high: int) -> _Page:
    """Give every pixel a column, or only those around the ends of windows."""
    if high - low < scene.room:
        return _Page({at: at - low for at in range(low, high + 1)}, 1, ())
    ends = {low, high, 0, scene.pixels - 1}
    for frame in scene.frames:
        ends |= {frame.start, frame.end}
    pages = (_around(ends, low, high, reach) for reach in range(AROUND, -1, -1))
    page = next(pages)
    for smaller in pages:
        if max(page.columns.values()) < scene.room:
            break
        page = smaller
    return page


def _around(ends: set[int], low: int, high: int, reach: int) -> _Page:
    """Give a column to every pixel that is at most `reach` from an end."""
    kept = sorted(
        {at for end in ends for at in range(end - reach, end + reach + 1) if low <= at <= high}
    )
    columns: dict[int, int] = {}
    gaps: list[int] = []
    column, last = 0, low - 1
    for at in kept:
        if at - last - 1 > len(_GAP):
            gaps.append(column)
            column += len(_GAP)
        else:
            for between in range(last + 1, at):
                columns[between] = column
                column += 1
        columns[at] = column
        column += 1
        last = at
    return _Page(columns, 1, tuple(gaps))


def _lines(scene: Scene, page: _Page, head: list[str]) -> tuple[str, ...]:
    labels = [scene.noun] + [""] * (len(head) - 1)
    rows = head
    for number, frame in enumerate(scene.frames):
        labels.append(frame.label)
        rows = [*rows, _window(frame, page)]
        following = scene.frames[number + 1 : number + 2]
        if following and _jumps(frame.label, following[0].label):
            labels.append("  ...")
            rows = [*rows, ""]
    marks = _signs(page, lambda at: "x" if at in scene.marked else "")
    if marks:
        labels.append(scene.mark)
        rows = [*rows, marks]
    width = scene.margin
    lines = [f"{label:<{width}}{row}".rstrip() for label, row in zip(labels, rows, strict=True)]
    if scene.before or scene.after:
        lines.append(f"{'':<{width}}(+ {scene.sign})")
    return tuple(lines)


def _jumps(label: str, following: str) -> bool:
    """Tell whether numbered windows between these two are left out."""
    a, b = label.rsplit(" ", 1)[-1], following.rsplit(" ", 1)[-1]
    return a.isdigit() and b.isdigit() and int(b) > int(a) + 1


def _numbers(scene: Scene, page: _Page) -> str:
    def sign(at: int) -> str:
        if 0 <= at < scene.pixels:
            return str(at + 1)
        return "+" if -scene.before <= at < scene.pixels + scene.after else ""

    return _signs(page, sign)


def _signs(page: _Page, sign: Callable[[int], str]) -> str:
    """Write a sign under each pixel, flush right in its cell."""
    line = [" "] * (max(page.columns.values()) + page.cell)
    for at, column in page.columns.items():
        text = sign(at)
        end = column + page.cell
        line[end - len(text) : end] = text
    return "".join(line).rstrip()


def _ruler(scene: Scene, page: _Page) -> str:
    """Write the numbers of the first and of the last pixel above them."""
    first, last = page.columns[0], page.columns[scene.pixels - 1]
    number = str(scene.pixels)
    return f"{'':<{first}}1".ljust(last + 1 - len(number)) + number


def _beads(scene: Scene, page: _Page) -> str:
    def sign(at: int) -> str:
        if 0 <= at < scene.pixels:
            return "o"
        return "+" if -scene.before <= at < scene.pixels + scene.after else ""

    line = list(_signs(page, sign).ljust(max(page.columns.values()) + 1))
    end = max((column for at, column in page.columns.items() if at < scene.pixels), default=0)
    for gap in page.gaps:
        if gap < end:
            line[gap : gap + len(_GAP)] = _GAP
    return "".join(line).rstrip()


def _window(frame: Frame, page: _Page) -> str:
    """Draw a window: its ends, or every tap where these lie apart."""
    begin, end = page.span(frame.start)[0], page.span(frame.end)[1]
    line = [" "] * (end + 1)
    line[begin : end + 1] = "-" * (end + 1 - begin)
    if frame.apart > 1:
        for tap in range(frame.taps):
            at = frame.start + tap * frame.apart
            if at in page.columns:
                line[page.span(at)[1]] = "*"
        line[begin : page.span(frame.start)[1]] = " " * (page.span(frame.start)[1] - begin)
    elif begin == end:
        line[begin] = "|"
    else:
        line[begin], line[end] = "[", "]"
    for gap in page.gaps:
        if begin < gap < end:
            line[gap : gap + len(_GAP)] = "-" + _GAP.strip().center(len(_GAP) - 2, "-") + "-"
    return "".join(line)
