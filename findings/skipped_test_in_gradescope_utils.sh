#!/usr/bin/env bash
# Three unit tests of 2 points each, one passes, one fails, one is skipped, reported by
# gradescope-utils' JSONTestRunner.
# Guessed: 2 of 6 points, the skipped one with 0 of 2.
# Found: 2 of 4. The skipped test stands nowhere in the results, so its points are missing from the
# total, and a submission that makes the tests skip earns a larger share.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check gradescope-utils==0.5.0
cat > "$work/tests.py" <<'PY'
import io
import json
import unittest

from gradescope_utils.autograder_utils.decorators import weight
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner


class Sheet(unittest.TestCase):
    @weight(2)
    def test_1(self):
        """passes"""

    @weight(2)
    def test_2(self):
        """fails"""
        self.fail()

    @weight(2)
    def test_3(self):
        """is skipped"""
        self.skipTest("no table")


stream = io.StringIO()
JSONTestRunner(stream=stream).run(unittest.defaultTestLoader.loadTestsFromTestCase(Sheet))
tests = json.loads(stream.getvalue())["tests"]
for test in tests:
    print(test["name"], test["score"], test["max_score"])
print("total", sum(test["score"] for test in tests), sum(test["max_score"] for test in tests))
PY
# test, marks, points
cat > "$work/seen.txt" <<'TXT'
fails 0.0 2
passes 2 2
total 2.0 4
TXT
"$work/venv/bin/python" "$work/tests.py" | sort | tee "$work/now.txt"
diff "$work/seen.txt" "$work/now.txt" && echo "gradescope-utils 0.5.0: as seen"
