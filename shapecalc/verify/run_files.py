"""Files of a run: trained weights in, activations out, as NumPy's `.npz`; a picture as input.

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
from warnings import catch_warnings, simplefilter

import numpy as np

from shapecalc.algebra import known
from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.layers.shape import as_text
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
    problem = unsound(name, array, origin)
    if problem is None and name.endswith(f".{VARIANCE}") and array.min(initial=0) < 0:
        message = f"{name} holds {array.min():.2g}, but a variance is never below 0"
        hint = "store the running variances as trained"
        problem = Problem("E502", message, origin, hint=hint)
    return problem or array


def unsound(name: str, array: Any, origin: Origin) -> Problem | None:  # noqa: ANN401
    """Complain about numbers that a network cannot be run with."""
    finite = np.isfinite(array)
    if not finite.all():
        count = array.size - int(finite.sum())
        message = f"{name} holds {count:,} NaN or infinite numbers"
        return Problem("E502", message, origin, hint="the training that wrote it has diverged")
    if np.abs(array).max(initial=0) > np.finfo(np.float32).max:
        message = f"{name} holds numbers up to {np.abs(array).max():.2g}, float32 up to 3.4e+38"
        return Problem("E502", message, origin, hint="networks are run in float32")
    return None


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


# -- a picture as an input, by Pillow --------------------------------------------------------------


#: Channels -> Pillow's name for pictures that have so many.
MODES = {1: "L", 3: "RGB"}
#: Kinds of pictures that are read: what others hold may be a program.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
#: Pillow's names for pictures of 8 bits a colour; deeper ones would be cut off, not scaled.
EIGHT_BITS = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")


def read_picture(path: str, report: Report) -> dict[str, Any]:
    """Read a picture for the network's only input: 1 x channels x height x width, from 0 to 1.

    Transparency is left out.  Raises `SpecErrors` (E504) for what is no picture of 8 bits a colour,
    or not of the input's size; a picture is never stretched.
    """
    origin = Origin.of_file(path)

    def unfit(message: str, hint: str = "") -> SpecErrors:
        return refuse("E504", message, origin, hint)

    inputs = [row for row in report.rows if row.type == "input"]
    shape = inputs[0].output
    channels = known(shape.channels)
    if len(inputs) > 1 or len(shape.sides) != 2 or channels not in MODES:
        shapes = " and ".join(as_text(row.output) for row in inputs)
        raise unfit(
            f"a picture cannot flow into {report.name}, which takes {shapes}",
            "a network with one input, height x width x 1 or 3, takes a picture",
        )
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise unfit(
            "reading a picture takes Pillow, which is not installed",
            "pip install 'shapecalc-convnets[image]'",
        ) from None
    height, width = map(known, shape.sides)
    try:
        must_end(path)
        with catch_warnings():
            simplefilter("ignore", Image.DecompressionBombWarning)  # its size is looked at first
            opened = Image.open(path, formats=FORMATS)
        with opened as picture:
            if picture.mode not in EIGHT_BITS:
                raise unfit(
                    f"the picture is of Pillow's kind {picture.mode}, not of 8 bits a colour",
                    "scale it to 8 bits first",
                )
            if picture.size != (width, height):
                size = f"{picture.size[1]}x{picture.size[0]}"
                raise unfit(
                    f"the picture is {size} (height x width), but the input is {height}x{width}",
                    "scale or crop it first; it is not stretched for you",
                )
            values = np.asarray(picture.convert(MODES[channels]), np.float32) / 255
    except UnidentifiedImageError:
        raise unfit(f"'{path}' is no picture that can be read", "use PNG or JPEG") from None
    except Image.DecompressionBombError:
        raise unfit(
            f"'{path}' holds more pixels than are safe to read; the input is {height}x{width}",
            "scale or crop it first",
        ) from None
    except (OSError, ValueError, SyntaxError) as error:
        reason = getattr(error, "strerror", None) or "the file is damaged"
        raise unfit(f"'{path}' cannot be read: {reason}") from None
    array = values.reshape(height, width, channels).transpose(2, 0, 1)[None]
    return {inputs[0].name: array}
