"""A long sweep on a scheduler with two workers: the bytes of one process, or a clear error.

All of it is real and on the loopback: a worker is killed, the scheduler goes away, a worker lacks
the file or has another version.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from shapecalc.cli import main
from tests.paths import ROOT
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    find_spec("distributed") is None or os.name != "posix",
    reason="the extra `cluster`, dask[distributed], is not installed, or kill -9 is not there",
)

#: The command line, which keeps every sweep in pieces and notes each of them.
RUN = """
import signal
import sys
from shapecalc.analysis.sweep import pieces
from shapecalc.text import partial
partial.NOTED, pieces.LONG = 0, 1
from shapecalc.cli import main
main(sys.argv[1:])
"""
NET = "input: HxWx1\nlayers: [conv: {filters: 4, kernel: 3}, maxpool, dense: 10]\n"
WORDS = ["sweep", "net.yaml", "--over", "H=2:501", "--over", "W=2:1201", "-c", "params,macs,output"]


def environment(*places: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*places, ROOT)))}


def run(folder: Path, target: str, *words: str) -> subprocess.Popen[str]:
    (folder / "net.yaml").write_text(NET)
    return subprocess.Popen(
        [sys.executable, "-c", RUN, *WORDS, "-o", target, *words],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def error_of(process: subprocess.Popen[str], code: int) -> str:
    _, error = process.communicate(timeout=300)
    assert process.returncode == code, error
    return error


class Cluster:
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.file = folder / "scheduler.json"
        self.scheduler = self.start(
            folder, "scheduler", "--port", "0", "--scheduler-file", self.file
        )
        wait(self.file.exists)
        self.address: str = json.loads(self.file.read_text())["address"]

    def start(
        self, cwd: Path, kind: str, *words: object, places: tuple[Path, ...] = ()
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                f"distributed.cli.dask_{kind}",
                "--host",
                "127.0.0.1",
                "--no-dashboard",
                *map(str, words),
            ],
            cwd=cwd,
            env=environment(*places),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.stack.callback(ended, process)
        return process

    def worker(self, cwd: Path, *places: Path) -> subprocess.Popen[bytes]:
        return self.start(
            cwd, "worker", self.address, "--no-nanny", "--nthreads", "1", places=places
        )

    def wait_for(self, workers: int) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False, timeout=60) as client:
            wait(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == workers)


def ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def wait(done: object) -> None:
    deadline = time.monotonic() + 120
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(folder, stack)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("alone")
    for format_ in ("csv", "parquet"):
        error_of(run(folder, f"points.{format_}"), 0)
    return {f: (folder / f"points.{f}").read_bytes() for f in ("csv", "parquet")}


def test_two_workers_write_the_bytes_of_one_process(
    tmp_path: Path, alone: dict[str, bytes]
) -> None:
    (tmp_path / "net.yaml").write_text(NET)
    with cluster(tmp_path) as dask:
        workers = [dask.worker(tmp_path) for _ in range(2)]
        dask.wait_for(2)
        for format_ in ("csv", "parquet"):
            error_of(run(tmp_path, f"points.{format_}", "--scheduler", dask.address), 0)
            assert (tmp_path / f"points.{format_}").read_bytes() == alone[format_]

        # a worker is killed in the middle: what it had goes to the other one
        process = run(tmp_path, "killed.csv", "--scheduler", dask.address)
        wait((tmp_path / "killed.csv.part" / "done.json").exists)
        workers[0].send_signal(signal.SIGKILL)
        assert not (tmp_path / "killed.csv").exists()
        error_of(process, 0)
        assert (tmp_path / "killed.csv").read_bytes() == alone["csv"]

        # the scheduler goes away: what is written is kept, and one process writes the rest
        process = run(tmp_path, "lost.csv", "--scheduler", dask.address)
        wait((tmp_path / "lost.csv.part" / "done.json").exists)
        ended(dask.scheduler)
        error = error_of(process, 2)
        assert "error[E359]: the cluster did not finish: " in error
        assert "  hint: the same command goes on from there, with or without --scheduler" in error
        assert "Traceback" not in error
        assert not (tmp_path / "lost.csv").exists()
        assert "sweep: goes on after " in error_of(run(tmp_path, "lost.csv"), 0)
        assert (tmp_path / "lost.csv").read_bytes() == alone["csv"]


def test_workers_that_cannot_do_it(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "old" / "shapecalc").mkdir(parents=True)
    (tmp_path / "old" / "shapecalc" / "__init__.py").write_text('__version__ = "0.0.1"\n')
    with cluster(tmp_path) as dask:
        error = error_of(run(tmp_path, "points.csv", "--scheduler", dask.address), 2)
        assert error.startswith("error[E359]: the scheduler has no workers\n")

        worker = dask.worker(tmp_path / "elsewhere")  # where there is no net.yaml
        dask.wait_for(1)
        error = error_of(run(tmp_path, "points.csv", "--scheduler", dask.address), 2)
        assert (
            "error[E359]: a worker cannot compute the sweep: there is no file 'net.yaml'" in error
        )

        (tmp_path / "elsewhere" / "net.yaml").write_text(NET.replace("10", "11"))
        error = error_of(run(tmp_path, "points.csv", "--scheduler", dask.address), 2)
        assert "error[E359]: a worker cannot compute the sweep: it reads another network: " in error
        ended(worker)

        dask.wait_for(0)
        dask.worker(tmp_path, tmp_path / "old")
        dask.wait_for(1)
        error = error_of(run(tmp_path, "points.csv", "--scheduler", dask.address), 2)
        assert " has shapecalc 0.0.1, and here is " in error
    assert not (tmp_path / "points.csv").exists()


def test_no_scheduler(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(NET)
    error = error_of(run(tmp_path, "points.csv", "--scheduler", "tcp://127.0.0.1:9"), 2)
    assert error.startswith("error[E359]: no scheduler answers at tcp://127.0.0.1:9: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.yaml"]


def test_a_short_sweep_asks_no_scheduler(tmp_path: Path) -> None:
    words = ["sweep", "lenet5", "--over", "N=32:40", "--scheduler", "tcp://127.0.0.1:9"]
    result = runner().invoke(main, [*words, "-o", str(tmp_path / "points.csv")])
    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / "points.csv").read_text().count("\n") == 10
