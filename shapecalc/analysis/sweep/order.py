"""What a sweep is planned by, as it can be sent to another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.analysis.sweep import prepare
from shapecalc.output.options import make_view

if TYPE_CHECKING:
    from shapecalc.analysis.sweep.choice import Wishes
    from shapecalc.analysis.sweep.plan import Plan, Progress


class Order(NamedTuple):
    """The words of a command line; `counted` are those of `make_view`.  `asked` says them again."""

    network: str
    over: tuple[str, ...]
    columns: str | None
    counted: tuple[tuple[str, Any], ...]
    settings: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    fold_batchnorm: bool
    wishes: Wishes
    sample: tuple[int, int] | None
    format: str
    asked: tuple[tuple[str, str], ...]

    def planned(self, progress: Progress | None = None) -> Plan:
        """Plan the sweep, of which no more is held than a block.  Raises `SpecErrors`."""
        return prepare(
            self.network,
            self.over,
            self.columns,
            make_view(**dict(self.counted)),
            settings=dict(self.settings),
            input=dict(self.inputs),
            fold_batchnorm=self.fold_batchnorm,
            progress=progress,
            wishes=self.wishes,
            sample=self.sample,
            streamed=True,
        )
