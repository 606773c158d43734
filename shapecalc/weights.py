"""Files of arrays: trained weights in, activations out, as NumPy's `.npz`.

A weight is stored under its layer's path and its name, `conv1.weight`, with the extents that the
report gives it.  Files are data: nothing is ever unpickled, and no more is read than the network
can use.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.dim import known
from shapecalc.errors import Problem, SpecErrors, did_you_mean
from shapecalc.source import Origin, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.report import Report

#: The most bytes of an element.
WIDEST = 8
#: So many names are listed in a message.
LISTED = 5


def expected(report: Report) -> dict[str, tuple[int, ...]]:
    """Return the extents of a network's arrays, by name; shared ones once."""
    return {
        f"{row.name}.{each.name}": tuple(map(known, each.shape))
        for row in report.rows
        if row.shared is None
        for each in row.parameters
    }


def read_weights(path: str, report: Report) -> dict[str, Any]:
    """Read the weights of a network.

    Raises `SpecErrors` for a file that holds no plain arrays (E502) and for arrays that are not
    the network's (E503): all that is wrong, at once.
    """
    wanted = expected(report)
    origin = Origin(Source(path, ""))
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except OSError as error:
        message = f"'{path}' cannot be read: {error.strerror or error}"
        raise SpecErrors([Problem("E502", message, origin)]) from None
    except (zipfile.BadZipFile, ValueError):
        hint = "write it with numpy.savez(file, **arrays)"
        message = f"'{path}' is no .npz file of arrays"
        raise SpecErrors([Problem("E502", message, origin, hint=hint)]) from None
    names = [name.removesuffix(".npy") for name in members]
    problems = [*_unlike(names, wanted, report, origin)]
    found: dict[str, Any] = {}
    if not problems:
        for name, extents in wanted.items():
            array = _read(path, name, extents, origin)
            if isinstance(array, Problem):
                problems.append(array)
            else:
                found[name] = array
    if problems:
        raise SpecErrors(problems)
    return found


def _unlike(
    names: list[str], wanted: Mapping[str, Any], report: Report, origin: Origin
) -> list[Problem]:
    """Complain about names that the network has not, and about those that lack."""
    problems = []
    unknown = [name for name in names if name not in wanted]
    missing = [name for name in wanted if name not in names]
    if unknown:
        hint = did_you_mean(unknown[0], missing) or "names are like conv1.weight"
        message = f"{report.name} has no array {_listed(unknown)}"
        problems.append(Problem("E503", message, origin, hint=hint))
    if missing:
        message = f"{report.name} needs {_listed(missing)}, which the file lacks"
        hint = "`shapecalc run SPEC --save-weights FILE` writes a file with all names"
        problems.append(Problem("E503", message, origin, hint=hint))
    return problems


def _listed(names: list[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _read(path: str, name: str, extents: tuple[int, ...], origin: Origin) -> Any:  # noqa: ANN401
    """Read one array, or say what is wrong with it."""
    hint = "pickled objects are never read; store plain arrays of floating-point numbers"
    unread = Problem("E502", f"{name} is no array that can be read", origin, hint=hint)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            shape, dtype = _header(file)
        if dtype.kind != "f" or dtype.itemsize > WIDEST:
            kind = "Python objects" if dtype.hasobject else dtype
            message = f"{name} holds {kind}, not floating-point numbers"
            return Problem("E502", message, origin, hint="store float32 or float64")
        if shape != extents:
            message = f"{name} is {_extents(shape)}, but the network's is {_extents(extents)}"
            hint = "PyTorch's order: filters x channels x height x width, units x inputs"
            return Problem("E503", message, origin, hint=hint)
        with np.load(path, allow_pickle=False) as arrays:
            array = arrays[name]
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return unread
    if not np.isfinite(array).all():
        count = array.size - int(np.isfinite(array).sum())
        message = f"{name} holds {count:,} NaN or infinite numbers"
        return Problem("E502", message, origin, hint="the training that wrote it has diverged")
    return array


def _header(file: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:  # noqa: ANN401
    """Read what a stored array says of itself, before any memory is set aside for it."""
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, _, dtype = readers[version](file)
    return shape, dtype


def _extents(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a single number"


def write_arrays(path: str, arrays: Mapping[str, Any]) -> None:
    """Write arrays to a `.npz`: beside it first, then renamed.  Raises `SpecErrors` (E007)."""
    target = Path(os.path.realpath(path))
    try:
        with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            written = Path(file.name)
            try:
                np.savez(file, **arrays)
                file.flush()
                written.chmod(target.stat().st_mode if target.exists() else 0o644)
                written.replace(target)
            except BaseException:
                written.unlink()
                raise
    except OSError as error:
        message = f"'{path}' cannot be written: {error.strerror or error}"
        raise SpecErrors([Problem("E007", message, Origin(Source(path, "")))]) from None
