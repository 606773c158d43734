"""`shapecalc watch`: a real server, a real client, a file that changes."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

import pytest

from shapecalc.analysis.page.serve import PageServer, Watched
from shapecalc.api import summarize
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.output.problems import problems_text
from tests.runner import minds_signals, runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = "name: First\ninput: 8x8x3\nlayers:\n  - conv: {filters: 4, kernel: 3}\n"
BETTER = "name: Second\ninput: 8x8x3\nlayers:\n  - conv: {filters: 41, kernel: 3}\n"
WRONG = "name: First\ninput: 8x8x3\nlayers:\n  - conv: {filters: 4, kernel: 9}\n  - 'a</pre><b>'\n"


class Answer(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]


@contextmanager
def served(spec: Path | str) -> Iterator[PageServer]:
    with PageServer(Watched(str(spec))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server: PageServer, path: str = "/", method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.read().decode(), dict(response.getheaders()))
    finally:
        connection.close()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def write(spec: Path, text: str) -> None:
    """Save a file as editors do, at another time whatever the clock's grain."""
    before = spec.stat().st_mtime_ns
    spec.write_text(text, encoding="utf-8")
    os.utime(spec, ns=(before + 1_000_000, before + 1_000_000))


def test_the_page_is_renewed_when_the_file_is_saved(spec: Path) -> None:
    with served(spec) as server:
        first, version = ask(server), ask(server, "/version").text
        assert first.status == 200
        assert "<bdi>First</bdi>" in first.text
        assert f'data-version="{version}"' in first.text
        assert ask(server, "/version").text == version
        write(spec, BETTER)
        renewed = ask(server, "/version").text
        assert renewed != version
        second = ask(server).text
        assert "<bdi>Second</bdi>" in second
        assert f'data-version="{renewed}"' in second


def test_a_spec_that_another_extends_is_watched_as_well(tmp_path: Path, spec: Path) -> None:
    child = tmp_path / "child.yaml"
    child.write_text("extends: net.yaml\nname: Child\n", encoding="utf-8")
    with served(child) as server:
        version = ask(server, "/version").text
        write(spec, BETTER)
        assert ask(server, "/version").text != version
        assert "41 3x3" in ask(server).text


def test_a_spec_that_another_extends_comes_and_goes(tmp_path: Path, spec: Path) -> None:
    child = tmp_path / "child.yaml"
    child.write_text("extends: net\nname: Child\n", encoding="utf-8")
    with served(child) as server:
        spec.unlink()
        gone, version = ask(server).text, ask(server, "/version").text
        assert "error[E001]" in gone
        spec.write_text(BETTER, encoding="utf-8")
        assert ask(server, "/version").text != version
        assert "41 3x3" in ask(server).text


def test_what_is_saved_while_the_page_is_made_is_seen(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*words: object, **more: object) -> str:
        monkeypatch.undo()
        write(spec, BETTER)
        return "of before"

    monkeypatch.setattr("shapecalc.analysis.page.serve.to_page", slow)
    with served(spec) as server:
        assert ask(server).text == "of before"
        assert "<bdi>Second</bdi>" in ask(server).text


def test_a_file_that_another_takes_the_place_of(tmp_path: Path, spec: Path) -> None:
    with served(spec) as server:
        assert "<bdi>First</bdi>" in ask(server).text
        state = spec.stat()
        other = tmp_path / "other"
        other.write_text(GOOD.replace("First", "Third"), encoding="utf-8")
        os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
        other.replace(spec)  # as editors save: of one length, and here of one time
        assert "<bdi>Third</bdi>" in ask(server).text


def test_a_browser_that_leaves_is_not_told_of(
    spec: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = threading.Event()

    def gone(watched: Watched) -> None:
        left.set()
        raise ConnectionResetError

    monkeypatch.setattr(Watched, "served", gone)
    with served(spec) as server:
        with pytest.raises(http.client.HTTPException):
            ask(server)
        assert left.wait(10)
    assert capfd.readouterr().err == ""


def test_an_error_stands_at_its_line_until_it_is_mended(spec: Path) -> None:
    with served(spec) as server:
        version = ask(server, "/version").text
        write(spec, WRONG)
        wrong = ask(server).text
        with pytest.raises(SpecErrors) as refused:
            summarize(str(spec))
        assert problems_text(refused.value.problems) in unescape(wrong)
        lines = re.findall(r'<li( class="marked")?><code>(.*?)</code>(.*?)</li>', wrong)
        assert [unescape(text) for _, text, _ in lines] == WRONG.splitlines()
        assert [bool(marked) for marked, _, _ in lines] == [False, False, False, True, True]
        assert "E112" in lines[4][2]
        assert "</pre><b>" not in wrong
        assert ask(server, "/version").text != version
        write(spec, GOOD)
        assert "<bdi>First</bdi>" in ask(server).text


def test_a_file_that_comes_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    with served(path) as server:
        assert "error[E001]" in ask(server).text
        path.write_text(GOOD, encoding="utf-8")
        assert "<bdi>First</bdi>" in ask(server).text
        path.unlink()
        assert "error[E001]" in ask(server).text


@pytest.mark.parametrize("path", ["/", "/version"])
def test_only_this_machines_names_are_answered(spec: Path, path: str) -> None:
    with served(spec) as server:
        port = server.server_port
        for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
            assert ask(server, path, Host=host).status == 200
            assert ask(server, path, Host=host, Origin=f"http://{host}").status == 200
        for host in (
            "example.org",
            f"example.org:{port}",
            f"127.0.0.1:{port + 1}",
            "127.0.0.1",
            "",
        ):
            refused = ask(server, path, Host=host)
            assert refused.status == 403
            assert "First" not in refused.text


@pytest.mark.parametrize(
    "origin", ["http://example.org", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1"]
)
def test_no_other_page_may_ask(spec: Path, origin: str) -> None:
    with served(spec) as server:
        refused = ask(server, Origin=origin.format(port=server.server_port))
        assert refused.status == 403
        assert "First" not in refused.text


def test_there_is_one_page_and_it_is_not_kept(spec: Path) -> None:
    with served(spec) as server:
        assert server.server_address[0] == "127.0.0.1"
        for path in ("/net.yaml", "/../net.yaml", "/page.js"):
            assert ask(server, path).status == 404
        assert ask(server, method="POST").status == 501
        head = ask(server, method="HEAD")
        assert (head.status, head.text) == (200, "")
        assert head.headers["Cache-Control"] == "no-store"
        assert head.headers["X-Content-Type-Options"] == "nosniff"
        assert "connect-src 'self'" in unescape(ask(server).text)


def test_standard_input_cannot_be_watched() -> None:
    done = runner().invoke(main, ["watch", "-"])
    assert done.exit_code == 2
    assert "error[E323]" in done.stderr


def test_a_port_that_is_taken_is_told(spec: Path) -> None:
    with served(spec) as server:
        done = runner().invoke(main, ["watch", str(spec), "--port", str(server.server_port)])
    assert done.exit_code == 2
    assert "error[E007]" in done.stderr
    assert str(server.server_port) in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C goes to a whole console")
def test_the_command_prints_the_address_and_ctrl_c_ends_it(spec: Path) -> None:
    command = [sys.executable, "-u", "-m", "shapecalc", "watch", str(spec)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=minds_signals,  # noqa: PLW1509  (no threads here)
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
            assert address, line
            connection = http.client.HTTPConnection("127.0.0.1", int(address[1]), timeout=10)
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
            connection.close()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0
    assert errors == ""
