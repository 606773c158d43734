"""Files of arrays: trained weights in, activations out, as NumPy's `.npz`.

A weight is stored under its layer's path and its name, `conv1.weight`, with the extents that the
report gives it.  Files are data: nothing is ever unpickled, and no more is read than the network
can use.
"""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra import known
from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.spec.find import must_end
from shapecalc.text import Origin
from shapecalc.text.safe import one_line
from shapecalc.text.words import did_you_mean, listed_briefly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.report import Report

#: The most bytes of an element.
WIDEST = 8
#: How NumPy packs members, and the flag of an encrypted one.
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1
#: What reading a damaged member raises; the last two come of a header nested too deep.
BROKEN = (
    ValueError,
    OSError,
    EOFError,
    KeyError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    RecursionError,
    MemoryError,
)
#: The array that is none if one of its numbers is negative.
VARIANCE = "running_var"
#: So many names are listed in a message.
LISTED = 5


def expected(report: Report) -> dict[str, tuple[int, ...]]:
    """Return the extents of a network's arrays, by name; shared ones once."""
    return {
        f"{row.name}.{parameter.name}": tuple(map(known, parameter.shape))
        for row in report.rows
        if row.shared is None
        for parameter in row.parameters
    }


def read_weights(path: str, report: Report) -> dict[str, Any]:
    """Read the weights of a network.

    Raises `SpecErrors` for a file that holds no plain arrays (E502) and for arrays that are not
    the network's (E503): all that is wrong, at once.
    """
    wanted = expected(report)
    origin = Origin.of_file(path)
    try:
        must_end(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except OSError as error:
        message = f"'{path}' cannot be read: {error.strerror or error}"
        raise refuse("E502", message, origin) from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        hint = "write it with numpy.savez(file, **arrays)"
        message = f"'{path}' is no .npz file of arrays"
        raise refuse("E502", message, origin, hint) from None
    names = [member.filename.removesuffix(".npy") for member in members]
    problems = [*_unlike(names, wanted, report, origin), *_unusual(names, members, origin)]
    arrays: dict[str, Any] = {}
    if not problems:
        for name, extents in wanted.items():
            array = _read(path, name, extents, origin)
            if isinstance(array, Problem):
                problems.append(array)
            else:
                arrays[name] = array
    if problems:
        raise SpecErrors(problems)
    return arrays


def _unlike(
    names: list[str], wanted: Mapping[str, Any], report: Report, origin: Origin
) -> list[Problem]:
    """Complain about names that the network has not, and about those that lack."""
    problems = []
    unknown = [name for name in names if name not in wanted]
    missing = [name for name in wanted if name not in names]
    if unknown:
        hint = did_you_mean(unknown[0], missing) or "names are like conv1.weight"
        message = f"{report.name} has no array {listed_briefly(unknown, LISTED)}"
        problems.append(Problem("E503", message, origin, hint=hint))
    if missing:
        message = f"{report.name} needs {listed_briefly(missing, LISTED)}, which the file lacks"
        hint = "`shapecalc run SPEC --save-weights FILE` writes a file with all names"
        problems.append(Problem("E503", message, origin, hint=hint))
    return problems


def _unusual(names: list[str], members: list[zipfile.ZipInfo], origin: Origin) -> Iterator[Problem]:
    """Complain about names that are there twice, and members that NumPy has not written."""
    for name, times in Counter(names).items():
        if times > 1:
            message = f"{one_line(name)} is there {times} times"
            yield Problem("E502", message, origin, hint="store every array once")
    packed = [
        name
        for name, member in zip(names, members, strict=True)
        if member.flag_bits & ENCRYPTED or member.compress_type not in PACKINGS
    ]
    if packed:
        which = listed_briefly(packed, LISTED)
        message = f"{which}: encrypted, or compressed in a way that NumPy does not write"
        hint = "write it with numpy.savez or numpy.savez_compressed(file, **arrays)"
        yield Problem("E502", message, origin, hint=hint)


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
    except BROKEN:
        return unread
    finite = np.isfinite(array)
    if not finite.all():
        count = array.size - int(finite.sum())
        message = f"{name} holds {count:,} NaN or infinite numbers"
        return Problem("E502", message, origin, hint="the training that wrote it has diverged")
    if np.abs(array).max(initial=0) > np.finfo(np.float32).max:
        message = f"{name} holds numbers up to {np.abs(array).max():.2g}, float32 up to 3.4e+38"
        return Problem("E502", message, origin, hint="networks are run in float32")
    if name.endswith(f".{VARIANCE}") and array.min(initial=0) < 0:
        message = f"{name} holds {array.min():.2g}, but a variance is never below 0"
        return Problem("E502", message, origin, hint="store the running variances as trained")
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


def write_arrays(file: IO[bytes], arrays: Mapping[str, Any]) -> None:
    """Write arrays as a `.npz`; the same arrays give the same bytes.

    NumPy's `savez` takes names as keywords, of which it has some itself.
    """
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
