"""Readers and schemas are helpers of the tests, no tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.spec.find import find

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapecalc.homework.assignment.model import Homework

collect_ignore = ["quiz.py", "schemas.py"]

#: Sides all different, a vector at the end with a round thousand of units, and a rounded window.
NET = """\
name: small
input: 36x29x3
layers:
  - conv: {name: one, filters: 24, kernel: 5, stride: 2, pad: 1}
  - maxpool: {name: two, kernel: 3, stride: 2}
  - conv: {name: three, filters: 40, kernel: 3, pad: 1}
  - dense: {name: four, units: 1000}
"""
HOMEWORK = """\
title: Small by hand
spec: net.yaml
columns: [output, params, macs]
layers: [one, two, three, four, total]
given: {one: [output]}
points: {macs: 2, four: {params: 3, output: 0}}
"""


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Homework]:
    """Make a homework of the small network, with more lines and other texts."""

    def make(more: str = "", *, net: str = NET, base: str = HOMEWORK) -> Homework:
        (tmp_path / "net.yaml").write_text(net, encoding="utf-8")
        path = tmp_path / "homework.yaml"
        path.write_text(base + more, encoding="utf-8")
        return read_homework(find(str(path)))

    return make
