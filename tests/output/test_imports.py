"""A format imports what it needs and no more, and writes the same in every process."""

import subprocess
import sys

import pytest

from shapecalc.output.formats import FORMATS
from tests.output.reports import GOLDEN
from tests.paths import ROOT

SCRIPT = """
import sys
from pathlib import Path
from shapecalc.api import build
from shapecalc.report.compute import compute_report
from shapecalc.text import Source
from shapecalc.output.formats import write
spec = Source("<text>", Path(sys.argv[2]).read_text(encoding="utf-8"))
report = compute_report(build(spec))
sys.stdout.buffer.write(write(report, sys.argv[1], width=90, profile="full").encode())
print(*sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""
HEAVY = {"rich", "numpy", "json", "csv", "html", "textwrap", "shutil"}
NEEDED = {"terminal": {"rich"}, "csv": {"csv"}, "json": {"json"}, "html": {"html"}}


def run(format_: str, seed: str) -> tuple[bytes, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, format_, str(GOLDEN / "small.yaml")],
        cwd=ROOT,
        env={"PYTHONHASHSEED": seed, "TERM": "xterm"},
        capture_output=True,
        check=True,
    )
    return done.stdout, set(done.stderr.decode().split())


@pytest.mark.parametrize("format_", FORMATS)
def test_format_is_lazy_and_deterministic(format_: str) -> None:
    written, modules = run(format_, "1")
    assert written == run(format_, "2")[0]
    assert NEEDED.get(format_, set()) <= modules
    if format_ != "terminal":  # Rich imports many things by itself
        assert HEAVY & modules == NEEDED.get(format_, set())
