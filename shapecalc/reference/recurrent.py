"""Recurrent layers: sequences read step by step, forward, and backward through time.

Arrays are named, and gates are ordered, as PyTorch has them: input, forget, candidate, output for
an LSTM; reset, update, candidate for a GRU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.recurrent import Gru, Lstm, Recurrent, Rnn
from shapecalc.layers.shape import Map
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot, bias_slot, kernel_slot, logistic
from shapecalc.reference.example import copied
from shapecalc.reference.formula import Index, Ref, entry, ref, single, summed
from shapecalc.reference.tally import accumulators
from shapecalc.reference.weighted import matmul

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays
    from shapecalc.reference.formula import Formulas

_GATES: dict[type[Layer], int] = {Rnn: 1, Lstm: 4, Gru: 3}


def _names(layer: Recurrent) -> list[list[str]]:
    """Name every layer's directions."""
    ways = ("", "_reverse") if layer.bidirectional else ("",)
    return [[f"l{number}{way}" for way in ways] for number in range(layer.layers)]


@registry.slots(Rnn, Lstm, Gru)
def slots(layer: Recurrent, x: Array) -> dict[str, Slot]:
    """Two matrices for every layer and direction, and up to two biases."""
    units = known(layer.units)
    rows, read, needed = _GATES[type(layer)] * units, x.shape[1], {}
    for number, ways in enumerate(_names(layer)):
        for way, name in enumerate(ways):
            mark = "" if number == way == 0 else str(number * len(ways) + way + 1)
            needed[f"weight_ih_{name}"] = kernel_slot((rows, read), read)
            needed[f"weight_hh_{name}"] = kernel_slot((rows, units), 2 * units)
            letters = "wubd"[: 2 + layer.biases]
            for which in ("ih", "hh")[: layer.biases]:
                needed[f"bias_{which}_{name}"] = bias_slot((rows,))
            own = list(needed)[-len(letters) :]
            for array, letter in zip(own, letters, strict=True):
                needed[array] = needed[array]._replace(letter=letter + mark)
        read = units * len(ways)
    return needed


