"""Keras' models: `.keras`, the JSON of `to_json`, and `.h5`, of Keras 2 and 3.

`model` follows the layers of a model, and of the models in it; `layers` says what each is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.errors import refuse
from shapecalc.readers.archive import Archive, Region
from shapecalc.readers.faults import unreadable
from shapecalc.readers.json_text import parse_json
from shapecalc.readers.keras.model import KerasModel
from shapecalc.text import Origin

if TYPE_CHECKING:
    from mmap import mmap

    from shapecalc.readers import ReadModel

_HDF5 = b"\x89HDF"


def read(name: str, data: bytes | mmap) -> ReadModel:
    """Read a model.  Raises `SpecErrors`."""
    return read_config(name, parse_json(name, _config(name, data)))


def read_config(name: str, config: Any) -> ReadModel:  # noqa: ANN401
    """Read what a model's JSON holds.  Raises `SpecErrors`."""
    return KerasModel(name, config).read()


def _config(name: str, data: bytes | mmap) -> bytes:
    """Return the JSON that describes a model."""
    if data[:2] == b"PK":
        return Archive(name, data).text("config.json")
    if data[:4] != _HDF5:
        return data[:]
    try:
        import h5py
    except ImportError:
        hint = "pip install 'shapecalc-convnets[h5]', or save the model as .keras"
        message = "a model in HDF5 is read with the package h5py, which is not installed"
        raise refuse("E009", message, Origin.of_file(name), hint) from None
    try:
        with h5py.File(Region(data), "r") as file:
            config = file.attrs.get("model_config")
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        message = f"the HDF5 file is damaged: {str(error).partition('(')[0].strip()}"
        raise unreadable(name, message, "save the model again") from None
    if config is None:
        hint = "save the whole model: `model.save(...)`, not `save_weights`"
        raise unreadable(name, "the file holds weights, and no layers", hint)
    return config.encode() if isinstance(config, str) else bytes(config)
