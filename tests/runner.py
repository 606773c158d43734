"""How the tests run the command line, whatever release of click is installed."""

from __future__ import annotations

import signal
from inspect import signature
from typing import Any

from click.testing import CliRunner, Result

#: Up to 8.1 a runner mixes the two outputs unless it is asked not to; later ones keep them apart.
_MIXES = "mix_stderr" in signature(CliRunner.__init__).parameters

#: What asks a program to end.
ENDING = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name)
]


def minds_signals() -> None:
    """Undo what a shell sets for what it runs in the background: to ignore Ctrl-C."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


def runner() -> CliRunner:
    """Return a runner that keeps standard error apart; a result's `output` has both."""
    return _OldRunner() if _MIXES else CliRunner()


class _OldRunner(CliRunner):
    """The runner of click 8.1, its results as later releases give them."""

    def __init__(self) -> None:
        super().__init__(mix_stderr=False)

    def invoke(self, *args: Any, **kwargs: Any) -> Result:
        result = super().invoke(*args, **kwargs)
        result.__class__ = _OldResult
        return result


class _OldResult(Result):
    @property
    def output(self) -> str:
        """The standard output and then the standard error."""
        return self.stdout + self.stderr

    @property
    def stdout(self) -> str:
        return self.stdout_bytes.decode(self.runner.charset, "replace").replace("\r\n", "\n")