# -- a step ----------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """What a step computed: its gates, its output and cell, and those of the step before.

    `recurrent` is what the state adds to the sums.
    """

    gates: tuple[Array, ...]
    y: Array
    cell: Array
    before: Array
    cell_before: Array
    recurrent: Array


def _step(layer: Recurrent, given: Array, recurrent: Array, y: Array, cell: Array) -> _Step:
    """Go on by a step, from what the input and the state add to the sums."""
    parts, states = (np.split(a, _GATES[type(layer)], axis=1) for a in (given, recurrent))
    if isinstance(layer, Gru):
        reset, update = (logistic(p + s) for p, s in zip(parts[:2], states[:2], strict=True))
        new = np.tanh(parts[2] + reset * states[2])
        after = (1 - update) * new + update * y
        return _Step((reset, update, new), after, cell, y, cell, recurrent)
    sums = [p + s for p, s in zip(parts, states, strict=True)]
    if isinstance(layer, Lstm):
        i, f, o = (logistic(sums[gate]) for gate in (0, 1, 3))
        g = np.tanh(sums[2])
        filled = f * cell + i * g
        return _Step((i, f, g, o), o * np.tanh(filled), filled, y, cell, recurrent)
    after = np.tanh(sums[0])
    return _Step((after,), after, cell, y, cell, recurrent)


class _Back(NamedTuple):
    """The gradients of a step: of both parts of its sums, of the output and cell before."""

    given: Array
    recurrent: Array
    before: Array
    cell: Array


def _step_back(layer: Recurrent, done: _Step, g: Array, to_cell: Array) -> _Back:
    """Go back through a step, from the gradients of its output and its cell."""
    if isinstance(layer, Gru):
        reset, update, new = done.gates
        state = np.split(done.recurrent, 3, axis=1)[2]
        to_new = g * (1 - update) * (1 - new * new)
        to_update = g * (done.before - new) * update * (1 - update)
        to_reset = to_new * state * reset * (1 - reset)
        given = np.concatenate([to_reset, to_update, to_new], axis=1)
        recurrent = np.concatenate([to_reset, to_update, to_new * reset], axis=1)
        return _Back(given, recurrent, g * update, to_cell)
    if isinstance(layer, Lstm):
        i, f, new, o = done.gates
        shown = np.tanh(done.cell)
        to_cell = to_cell + g * o * (1 - shown * shown)
        sums = np.concatenate(
            [
                to_cell * new * i * (1 - i),
                to_cell * done.cell_before * f * (1 - f),
                to_cell * i * (1 - new * new),
                g * shown * o * (1 - o),
            ],
            axis=1,
        )
        return _Back(sums, sums, np.zeros_like(g), to_cell * f)
    sums = g * (1 - done.y * done.y)
    return _Back(sums, sums, np.zeros_like(g), to_cell)


# -- a sequence in one direction -------------------------------------------------------------------


def _order(name: str, steps: int) -> range:
    return range(steps - 1, -1, -1) if name.endswith("_reverse") else range(steps)


def _read(layer: Recurrent, arrays: Arrays, name: str, x: Array) -> list[_Step]:
    """Read a sequence in one direction; return its steps in their places."""
    given = matmul(arrays[f"weight_ih_{name}"], x)  # N x rows x length
    if layer.biases > 0:
        given = given + arrays[f"bias_ih_{name}"][:, None]
    weight, steps = arrays[f"weight_hh_{name}"], x.shape[2]
    y = cell = np.zeros((len(x), weight.shape[1]), given.dtype)
    done: list[Any] = [None] * steps
    for t in _order(name, steps):
        recurrent = matmul(y, weight.T)
        if layer.biases > 1:
            recurrent = recurrent + arrays[f"bias_hh_{name}"]
        done[t] = _step(layer, given[:, :, t], recurrent, y, cell)
        y, cell = done[t].y, done[t].cell
    return done


def _outputs(done: list[_Step]) -> Array:
    return np.stack([step.y for step in done], axis=2)


def _all(layer: Recurrent, arrays: Arrays, x: Array) -> Iterator[tuple[Array, list[str], Any]]:
    """Read with one layer after the other: what flows into each, its names, and its steps."""
    for names in _names(layer):
        done = [_read(layer, arrays, name, x) for name in names]
        yield x, names, done
        x = np.concatenate([_outputs(steps) for steps in done], axis=1)


def _last(names: list[str], steps: int) -> list[int]:
    """Return the place of the last step of every direction."""
    return [_order(name, steps)[-1] for name in names]


@registry.forward(Rnn, Lstm, Gru)
def forward(layer: Recurrent, arrays: Arrays, x: Array) -> Array:
    """Read the sequence, and return the outputs of the last layer."""
    *_, (_, names, done) = _all(layer, arrays, x)
    if layer.returns == "last":
        places = _last(names, x.shape[2])
        return np.concatenate([steps[t].y for steps, t in zip(done, places, strict=True)], axis=1)
    return np.concatenate([_outputs(steps) for steps in done], axis=1)


@registry.backward(Rnn, Lstm, Gru)
def backward(layer: Recurrent, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Go back through the layers, and through every one's steps in the opposite order."""
    read, trained = list(_all(layer, arrays, x)), {}
    units, names = known(layer.units), read[-1][1]
    if layer.returns == "last":
        whole = np.zeros((len(x), units * len(names), x.shape[2]), gradient.dtype)
        for number, t in enumerate(_last(names, x.shape[2])):
            part = slice(number * units, (number + 1) * units)
            whole[:, part, t] = gradient[:, part]
        gradient = whole
    for flowed, ways, done in reversed(read):
        back = np.zeros_like(flowed)
        for name, steps, g in zip(ways, done, np.split(gradient, len(ways), axis=1), strict=True):
            given, recurrent = _through_time(layer, arrays, name, steps, g)
            before = np.stack([step.before for step in steps], axis=2)
            trained[f"weight_ih_{name}"] = matmul(given, flowed.swapaxes(1, 2)).sum(0)
            trained[f"weight_hh_{name}"] = matmul(recurrent, before.swapaxes(1, 2)).sum(0)
            if layer.biases > 0:
                trained[f"bias_ih_{name}"] = given.sum((0, 2))
            if layer.biases > 1:
                trained[f"bias_hh_{name}"] = recurrent.sum((0, 2))
            back += matmul(arrays[f"weight_ih_{name}"].T, given)
        gradient = back
    return Gradients((gradient,), {name: trained[name] for name in arrays if name in trained})


