"""The zip that is uploaded as a Gradescope autograder: two scripts, the homework and its network.

Gradescope unpacks it into `source/`, runs `setup.sh` once, and `run_autograder` from the folder
above for every submission.  Whatever happens there, results.json is written.
"""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc import __version__
from shapecalc.errors import refuse
from shapecalc.homework.exports.archive import archive
from shapecalc.spec.find import beside, is_shipped
from shapecalc.text import Origin

if TYPE_CHECKING:
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.exports.gradescope import Visibility
    from shapecalc.homework.exports.parts import Markup, Per
    from shapecalc.text import Source

#: What the package has already.
_NAMES = ("homework.yaml", "variants.csv", "setup.sh", "run_autograder")

_SETUP = """\
#!/usr/bin/env bash
# Runs once, when the image is built: finds a Python of 3.11 or newer and installs shapecalc.
set -eu
cd "$(dirname "$0")/.."
newest() {
  for python in python3.14 python3.13 python3.12 python3.11 python3; do
    if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      echo "$python"
      return
    fi
  done
}
python="$(newest)"
if [ -z "$python" ] || ! "$python" -m venv venv; then
  apt-get update
  apt-get install -y python3 python3-venv
  apt-get install -y python3.11 python3.11-venv || true
  python="$(newest)"
  [ -n "$python" ] || { echo "no Python of 3.11 or newer: choose a newer Ubuntu" >&2; exit 1; }
  "$python" -m venv --clear venv
fi
venv/bin/python -m pip install "shapecalc-convnets==VERSION"
"""

_RUN = """\
#!/usr/bin/env bash
# Runs for every submission: judges the file of answers in submission/, writes results/results.json.
set -u
cd "$(dirname "$0")"
python=venv/bin/python
[ -x "$python" ] || python=python3
mkdir -p results
rm -f results/results.json
timeout 60 "$python" -m shapecalc homework export gradescope submission \\
  --homework source/homework.yaml OPTIONS -o results/results.json
if [ ! -s results/results.json ]; then
  cat > results/results.json << 'END'
{"score": 0, "output": "The autograder failed; this says nothing of your answers.", "tests": []}
END
fi
"""


def package(
    homework: Homework,
    source: Source,
    variants: Source | None = None,
    *,
    per: Per = "layer",
    hint: int = 2,
    visibility: Visibility = "visible",
    markup: Markup = "text",
) -> bytes:
    """Pack the autograder of a homework, whose file is `source`, with the list of its variants.

    Raises `SpecErrors` (E745) when its network lies outside the folder of the homework.
    """
    options = f"--per {per} --hint {hint} --visibility {visibility} --markup {markup}"
    listed = {}
    if variants is not None:
        options += " --variants source/variants.csv"
        listed["variants.csv"] = variants.text
    return archive(
        {
            "setup.sh": _SETUP.replace("VERSION", __version__),
            "run_autograder": _RUN.replace("OPTIONS", options),
            "homework.yaml": source.text,
            **listed,
            **_networks(homework, source),
        }
    )


def _networks(homework: Homework, source: Source) -> dict[str, str]:
    """Return the files of the network, under their names beside the homework's."""
    reports = homework.networks.values() or (homework.report,)
    specs = [report.graph.spec for report in reports]
    files = {}
    for name in (name for spec in specs for name in (spec.source.name, *spec.extends)):
        if is_shipped(name):
            continue
        path = os.path.relpath(name, Path(source.name).parent).replace(os.sep, "/")
        if path.startswith("../") or Path(path).is_absolute() or path in _NAMES:
            message = f"'{name}' cannot be packed: it is not beside the homework"
            hint = "move it into the homework's folder, under a name of its own"
            raise refuse("E745", message, Origin(source), hint)
        files[path] = beside(path, source).text
    return files
