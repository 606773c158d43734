"""The report beside a run: every law, layer by layer, and what a run reads and writes.

The room is called as its command is, and so is the public function: `shapecalc.verify("lenet5")`
calls `judge.verify`, so that it makes no difference which of the two was imported first.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Verify(ModuleType):
    """This package, which can be called."""

    def __call__(self, *network: Any, **options: Any) -> Any:  # noqa: ANN401  (`verify`'s own)
        from shapecalc.verify.judge import verify

        return verify(*network, **options)


sys.modules[__name__].__class__ = _Verify
