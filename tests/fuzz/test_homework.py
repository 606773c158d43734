"""Any file of answers is judged and shown, or refused with `SpecErrors`; `homework.py` has more."""

from __future__ import annotations

from collections import Counter

from tests.fuzz.homework import attempt, bases

INPUTS = 400


def test_any_file_is_judged_or_refused() -> None:
    bases()
    outcomes = Counter(map(attempt, range(INPUTS)))
    assert sum(outcomes.values()) == INPUTS
    assert outcomes["judged"] > INPUTS // 3
    assert len(outcomes) > 5  # the inputs are of many kinds