def _through_time(
    layer: Recurrent, arrays: Arrays, name: str, steps: list[_Step], g: Array
) -> tuple[Array, Array]:
    """Return the gradients of what the input, and the state, add to the sums of every step."""
    weight = arrays[f"weight_hh_{name}"]
    to_y = np.zeros_like(g[:, :, 0])
    to_cell, backs = to_y, {}
    for t in reversed(_order(name, len(steps))):
        back = backs[t] = _step_back(layer, steps[t], g[:, :, t] + to_y, to_cell)
        to_y = matmul(back.recurrent, weight) + back.before
        to_cell = back.cell
    in_place = [backs[t] for t in range(len(steps))]
    return (
        np.stack([back.given for back in in_place], axis=2),
        np.stack([back.recurrent for back in in_place], axis=2),
    )


# -- counted ---------------------------------------------------------------------------------------

_sigmoid = np.frompyfunc(lambda v: 1 / (1 + (-v).exp()), 1, 1)
_tanh = np.frompyfunc(lambda v: v.tanh(), 1, 1)


@registry.counted(Rnn, Lstm, Gru)
def counted(layer: Recurrent, arrays: Arrays, x: Array) -> Array:
    """Add up a product for every input and every unit, step by step."""
    for names in _names(layer):
        ends, ways = [], []
        for name in names:
            y = cell = accumulators((known(layer.units),), x)
            done = {}
            for t in _order(name, x.shape[2]):
                y, cell = _counted_step(layer, arrays, name, x[0, :, t], (y, cell))
                done[t] = y
            ends.append(y)
            ways.append(np.stack([done[t] for t in range(x.shape[2])], axis=1))
        x = np.concatenate(ways)[None]
    return np.concatenate(ends)[None] if layer.returns == "last" else x


def _added(sums: Array, weights: Array, values: Array) -> Array:
    """Add a product for every value."""
    for number, column in enumerate(weights.T):
        sums = sums + column * values[number : number + 1]
    return sums


def _counted_step(
    layer: Recurrent, arrays: Arrays, name: str, x: Array, state: tuple[Array, Array]
) -> tuple[Array, Array]:
    y, cell = state
    u, biases = (
        known(layer.units),
        [arrays[f"bias_{w}_{name}"] for w in ("ih", "hh")[: layer.biases]],
    )
    weight, inner = (arrays[f"weight_{which}_{name}"] for which in ("ih", "hh"))
    sums = _added(accumulators((len(weight),), x), weight, x)
    if not isinstance(layer, Gru):
        sums = _added(sums, inner, y)
        for bias in biases:
            sums = sums + bias
        if isinstance(layer, Rnn):
            return _tanh(sums), cell
        i, f, g, o = np.split(sums, 4)
        cell = _sigmoid(f) * cell + _sigmoid(i) * _tanh(g)
        return _sigmoid(o) * _tanh(cell), cell
    # the reset gate weighs what the state adds to the candidate, so that is a sum by itself
    sums = np.concatenate([_added(sums[: 2 * u], inner[: 2 * u], y), sums[2 * u :]])
    state_sum = _added(accumulators((u,), x), inner[2 * u :], y)
    if biases:
        sums = sums + biases[0]
    if len(biases) > 1:
        sums = np.concatenate([sums[: 2 * u] + biases[1][: 2 * u], sums[2 * u :]])
        state_sum = state_sum + biases[1][2 * u :]
    reset, update = np.split(_sigmoid(sums[: 2 * u]), 2)
    new = _tanh(sums[2 * u :] + reset * state_sum)
    return (1 - update) * new + update * y, cell


