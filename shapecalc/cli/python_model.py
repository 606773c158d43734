"""`py:package.module:function`: a model that a Python program makes, run because the user asks so.

Only a command line names one; no file can.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecalc.cli.common import remark
from shapecalc.errors import refuse
from shapecalc.text import Origin, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a model in a program begins with on a command line.
BEGINS = "py:"


def model_source(place: str, inputs: Mapping[str, str]) -> Source:
    """Run a program's function, and return its model as a spec's source.

    The inputs are those of the command line, which PyTorch needs.  Raises `SpecErrors`.
    """
    from shapecalc.api import shape_given
    from shapecalc.readers import live
    from shapecalc.spec.find import as_source

    module, _, name = place.removeprefix(BEGINS).partition(":")
    if not module or not name:
        hint = "write py:package.module:function"
        raise refuse("E303", f"'{place}' names no function of a module", _at(place), hint)
    remark([f"{place} runs the code of {module}, as you ask"])
    with contextlib.redirect_stdout(sys.stderr):  # what is printed is no table
        model = _made(place, module, name)
        sys.stderr.flush()  # which `print` does not, and messages of this tool come after it
        if live.is_keras(model):
            return as_source(place, live.read_keras(model))
        if not live.is_torch(model):
            message = f"'{place}' makes {_kind(model)}, and no model of PyTorch or Keras"
            raise refuse("E009", message, _at(place))
        if not inputs:
            hint = "add --input 224x224x3"
            raise refuse("E322", "a module of PyTorch needs an input", _at(place), hint)
        shapes = [shape_given(shape) for shape in inputs.values()]
        return as_source(place, live.read_torch(model, shapes))


def _made(place: str, module: str, name: str) -> Any:  # noqa: ANN401
    """Import a module, and let its function make the model."""
    from shapecalc.readers import live

    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        value = getattr(importlib.import_module(module), name)
        ready = live.is_torch(value) or live.is_keras(value) or not callable(value)
        return value if ready else value()
    except Exception as error:  # whatever the user's own code raises
        text = (str(error).strip().splitlines() or [""])[0][:200]
        message = f"{type(error).__name__}: {text}"
        hint = "a function without arguments that returns the model is expected"
        raise refuse("E009", f"'{place}' makes no model: {message}", _at(place), hint) from error
    finally:
        sys.path.remove(here)


def _kind(value: object) -> str:
    return f"a value of the type {type(value).__name__}"


def _at(place: str) -> Origin:
    return Origin(Source(place, place))
