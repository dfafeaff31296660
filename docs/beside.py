"""What the site takes from beside docs/: pages and files that lie elsewhere in the repository, and the links to them.

A hook of MkDocs (mkdocs.yml). Pages keep the links that hold in the repository; here they become those of the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
BESIDE = {
    "README.md": "overview.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "LICENSE",
    "benchmarks/results/README.md": "benchmarks.md",
    "benchmarks/results/onnx.json": "onnx.json",
    "src/isogloss/models/pretrained/isogloss-small/README.md": "isogloss-small.md",
}
"""Files of the repository, and their places in the site."""

LINK = re.compile(r"(?<=\]\()(?![a-z]+:)([^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take them in."""
    for place, page in BESIDE.items():
        files.append(File.generated(config, page, content=(ROOT / place).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """A page with the links of the site."""
    own = page.file.src_uri
    place = next((place for place, there in BESIDE.items() if there == own), f"docs/{own}")

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(place), found[1]))
        there = BESIDE.get(target, target.removeprefix("docs/"))
        return posixpath.relpath(there, posixpath.dirname(own) or ".")

    return LINK.sub(link, markdown)
