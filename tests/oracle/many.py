"""Layers and networks at random by the thousands: written programs beside our executor.

    PYTHONPATH=. python tests/oracle/many.py pytorch 5_000

tries so many networks, and a fifth as many layers of every type; of failures it prints the first,
and goes on.  The tests of this room try few of the same.
"""

from __future__ import annotations

import sys
from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: What a trial of a written program finds: what is unlike, or nothing where it is refused.
Found = list[str] | None

#: A framework: the module of this room that runs it.
MODULES = {
    "pytorch": "test_pytorch_code",
    "keras": "test_keras_code",
    "onnx": "test_onnx_written",
    "caffe": "test_caffe_written",
}


def tried(
    strategy: st.SearchStrategy[Any], trial: Callable[[Any, int], Found], count: int, first: int = 0
) -> Counter[str]:
    """Count what comes of so many examples of a strategy."""
    results: Counter[str] = Counter()

    @seed(first)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn=strategy, chance=st.integers(0, 999))
    def once(drawn: Any, chance: int) -> None:
        try:
            found = trial(drawn, chance)
        except Exception as error:  # noqa: BLE001
            found = [f"{type(error).__name__}: {str(error)[:200]}"]
        result = "refused" if found is None else "unlike" if found else "alike"
        results[result] += 1
        if found and results[result] <= 3:
            sys.stdout.write(f"{found[:4]}\n  {told(drawn)}\n")

    once()
    return results


def told(drawn: Any) -> str:
    """Say what was tried."""
    rows = getattr(drawn, "rows", None)
    if rows is None:
        return str(drawn)
    return ", ".join(f"{row.type} {row.output} {row.does}" for row in rows)


def main(framework: str, count: int, first: int = 0, words: Sequence[str] | None = None) -> None:
    """Try so many networks, and layers of every type, of a framework."""
    sys.path.insert(0, "tests/oracle")
    room = import_module(MODULES[framework])
    from draw import layers
    from networks import small_networks

    with room.set_up():
        if words is None:
            results = tried(small_networks(), room.network_tried, count, first)
            sys.stdout.write(f"{framework}, networks: {dict(results)}\n")
        total: Counter[str] = Counter()
        for word in words or room.WORDS:
            results = tried(layers(word), room.layer_tried, max(count // 50, 1), first)
            total += results
            if results["unlike"]:
                sys.stdout.write(f"{framework}, {word}: {dict(results)}\n")
            sys.stdout.flush()
        sys.stdout.write(
            f"{framework}, layers of {len(words or room.WORDS)} types: {dict(total)}\n"
        )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(int, sys.argv[3:4]))
