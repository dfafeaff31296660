"""The documentation says what is true: tables, links, commands, recipes and code in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from jsonschema import Draft202012Validator
from typer.core import TyperGroup

from isogloss.cli import app
from isogloss.recipe.json_schema import pretraining_schema, training_schema
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import resolve, resolve_pretraining, scales_of, shipped_pretraining, shipped_recipes
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.recipe import Recipe
from tests.docs import reference

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
DATA = {"task": "pos", "format": "conllu", "path": "{language}/{split}.conllu"}
OWN_FILES = re.compile(r"own\.yaml|runs/[\w/-]+/recipe\.yaml")
"""Recipes that the text tells the reader to write, and those of finished runs."""


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """The fenced blocks of a language: where, and the text."""
    for page in PAGES:
        for number, found in enumerate(re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)):
            yield f"{page.relative_to(ROOT)} {number}", found


def commands() -> Iterator[list[str]]:
    for _, text in blocks("bash"):
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if "isogloss" in words:
                yield words[words.index("isogloss") + 1 :]


def test_the_tables_are_those_of_the_schema():
    for path, tables in reference.tables().items():
        page = path.read_text("utf-8")
        assert page == reference.written(page, tables), "python -m tests.docs.reference makes the tables anew"
        assert set(re.findall("<!-- table: (.*?) -->", page)) == set(tables)


def test_every_key_is_in_a_table_and_means_something():
    keys = [key for group in reference.KEYS.values() for key in group]
    assert sorted(keys) == sorted(Recipe.model_fields)
    keys = [key for group in reference.PRETRAINING_KEYS.values() for key in group]
    assert sorted(keys) == sorted(Pretraining.model_fields)
    described = [name for tables in reference.tables().values() for name in tables if name in reference.parts()]
    assert sorted(described) == sorted(reference.parts())
    for spec in (Recipe, Pretraining, *reference.parts().values()):
        for key in spec.model_fields:
            assert reference.meaning(spec, key), f"{spec.__name__}.{key} has no description"


@pytest.mark.parametrize(("where", "text"), [pytest.param(*block, id=block[0]) for block in blocks("yaml")])
def test_recipes_resolve(where: str, text: str):
    recipe = yaml.safe_load(text)
    pretrains = "text" in recipe and "method" not in recipe
    schema = pretraining_schema() if pretrains else training_schema()
    assert [error.json_path for error in Draft202012Validator(schema).iter_errors(recipe)] == []
    if pretrains:
        resolve_pretraining(recipe)
        return
    budget = {} if "steps" in recipe or "epochs" in recipe else {"steps": 2000}
    resolve({"model": "some/encoder", "data": [DATA], **budget, **recipe})


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_commands_are_understood(words: list[str]):
    command, rest = typer.main.get_command(app), list(words)
    while isinstance(command, TyperGroup):
        command = command.commands[rest.pop(0)]
    context = command.make_context(" ".join(words), rest)
    recipe = context.params.get("recipe")
    if recipe in shipped_pretraining():
        path = shipped_pretraining()[recipe]
        assert context.params["scale"] in (None, *scales_of(path))
        resolve_pretraining(recipe, scale=context.params["scale"], overrides=context.params["overrides"] or ())
    elif recipe in shipped_recipes():
        assert context.params["scale"] in (None, *scales_of(recipe))
        resolve(recipe, scale=context.params["scale"], overrides=context.params["overrides"] or ())
    else:
        named = {found[1] for _, text in blocks("yaml") if (found := re.match(r"# (\S+\.yaml)\n", text))}
        assert recipe in {None, "RECIPE", *named} or OWN_FILES.fullmatch(recipe) or (ROOT / recipe).is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists() or there.parent == ROOT / "docs" / "results", f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.M)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{page.name}: {target}"


def test_every_method_has_a_card():
    index = (ROOT / "docs" / "methods" / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", index, re.M)) == set(METHODS)


def test_the_face_is_short_and_its_figures_are_those_of_the_page():
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 150
    page = (ROOT / "docs" / "results" / "unfreezing.md").read_text("utf-8")
    measured = {tuple(row[1:2] + row[3:5] + row[5:6] + row[7:8]) for row in rows_of(page) if row[0] == "targets"}
    told = [tuple(row) for row in rows_of(text) if " − " in row[0]]
    assert told and set(told) <= measured


def rows_of(page: str) -> list[list[str]]:
    """The cells of all rows of Markdown tables."""
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in page.splitlines() if line[:1] == "|"]


def test_the_index_names_every_page():
    folder = ROOT / "docs"
    linked = re.findall(r"\]\(([\w/-]+\.md)", (folder / "README.md").read_text("utf-8"))
    pages = {path.name for path in folder.glob("*.md")} - {"README.md"}
    assert pages | {"methods/README.md", "results/README.md"} <= set(linked)
    results = (folder / "results" / "README.md").read_text("utf-8")
    assert all(f"]({path.name})" in results for path in (folder / "results").glob("*.md") if path.name != "README.md")


@pytest.mark.slow
def test_the_quick_start_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    (text,) = [text for where, text in blocks("python") if where.startswith("README.md ")]
    assert len(text.splitlines()) <= 15
    monkeypatch.chdir(tmp_path)
    exec(text, {})
    printed = capsys.readouterr().out
    assert "accuracy" in printed and "scored 32 sentences" in printed and "entailment" in printed
