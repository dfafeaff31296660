"""The rooms of docs/architecture.md are those of the code, and what stands higher imports what stands lower."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "isogloss"
NO_CODE = {"recipes"}
"""Folders that hold data."""


def rooms() -> list[str]:
    """The rooms in the order of the page, from the street to the ground."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page[page.index("## Rooms") :].split("\n## ")[0]
    return [name.rstrip("/").removesuffix(".py") for name in re.findall(r"^\| `([\w.]+/?)` \|", table, re.M)]


def test_the_page_lists_every_room() -> None:
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    files = {path.stem for path in SOURCE.glob("*.py")} - {"__init__", "__main__"}
    assert sorted(rooms()) == sorted(folders | files)


def test_imports_run_downward_only() -> None:
    order = {name: place for place, name in enumerate(rooms())}
    upward = []
    for path in SOURCE.rglob("*.py"):
        own = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if own in order and isinstance(node, ast.ImportFrom) and (node.module or "").startswith("isogloss."):
                other = str(node.module).split(".")[1]
                if order[other] < order[own]:
                    upward.append(f"{path.relative_to(SOURCE)} imports {node.module}")
    assert not upward


def test_spec_and_build_have_the_same_names() -> None:
    """A part of a recipe is specified and built in files of one name; the few without a partner are these."""
    spec, build = ({path.stem for path in (SOURCE / "recipe" / room).glob("*.py")} for room in ("spec", "build"))
    assert build - spec == {"second", "site"}
    assert spec - build == {"base", "recipe", "pretraining"}
