#!/usr/bin/env bash
# Four test cells of 4 points, executed and graded by nbgrader: what ends in 3.0; the same after a
# warning; what ends in the text "3 of 4"; what displays 3.0 and ends in nothing.
# Guessed: 3, 3, 0 (no number, or an error that says so), 3.
# Found: 3, 0, 4 and 4. A line on standard error is worth as much as an exception, a value that is no
# number has full marks, and what is displayed is no value.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nbgrader==0.9.6 ipykernel
cd "$work"
export PATH="$work/venv/bin:$PATH"
cat > cells.py <<'PY'
from pathlib import Path

import nbformat

CELLS = {
    "value": "3.0",
    "warned": "import warnings\nwarnings.warn('rounded')\n3.0",
    "text": "'3 of 4'",
    "displayed": "from IPython.display import display\ndisplay(3.0)",
}
kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
for name, source in CELLS.items():
    graded = {"schema_version": 3, "task": False, "grade": True, "solution": False, "locked": True}
    own = {**graded, "grade_id": name, "points": 4}
    notebook.cells.append(nbformat.v4.new_code_cell(source, id=name, metadata={"nbgrader": own}))
path = Path("source/ps1/cells.ipynb")
path.parent.mkdir(parents=True)
nbformat.write(notebook, path)
PY
cat > marks.py <<'PY'
from nbgrader.api import Gradebook

with Gradebook("sqlite:///gradebook.db") as book:
    grades = book.find_submission_notebook("cells", "ps1", "ann").grades
    for grade in sorted(grades, key=lambda grade: grade.name):
        print(grade.name, grade.auto_score, grade.max_score)
PY
python cells.py
{
  nbgrader generate_assignment ps1
  mkdir -p submitted/ann
  cp -r release/ps1 submitted/ann/ps1
  nbgrader autograde ps1
} > log.txt 2>&1 || { cat log.txt; exit 1; }
# cell, marks, points
cat > seen.txt <<'TXT'
displayed 4.0 4.0
text 4.0 4.0
value 3.0 4.0
warned 0.0 4.0
TXT
python marks.py | tee now.txt
diff seen.txt now.txt && echo "nbgrader 0.9.6: as seen"
