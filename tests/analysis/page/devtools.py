"""A page in a headless Chromium, driven by its own protocol over a pipe: what is done, what is seen."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.output.browser import CHROMIUM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What Chromium is told: no window, no profile of anybody's, no request of its own.
WORDS = (
    "headless no-sandbox disable-gpu no-first-run disable-background-networking disable-sync"
    " disable-component-update remote-debugging-pipe hide-scrollbars"
)
#: The keys that have a code of their own.
CODES = {"Enter": 13, "Escape": 27, "End": 35, "Home": 36, "Tab": 9, " ": 32,
         "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}  # fmt: skip


class Browser:
    """One tab."""

    def __init__(self, sending: int, receiving: int) -> None:
        self._sending, self._receiving = sending, receiving
        self._last, self._session = 0, ""
        self._read = b""
        self.errors: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.requests: list[str] = []

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method of the protocol, and return its result."""
        self._last += 1
        message: dict[str, object] = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._sending, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            part = os.read(self._receiving, 1 << 16)
            assert part, "the browser has ended"
            self._read += part
        text, _, self._read = self._read.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"])[:500])
        elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def open(self, page: Path, place: str = "") -> None:
        """Open a page, and wait until its script has run."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{page.as_uri()}{place}")
        self.wait("document.documentElement.classList.contains('live')")

    def wait(self, condition: str) -> None:
        """Wait until an expression of the page is true."""
        expression = (
            "new Promise((done, late) => { let tries = 0; const look = () =>"
            f" {{ try {{ if ({condition}) return done(true); }} catch {{}}"
            " if (++tries > 400) return late(new Error('too late')); setTimeout(look, 25); }; look(); })"
        )
        for _ in range(20):  # a page that is left takes what waits in it along
            try:
                assert self.do(expression) is True
            except AssertionError as error:
                if "context" not in str(error) and "navigated" not in str(error):
                    raise
            else:
                return
        raise AssertionError(condition)

    def do(self, expression: str) -> Any:
        """Compute an expression in the page."""
        answer = self.call(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            for kind in ("keyDown", "keyUp"):
                self.call(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    code=key,
                    windowsVirtualKeyCode=CODES.get(key, ord(key[0])),
                    **({"text": text} if text and kind == "keyDown" else {}),
                )

    def show(self, width: int, scheme: str = "light", media: str = "") -> None:
        """Set the width of the page, its colours, and whether it is on paper."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", media=media, features=[feature])


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Run Chromium with one tab."""
    assert CHROMIUM is not None
    to_it, sending = os.pipe()
    receiving, from_it = os.pipe()

    def wired() -> None:
        # Chromium reads 3 and writes 4; neither may be the other's while they are set.
        reads, writes = (fcntl.fcntl(end, fcntl.F_DUPFD, 5) for end in (to_it, from_it))
        os.dup2(reads, 3)
        os.dup2(writes, 4)

    process = subprocess.Popen(
        [
            CHROMIUM,
            *(f"--{word}" for word in WORDS.split()),
            f"--user-data-dir={folder / 'profile'}",
            "about:blank",
        ],
        close_fds=False,
        preexec_fn=wired,  # noqa: PLW1509  (no threads here)
        stderr=subprocess.DEVNULL,
    )
    os.close(to_it)
    os.close(from_it)
    try:
        yield Browser(sending, receiving)
    finally:
        process.terminate()
        process.wait(timeout=20)
        os.close(sending)
        os.close(receiving)
