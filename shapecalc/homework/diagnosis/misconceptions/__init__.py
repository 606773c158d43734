"""The catalogue of misconceptions: wrong rules with names and worked examples, a file a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.diagnosis.misconceptions.operations import WRONG_OPERATIONS
from shapecalc.homework.diagnosis.misconceptions.parameters import WRONG_PARAMETERS
from shapecalc.homework.diagnosis.misconceptions.recurrent import WRONG_RECURRENT
from shapecalc.homework.diagnosis.misconceptions.volumes import WRONG_VOLUMES

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis.misconceptions.model import Misconception

#: Every misconception that is known, by its id, in the order of preference among equals.
CATALOGUE: dict[str, Misconception] = {
    misconception.id: misconception
    for misconception in (*WRONG_VOLUMES, *WRONG_PARAMETERS, *WRONG_OPERATIONS, *WRONG_RECURRENT)
}

#: The place of each in the fixed preference.
PRIOR: dict[str, int] = {name: place for place, name in enumerate(CATALOGUE)}
