"""A page served to this machine alone, made anew when its spec has changed.

Only who asks for the page by this machine's own names gets an answer: another site's script, or a
name that somebody else has pointed here, does not.
"""

from __future__ import annotations

import os
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.analysis.page.layout import STYLES, policy, to_page, watching
from shapecalc.analysis.page.opening import opened
from shapecalc.errors import Problem, RuleError, SpecErrors
from shapecalc.output.markup import Element, page
from shapecalc.output.problems import problems_text
from shapecalc.spec.find import files_noted, find, noted_files
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: The address that only this machine has, and its names.
LOOPBACK = "127.0.0.1"
_NAMES = (LOOPBACK, "localhost")


class Served(NamedTuple):
    """What is served: a page, and its version, which differs after every change."""

    text: str
    version: str


class Watched:
    """A spec, and the page of it as its files are now; that of errors while it has some."""

    def __init__(
        self,
        spec: str,
        settings: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> None:
        self.spec = spec
        self._settings, self._inputs = settings or {}, inputs or {}
        self._lock = Lock()
        self._seen: dict[str, object] = {}
        self._count = 0
        self._served = Served("", "")

    def served(self) -> Served:
        """Return the page, made anew if a file that was read has changed."""
        with self._lock:
            if self._seen != {file: _stamp_of(file) for file in self._seen} or not self._seen:
                self._make()
            return self._served

    def _make(self) -> None:
        self._count += 1
        version = f"{os.getpid()}-{self._count}"
        # as they are before they are read: what is saved meanwhile is seen the next time
        before = {file: _stamp_of(file) for file in (self.spec, *self._seen)}
        with files_noted():
            try:
                made = opened(find(self.spec), self._settings, self._inputs)
                text = to_page([made], version=version)
            except SpecErrors as errors:
                text = _page_of_problems(self.spec, errors.problems, version)
            except RuleError as error:  # an expression that grows too large while it is written
                problem = Problem(error.code, error.message, None, error.rule, error.hint)
                text = _page_of_problems(self.spec, [problem], version)
            self._seen = {file: before.get(file, _stamp_of(file)) for file in noted_files()}
        self._served = Served(text, version)


def _stamp_of(path: str) -> object:
    """Tell one state of a file from the next."""
    try:
        state = os.stat(path)  # noqa: PTH116  (a path may hold what no file's name can)
    except (OSError, ValueError):
        return None
    return (state.st_mtime_ns, state.st_size, state.st_ino)


# -- a page of errors ------------------------------------------------------------------------------


def _page_of_problems(spec: str, problems: Sequence[Problem], version: str) -> str:
    """Write what a terminal would show, and the file with every message at its line."""
    number = f"{len(problems)} problems" if len(problems) != 1 else "1 problem"
    body = [
        Element("h1", f"{number} in ", Element("bdi", one_line(spec)), class_="title"),
        Element("pre", problems_text(problems), role="alert", class_="problems", tabindex="0"),
        *_listing(problems),
        *watching(version),
    ]
    title = f"{number} in {one_line(spec)}"
    return page(title, body, STYLES, "page", policy("watch"))


def _listing(problems: Sequence[Problem]) -> Iterator[Element]:
    """List the file in which the first problem is, what is wrong behind each line."""
    places = [problem for problem in problems if problem.origin and problem.origin.span]
    if not places or places[0].origin is None:
        return
    source = places[0].origin.source
    wrong: dict[int, list[Problem]] = {}
    for problem in places:
        if problem.origin and problem.origin.span and problem.origin.source == source:
            wrong.setdefault(problem.origin.span.line, []).append(problem)
    lines = []
    for at, text in enumerate(source.text.splitlines()):
        notes = (
            Element("span", f"{p.code}: {one_line(p.message)}", class_="note")
            for p in wrong.get(at, ())
        )
        line = Element("code", text or " ")
        lines.append(Element("li", line, *notes, class_="marked" if at in wrong else ""))
    yield Element("h2", Element("bdi", one_line(source.name)))
    yield Element("ol", *lines, class_="listing", tabindex="0")


# -- the server ------------------------------------------------------------------------------------


class PageServer(ThreadingHTTPServer):
    """A server of one page, on the loopback; port 0 is any free one."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would let a second server listen

    def __init__(self, watched: Watched, port: int = 0) -> None:
        self.watched = watched
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that leaves in the middle of an answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def hosts(self) -> tuple[str, ...]:
        """List what may ask: this machine's own names with the port."""
        return tuple(f"{name}:{self.server_port}" for name in _NAMES)


class _Handler(BaseHTTPRequestHandler):
    """Answers for the page and its version, and for nothing else."""

    server: PageServer
    server_version = "shapecalc"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        hosts = self.server.hosts()
        origin = self.headers.get("Origin")
        path = self.path.partition("?")[0]
        if self.headers.get("Host") not in hosts:
            self._send(
                HTTPStatus.FORBIDDEN, "This page is for this machine alone.\n", with_body=with_body
            )
        elif origin is not None and origin not in {f"http://{host}" for host in hosts}:
            self._send(
                HTTPStatus.FORBIDDEN, "No other page may ask for this one.\n", with_body=with_body
            )
        elif path == "/":
            text = self.server.watched.served().text
            self._send(HTTPStatus.OK, text, "text/html", with_body=with_body)
        elif path == "/version":
            self._send(HTTPStatus.OK, self.server.watched.served().version, with_body=with_body)
        else:
            self._send(HTTPStatus.NOT_FOUND, "There is one page: /\n", with_body=with_body)

    def _send(
        self, status: HTTPStatus, text: str, kind: str = "text/plain", *, with_body: bool
    ) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Frame-Options": "DENY",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing of every request."""
