"""The one file of answers in a folder, as platforms hand a submission over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.homework.answers.files import READERS, load_answers
from shapecalc.homework.answers.model import refuse_file

if TYPE_CHECKING:
    from shapecalc.homework.answers.model import Answers

#: The codes of a file that is not there: no answers, and no reason to say anything of them.
NO_FILE = ("E001", "E002", "E003")
#: So many names of files are looked at.
_MOST = 1000


def load_submission(path: str) -> Answers:
    """Read a file of answers, or the one that a folder holds.

    Raises `SpecErrors`: E746 for a folder with none or with several.
    """
    folder = Path(path)
    if path == "-" or not folder.is_dir():
        return load_answers(path)
    names = sorted(path.name for path, _ in zip(folder.iterdir(), range(_MOST), strict=False))
    files = [name for name in names if _is_answers(folder, name)]
    if len(files) == 1:
        return load_answers(str(folder / files[0]))
    holds = f"{len(files)} files of answers: {', '.join(files[:4])}" if files else "no file"
    if not files and names:
        holds = f"no file of answers, but {', '.join(names[:4])}"
    hint = f"hand in one file: {', '.join(READERS)}"
    raise refuse_file("E746", f"the submission holds {holds}", path, hint)


def _is_answers(folder: Path, name: str) -> bool:
    """Tell whether a name is that of a file of answers: none that is hidden, and no link."""
    path = folder / name
    known = path.suffix.lower() in READERS and not name.startswith((".", "__"))
    return known and path.is_file() and not path.is_symlink()
