"""The commands of the guides run one after the other, as a reader gives them, on little data.

Recipes are blocks that begin with their file's name. What is marked `<!-- parsed, not run here: WHY -->` wants what is
not here; `test_docs.py` has the parser read it, with the commands of all other pages.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import isogloss.calls.demo
import isogloss.world
from isogloss.calls.demo import demo
from isogloss.calls.health import hub
from isogloss.calls.train import train
from isogloss.world import write_world
from tests.support.command import Command

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = ("tutorial.md", "own-files.md", "coming-from.md", "scaling.md", "faq.md", "small-models.md")
BLOCK = re.compile(
    r"(?:^<!-- parsed, not run here: (?P<why>.+?) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```", re.M | re.S
)
NAMED = re.compile(r"# (\S+\.yaml)\n")
TINY = {
    "config": {
        "model_type": "modernbert",
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    },
    "vocabulary_size": 400,
}
LITTLE = ("--set", "steps=2", "--set", "evaluation_steps=2", "--set", "report_to=none", "--jobs", "1")
"""What is added to a training command: the last value of an option counts."""


class Block(NamedTuple):
    why: str | None
    kind: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    yield from (
        Block(*found.group("why", "kind", "text")) for found in BLOCK.finditer((DOCS / page).read_text("utf-8"))
    )


def lines(text: str) -> list[list[str]]:
    return [words for line in text.replace("\\\n", " ").splitlines() if (words := shlex.split(line, comments=True))]


@pytest.fixture(scope="module")
def little_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every command that writes the small world gets: writing it takes seconds, and has tests of its own."""
    folder = tmp_path_factory.mktemp("guides") / "world"
    write_world(folder, sentences={"train": 30, "dev": 10, "test": 10}, text=0)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", GUIDES)
def test_guides(page: str, command: Command, little_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for module in (isogloss.world, isogloss.calls.demo):
        monkeypatch.setattr(module, "write_world", lambda folder, **_: shutil.copytree(little_world, folder))
    monkeypatch.setattr(demo, "__kwdefaults__", {"seeds": (0,), "steps": 10})
    monkeypatch.setattr(isogloss.calls.demo, "train", lambda recipe, **rest: train({**recipe, "model": TINY}, **rest))
    monkeypatch.setattr(hub, "hub", list)
    ran = 0
    for block in blocks(page):
        if block.kind == "yaml" and (named := NAMED.match(block.text)):
            recipe = re.sub(r"^model: .*", f"model: {json.dumps(TINY)}", block.text, flags=re.M)
            (tmp_path / named[1]).write_text(recipe, encoding="utf-8")
        for words in lines(block.text) if block.kind == "bash" and block.why is None else ():
            assert words[0] == "isogloss", words
            result = command(*words[1:], *(LITTLE if words[1] == "train" else ()))
            assert result.status == 0, (words, result)
            ran += 1
    assert ran


def test_what_is_not_run_wants_what_is_not_here():
    """Only what starts several processes or machines is left out."""
    left = [words for page in GUIDES for block in blocks(page) if block.why for words in lines(block.text)]
    assert left and all(words[0] in ("torchrun", "accelerate") for words in left), json.dumps(left)
