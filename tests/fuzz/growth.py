"""How the time grows with the size of the input: 4 for four times as much is linear."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING

from shapecalc.spec.expression import parse
from shapecalc.text.words import _nearest
from tests.fuzz.support import judge

if TYPE_CHECKING:
    from collections.abc import Callable


def growth(make: Callable[[int], str], size: int, form: str = "csv") -> tuple[float, float]:
    """Return the seconds for `4*size`, and how often those for `size` fit into them."""
    texts = (make(size), make(4 * size))
    small, large = (min(_seconds(text, form) for _ in range(3)) for text in texts)
    return large, large / small


def _seconds(text: str, form: str) -> float:
    _nearest.cache_clear()
    parse.cache_clear()
    began = process_time()
    judge(text, (form,))
    return process_time() - began


def spec(layers: str, more: str = "") -> str:
    return f"input: 8x8x3\n{more}layers:\n{layers}"


def _edited(n: int) -> str:
    # Edits of names that the base lacks: each is complained about, until there are too many.
    edits = "".join(f"  lost{i}: {{kernel: 3}}\n" for i in range(n))
    return f"extends: alexnet.yaml\nchange:\n{edits}"


def _chosen(n: int) -> str:
    return "".join(f"  - conv: {{name: c{i}, filters: {i % 7 + 1}, kernel: 1}}\n" for i in range(n))


#: What to grow, and the smaller size.
PROBES: dict[str, tuple[Callable[[int], str], int]] = {
    "chain": (lambda n: spec("  - relu\n  - conv3-4\n" * n), 3000),
    "chain of names": (lambda n: spec(_chosen(n)), 3000),
    "branches": (lambda n: spec(f"  - concat: [{'[relu], ' * n}]\n"), 3000),
    "split": (
        lambda n: f"input: 8x8x{n}\nlayers: [concat: {{split: {n}, branches: [{'[], ' * n}]}}]\n",
        4000,
    ),
    "named branches": (
        lambda n: spec(f"  - add: {{{', '.join(f'b{i}: [relu]' for i in range(n))}}}\n"),
        3000,
    ),
    "forward references": (
        lambda n: spec(
            "".join(f"  - relu: {{name: r{i}, from: r{i + 1}}}\n" for i in range(n))
            + f"  - relu: {{name: r{n}, from: input}}\n"
        ),
        3000,
    ),
    "long skips": (
        lambda n: spec("".join(f"  - add: {{from: [input, .], name: a{i}}}\n" for i in range(n))),
        3000,
    ),
    "shares": (
        lambda n: spec(
            "  - conv: {name: c0, filters: 3, kernel: 1}\n"
            + "".join(
                f"  - conv: {{name: c{i + 1}, filters: 3, kernel: 1, share: c{i}}}\n"
                for i in range(n)
            )
        ),
        3000,
    ),
    "constants": (
        lambda n: spec(
            f"  - dense: k{n}\n",
            "let:\n  k0: 1\n" + "".join(f"  k{i + 1}: k{i} + 1\n" for i in range(n)),
        ),
        3000,
    ),
    "constants backwards": (
        lambda n: spec(
            "  - dense: k0\n",
            "let:\n" + "".join(f"  k{i}: k{i + 1} + 1\n" for i in range(n)) + f"  k{n}: 1\n",
        ),
        3000,
    ),
    "blocks": (
        lambda n: spec(
            "".join(f"  - b{i}\n" for i in range(n)),
            "blocks:\n" + "".join(f"  b{i}: {{layers: [relu]}}\n" for i in range(n)),
        ),
        1000,
    ),
    "repeat": (lambda n: spec(f"  - repeat: {{times: {n}, layers: [conv3-4, relu]}}\n"), 3000),
    "named repeat": (
        lambda n: spec(f"  - repeat: {{name: r, times: {n}, layers: [conv3-4, relu]}}\n"),
        3000,
    ),
    "for": (
        lambda n: spec(
            f"  - repeat: {{for: {{c: [{', '.join(['4'] * n)}]}}, layers: [dense: c]}}\n"
        ),
        3000,
    ),
    "channels": (lambda n: spec("  - conv: {filters: channels, kernel: 1}\n" * n), 1000),
    "parts of channels": (
        lambda n: spec("  - blk: 2*channels//2\n" * n, "blocks:\n  blk:\n    fields: [f]\n"
        "    layers: [conv: {filters: f, kernel: 1}]\n"),
        1000,
    ),
    "unknown words": (lambda n: spec("".join(f"  - relo{i}\n" for i in range(n))), 200),
    "unknown names": (
        lambda n: spec("".join(f"  - relu: {{from: lost{i}}}\n" for i in range(n))), 200
    ),
    "one mistake often": (
        lambda n: spec(f"  - repeat: {{times: {n}, layers: [conv: {{filters: 0, kernel: 1}}]}}\n"),
        3000,
    ),
    "windows that misfit": (
        lambda n: spec("  - conv: {filters: 3, kernel: 99, from: input}\n" * n), 200
    ),
    "unknown edits": (_edited, 200),
    "a long line": (lambda n: spec(f"  [{'relu, ' * n}lost]\n"), 3000),
    "mistakes on a long line": (
        lambda n: spec(f"  [{', '.join(f'lost{i}' for i in range(n))}]\n"), 200
    ),
    "long expression": (lambda n: spec("  - dense: " + "1+" * n + "1\n"), 30),
    "comments": (lambda n: spec("  - relu\n" + "# remark\n" * n), 30_000),
}  # fmt: skip
