"""Files as platforms take them: XML, and zip archives that do not change with time or place."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The first day that a zip archive can hold.
_DAY = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_FILE = 0o100644
_PROGRAM = 0o100755


def xml_text(root: ET.Element) -> str:
    """Write a document with its declaration, indented, the last line ended."""
    ET.indent(root)
    declared = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return declared + ET.tostring(root, encoding="unicode") + "\n"


def archive(files: Mapping[str, str]) -> bytes:
    """Pack texts under their names, in their order; one that begins with #! can be run.

    Nothing is compressed, since compressors differ by their version.
    """
    target = BytesIO()
    with ZipFile(target, "w", ZIP_STORED) as zipped:
        for name, text in files.items():
            info = ZipInfo(name, _DAY)
            info.create_system = _UNIX
            info.external_attr = (_PROGRAM if text.startswith("#!") else _FILE) << 16
            zipped.writestr(info, text.encode())
    return target.getvalue()
