"""`shapecalc page` as a user meets it: one file, several networks, a folder; and what is in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.api import summarize
from shapecalc.cli import main
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

SPEC = "name: Net\ninput: 8x9x2\nlet: {k: 3}\nlayers:\n  - conv: {filters: k, kernel: 3}\n  - dense: 7\n"
#: What would be markup, or end the script, if it were not a text.
NASTY = '</script><script>alert(1)</script><!--<img src=x onerror="alert(2)">&amp;\u202e'


def run(*words: str, text: str | None = None) -> Result:
    return runner().invoke(main, ["page", *words], input=text, catch_exceptions=False)


def data(html: str) -> dict[str, Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', html)
    assert found
    read: dict[str, Any] = json.loads(found[1])
    return read


class Tags(HTMLParser):
    """Gathers the tags of a page, and the texts of its scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script" and data.strip():
            self.scripts.append(data)


def test_one_page_of_one_file(tmp_path: Path) -> None:
    spec, target = tmp_path / "net.yaml", tmp_path / "net.html"
    spec.write_text(SPEC, encoding="utf-8")
    done = run(str(spec), "-o", str(target))
    assert (done.exit_code, done.output) == (0, "")
    html = target.read_text(encoding="utf-8")
    assert '<h1 class="title" id="net0-title"><bdi>Net</bdi></h1>' in html
    assert f"{summarize(spec).totals.params:,}" in html
    assert [size[0] for size in data(html)["networks"][0]["sizes"]] == ["H", "W", "k"]


def test_it_asks_for_nothing_and_runs_its_own_script_alone() -> None:
    html = run("lenet5").stdout
    page = Tags(html)
    outside = [
        value
        for tag, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "srcset", "action", "data") or (name == "href" and tag != "a")
    ]
    assert outside == []
    named = set(re.findall(r"http://[^\s\"']*", html))
    assert named == {"http://www.w3.org/1998/Math/MathML"}  # which nobody asks for
    assert "https://" not in html
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    assert "@import" not in html
    (policy,) = [tag["content"] for name, tag in page.tags if tag.get("http-equiv")]
    _, program = page.scripts
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in (policy or "")
    assert "default-src 'none'" in (policy or "")


def test_several_networks_stand_side_by_side_with_their_totals() -> None:
    html = run("lenet5", "alexnet").stdout
    names = [network["name"] for network in data(html)["networks"]]
    assert names == [summarize(spec).name for spec in ("lenet5", "alexnet")]
    assert html.count("<article") == 2
    assert 'id="together"' in html
    assert html.count('id="all1"') == 1


def test_settings_and_an_input_are_what_it_begins_with() -> None:
    (network,) = data(run("alphago", "--set", "k=64", "--input", "9x9x48").stdout)["networks"]
    assert [(size[0], size[2]) for size in network["sizes"]] == [("H", 9), ("W", 9), ("k", 64)]


def test_names_are_only_text(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    layers = [{"conv": {"name": "c", "filters": 2, "kernel": 3, "note": NASTY}}]
    spec.write_text(
        json.dumps(
            {"name": NASTY, "source": NASTY, "note": NASTY, "input": "8x8x1", "layers": layers}
        ),
        encoding="utf-8",
    )
    html = run(str(spec)).stdout
    page = Tags(html)
    assert sum(tag == "script" for tag, _ in page.tags) == 2
    assert not any(tag == "img" for tag, _ in page.tags)
    assert "<!--" not in html
    assert "\u202e" not in html
    assert "alert(1)" in unescape(html)
    assert data(html)["networks"][0]["name"].startswith("</script><script>alert(1)")


def test_a_folder_of_pages_with_an_index(tmp_path: Path) -> None:
    site = tmp_path / "site"
    done = run("lenet5", "alexnet", "lenet5", "-o", f"{site}/")
    assert (done.exit_code, done.output) == (0, "")
    names = {path.name for path in site.iterdir()}
    assert names == {"index.html", "lenet5.html", "lenet5-2.html", "alexnet.html"}
    index = (site / "index.html").read_text(encoding="utf-8")
    for name in names - {"index.html"}:
        assert f'href="{name}"' in index
        assert 'href="index.html"' in (site / name).read_text(encoding="utf-8")
    assert f"{summarize('alexnet').totals.macs:,}" in index


def test_a_folder_that_is_there_is_written_into(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept", encoding="utf-8")
    assert run("lenet5", "-o", str(tmp_path)).exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"kept.txt", "index.html", "lenet5.html"}


def test_of_networks_of_which_one_is_wrong_nothing_is_written(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("input: 8x8x3\nlayers: [konv: 3]\n", encoding="utf-8")
    done = run("lenet5", str(wrong), "-o", f"{tmp_path}/site/")
    assert done.exit_code == 2
    assert "error[E112]" in done.stderr
    assert not (tmp_path / "site").exists()


def test_a_spec_is_never_written_over(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    done = run(str(spec), "-o", str(spec))
    assert done.exit_code == 2
    assert "error[E007]" in done.stderr
    assert spec.read_text(encoding="utf-8") == SPEC


def test_standard_input_and_output() -> None:
    done = run("-", "-o", "-", text=SPEC)
    assert done.exit_code == 0
    assert data(done.stdout)["networks"][0]["name"] == "Net"


@pytest.mark.parametrize("spec", ["resnet152"])
def test_the_largest_takes_a_few_hundred_kilobytes(spec: str) -> None:
    assert len(run(spec).stdout.encode()) < 600_000
