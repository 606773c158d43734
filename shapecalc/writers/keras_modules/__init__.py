"""Layers for what Keras has none, as texts that go into the program that needs them.

They are registered, so that a saved model is read by Keras again, and by shapecalc: their
arguments are those of our layers.
"""

from __future__ import annotations

from shapecalc.readers.keras.own import PACKAGE
from shapecalc.writers.keras_modules.arrays import ARRAYS
from shapecalc.writers.keras_modules.attention import ATTENTION
from shapecalc.writers.keras_modules.functions import FUNCTIONS
from shapecalc.writers.keras_modules.places import PLACES
from shapecalc.writers.keras_modules.units import UNITS
from shapecalc.writers.keras_modules.windows import WINDOWS

_REGISTER = f'@keras.saving.register_keras_serializable("{PACKAGE}")\n'
_CLASSES = {**WINDOWS, **UNITS, **ARRAYS, **ATTENTION, **PLACES}

#: Functions and classes that the program needs where their names stand in it.
HELPERS: dict[str, str] = {
    **{name: text.strip() for name, text in FUNCTIONS.items()},
    **{name: _REGISTER + text.strip() for name, text in _CLASSES.items()},
}
