"""A real browser for pages: what it shows of them at several widths, and what it prints."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

HERE = Path(__file__).parent
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
#: What a test of pages in a browser is marked with.
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
#: Pages are measured so many pixels wide.
WIDTHS = (360, 800, 1280)
#: A page's own colour, in the light and in the dark, as `page.css` has it.
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}


def run(page: Path, *options: str, scheme: str = "light") -> str:
    """Open a page without a window, in a profile of its own that asks nobody for anything."""
    assert CHROMIUM is not None
    words = "headless no-sandbox disable-gpu disable-quic no-first-run hide-scrollbars"
    words += " disable-background-networking disable-component-update disable-sync"
    done = subprocess.run(
        [
            CHROMIUM,
            *(f"--{word}" for word in words.split()),
            f"--user-data-dir={page.parent / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
            "--virtual-time-budget=20000",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def browse(page: Path, scheme: str = "light") -> str:
    """Return a page's elements after it was loaded."""
    return run(page, "--dump-dom", scheme=scheme)


def printed(folder: Path, html: str, scheme: str = "light") -> list[str]:
    """Print a page on paper; return the words of every sheet that can be seen on it."""
    from pypdf import PdfReader

    page, pdf = folder / "page.html", folder / "page.pdf"
    page.write_text(html, encoding="utf-8")
    run(page, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", scheme=scheme)
    return [sheet.extract_text() for sheet in PdfReader(pdf).pages]


def measured(folder: Path, scheme: str, made: dict[str, str]) -> dict[str, Any]:
    """Measure pages in frames that run no scripts, at all widths; a name and a width: what is seen."""
    harness = (HERE / "harness.html").read_text(encoding="utf-8")
    data = json.dumps(made).replace("<", "\\u003c")
    page = folder / "harness.html"
    page.write_text(harness.replace("/*PAGES*/ {}", data), encoding="utf-8")
    shown = browse(page, scheme)
    assert "MEASURED" in shown, shown[-500:]
    found: dict[str, Any] = json.loads(
        unescape(shown.rpartition("MEASURED")[2].partition("END</body>")[0])
    )
    assert len(found) == len(WIDTHS) * len(made)
    return found


def problems(found: dict[str, Any], scheme: str) -> list[str]:
    """Say what is wrong with measured pages."""
    said = []
    for name, page in found.items():
        if page["scrolls"] > page["width"] or page["outside"]:
            said.append(f"{name} overflows: {page['scrolls']} {page['outside'][:3]}")
        if page["width"] != int(name.split()[-1]):
            said.append(f"{name} was measured at {page['width']}")
        if page["faintest"][0] < 4.5:  # WCAG 2 AA, for text of any size
            said.append(f"{name} is faint: {page['faintest']}")
        if page["paper"] != PAPER[scheme]:
            said.append(f"{name} is on {page['paper']}")
        if page["requests"]:
            said.append(f"{name} asks for {page['requests']}")
        if page["hidden"]:
            said.append(f"{name} hides {page['hidden']} texts")
    return said


def heads(html: str) -> list[str]:
    """Return the headings of a page's columns, without blanks."""
    found = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html)
    return ["".join(unescape(head).split()) for head in found if head]


def lost(folder: Path, html: str, scheme: str = "light") -> list[str]:
    """Print a page, and return the headings of its columns that are not on paper."""
    words = "".join(normalize("NFKC", "".join(printed(folder, html, scheme))).split())
    return [head for head in heads(html) if head not in words]