# -- formulas --------------------------------------------------------------------------------------

#: What y is, and what the state adds to the sums, by the type.
_WORDS = {
    Rnn: "tanh(z[f, t])",
    Lstm: "o * tanh(s[f, t]), s[f, t] = i*v + r*s[f, t-1], where i, r, o are the sigmoids of gates"
    " 0, 1, 3 in z and v the tanh of gate 2",
    Gru: "(1 - q)*tanh(v) + q*y[f, t-1], where q is the sigmoid of gate 1 in z and v its gate 2",
}


@registry.formula(Rnn, Lstm, Gru)
def formulas(layer: Recurrent, x: Array) -> Formulas:
    """Write the formulas of one layer in one direction.

    z are the sums of the gates, unit f's in row gate*units + f, at step t; h is the gradient of z,
    and a that of what the state adds to it.
    """
    units, length = known(layer.units), x.shape[2]
    rows = _GATES[type(layer)] * units
    biases = "".join(f" + {letter}[k]" for letter in "bd"[: layer.biases])
    reset = " (of gate 2 weighed by gate 0)" if isinstance(layer, Gru) else ""
    z = f"sum over c of w[k, c] * x[c, t] + sum over f of u[k, f] * y[f, t-1]{reset}{biases}"
    earlier = Ref("y", (Index((("f", 1, 1),)), Index((("t", 1, 1),), -1)))
    over = {"t": length}
    by_letter: Formulas = {
        "z": single("z", "kt", z, entry("z")),
        "y": single("y", "ft", _WORDS[type(layer)], entry("y")),
        "h": single("h", "kt", "the gradient of z, by the chain rule through the gate", entry("h"),
                    "It gathers g and what comes back from the next step: through time."),
        "a": single("a", "kt", "h[k, t]" + (", of gate 2 times gate 0" if reset else ""),
                    entry("a"),
                    "a is the gradient of what the state adds to z."),
        "w": summed("w", "kc", (ref("h", "kt"), ref("x", "ct")), over),
        "u": summed("u", "kf", (ref("a", "kt"), earlier), over),
        "x": summed("x", "ct", (ref("h", "kt"), ref("w", "kc")), {"k": rows}),
    }  # fmt: skip
    for letter, of in zip("bd"[: layer.biases], "ha", strict=False):
        by_letter[letter] = summed(letter, "k", (ref(of, "kt"),), over)
    return by_letter


@registry.on_the_way(Rnn, Lstm, Gru)
def on_the_way(layer: Recurrent, arrays: Arrays, x: Array, y: Array, g: Array) -> dict[str, Array]:
    """Return the sums of the gates and their gradients, of one layer in one direction."""
    steps = _read(layer, arrays, "l0", x)
    given, recurrent = _through_time(layer, arrays, "l0", steps, g)
    parts = []
    for t, step in enumerate(steps):
        own = matmul(arrays["weight_ih_l0"], x[:, :, t : t + 1])[:, :, 0]
        if layer.biases > 0:
            own = own + arrays["bias_ih_l0"]
        state = step.recurrent
        if isinstance(layer, Gru):
            u = known(layer.units)
            state = np.concatenate([state[:, : 2 * u], step.gates[0] * state[:, 2 * u :]], axis=1)
        parts.append(own + state)
    return {"z": np.stack(parts, axis=2)[0], "h": given[0], "a": recurrent[0]}


@registry.paper_copy(Recurrent)
def paper_copy(layer: Recurrent, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep one layer and direction of two units, that reads three steps of two channels."""
    small = copied(layer, units=2, layers=1, bidirectional=False, returns="all")
    return small, (Map((3,), 2),)
