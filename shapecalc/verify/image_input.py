"""A picture as a network's input, by Pillow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np

from shapecalc.algebra import known
from shapecalc.errors import refuse
from shapecalc.layers.shape import as_text
from shapecalc.spec.find import must_end
from shapecalc.text import Origin

if TYPE_CHECKING:
    from shapecalc.errors import SpecErrors
    from shapecalc.report import Report

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
