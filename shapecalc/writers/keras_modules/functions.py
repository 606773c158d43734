"""Functions that the layers of a program call."""

from __future__ import annotations

#: Functions as a program has them, by their names.
FUNCTIONS: dict[str, str] = {
    "framed": '''
def framed(x, margins, value=0.0):
    """Put margins around the sides of a map; one below 0 takes places away."""
    pads = [(max(before, 0), max(after, 0)) for before, after in margins]
    x = ops.pad(x, [(0, 0), *pads, (0, 0)], constant_values=value)
    ends = zip(margins, x.shape[1:-1])
    kept = [slice(max(-before, 0), n - max(-after, 0)) for (before, after), n in ends]
    return x[(slice(None), *kept)]
''',
    "taps": '''
def taps(x, kernel, strides, dilation):
    """Return what lies under every place of a kernel as it moves over a map."""
    spans = [n - d * (k - 1) for n, k, d in zip(x.shape[1:-1], kernel, dilation)]
    places = itertools.product(*(range(0, d * k, d) for k, d in zip(kernel, dilation)))
    return [
        x[
            (
                slice(None),
                *(slice(at, at + n, s) for at, n, s in zip(place, spans, strides)),
            )
        ]
        for place in places
    ]
''',
    "window_moves": '''
def window_moves(sides, size, shift):
    """Return the sides of a map of whole windows, and how far it moves along each."""
    whole = [-(-side // window) * window for side, window in zip(sides, size)]
    moves = zip(whole, size, shift)
    return whole, [0 if window >= side else move for side, window, move in moves]
''',
    "cut_windows": '''
def cut_windows(numbers, size, grid=False):
    """Cut an array of whole windows into these: windows x places."""
    rank = len(size)
    for axis, window in enumerate(size):
        at = 2 * axis
        parts = (window, -1) if grid else (-1, window)
        numbers = numbers.reshape(*numbers.shape[:at], *parts, *numbers.shape[at + 1 :])
        numbers = numbers.swapaxes(at, at + 1) if grid else numbers
    numbers = numbers.transpose(*range(0, 2 * rank, 2), *range(1, 2 * rank, 2))
    return numbers.reshape(-1, math.prod(size))
''',
    "window_places": '''
def window_places(sides, size, shift, grid):
    """Number the places of a map as its windows hold them; -1 is a place beyond the map."""
    whole, moves = window_moves(sides, size, shift)
    numbers = np.full(whole, -1)
    numbers[tuple(map(slice, sides))] = np.arange(math.prod(sides)).reshape(sides)
    numbers = np.roll(numbers, [-move for move in moves], tuple(range(len(sides))))
    return cut_windows(numbers, size, grid)
''',
}
