"""The command line, and a world of its own for each test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Command, Result
from tests.support.methods import recipe


@pytest.fixture
def world(own_world: Path) -> Path:
    """A copy: most tests here spoil it, or train in it."""
    return own_world


@pytest.fixture
def train(command: Command, world: Path) -> Command:
    """Train an entry of the table, with changes, into ``world/run``."""

    def run(name: str = "multitask", *arguments: object, **changes: Any) -> Result:
        path = world / "recipe.json"
        path.write_text(json.dumps(recipe(name, world, **{"steps": 2, **changes})), encoding="utf-8")
        where = () if "--output" in arguments else ("--output", world / "run")
        return command("train", path, *where, *arguments)

    return run
