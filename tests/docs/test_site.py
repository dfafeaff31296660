"""The site of docs/ is built as `make docs` builds it, without a network: every page, and no broken link."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import isogloss
from isogloss.recipe.presets import METHODS

ROOT = Path(__file__).parents[2]
BUILD = """
import socket, sys
socket.socket.connect = socket.getaddrinfo = None
from mkdocs.__main__ import cli
cli(["build", "--quiet", "--site-dir", sys.argv[1]], standalone_mode=False)
assert "torch" not in sys.modules, "the calls are read, not imported"
"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-c", BUILD, str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_there(site: Path):
    pages = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site) for path in site.rglob("*.html")}
    assert {page.with_name("index.html" if page.name == "README.md" else f"{page.stem}.html") for page in pages} < built
    assert (site / "examples/demo-report.html").read_bytes() == (ROOT / "docs/examples/demo-report.html").read_bytes()
    index = (site / "search/search_index.json").read_text("utf-8")
    assert all(method in index for method in METHODS)


def test_nothing_is_asked_of_another_machine(site: Path):
    """Links may lead elsewhere; what a page is made of may not."""
    for page in site.rglob("*.html"):
        asked = re.findall(
            r'<(?:link|script|img|iframe)\b[^>]*\b(?:href|src)="(?:https?:)?//[^"]*', page.read_text("utf-8")
        )
        assert [one for one in asked if 'rel="canonical"' not in one] == [], page
    for sheet in site.rglob("*.css"):
        assert not re.findall(r"(?:@import|url\()[\s\"']*(?:https?:)?//", sheet.read_text("utf-8")), sheet


def test_every_call_has_its_docstring(site: Path):
    page = (site / "api.html").read_text("utf-8")
    assert sorted(re.findall(r'<h3 id="[^"]*">isogloss\.(\w+)<', page)) == sorted(isogloss.__all__)
    assert len(re.findall(r'<div class="doc doc-object', page)) >= len(isogloss.__all__)
