"""Every recipe that comes with the package: it parses at every scale, shows itself, and runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import isogloss
from isogloss.recipe.build.data import build_collection
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import resolve, scales_of, shipped_recipes
from isogloss.recipe.smoke_world import FOLDER
from isogloss.recipe.spec.unfreezing import Fun, Gradual, HeadFirst
from isogloss.start.announce import announcements
from tests.support.site import site_of

RECIPES = list(shipped_recipes())
ON_THE_WORLD = [
    name
    for name in RECIPES
    if all(Path(entry.path).is_relative_to(FOLDER) for entry in resolve(name, scale="smoke").data)
]
FROM_TRANSLATIONS = [
    name
    for name, path in shipped_recipes().items()
    if name.endswith("-x-mixup") or "base: xnli-x-mixup" in path.read_text(encoding="utf-8")
]
SCALES = ("smoke", "small", "paper")


@pytest.mark.parametrize("name", RECIPES)
def test_scales(name: str):
    assert set(scales_of(name)) == set(SCALES)
    first = shipped_recipes()[name].read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert len(first) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("scale", [None, *SCALES])
def test_what_is_shown_is_the_recipe(name: str, scale: str | None, tmp_path: Path):
    shown = isogloss.show(name, scale=scale)
    (tmp_path / "shown.yaml").write_text(shown, encoding="utf-8")
    assert resolve(tmp_path / "shown.yaml") == resolve(name, scale=scale)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("scale", SCALES)
def test_a_recipe_has_a_budget_that_moves_its_weights(name: str, scale: str):
    recipe = resolve(name, scale=scale)
    collections = [build_collection(entry, "data") for entry in recipe.data]
    languages = recipe.train_languages or ("en", "xx")
    sizes = dict.fromkeys(languages, 3000)
    said = announcements(recipe, site_of(recipe, sizes), sizes)
    assert not [line for line in said if line.startswith("warning")]
    assert len({collection.name for collection in collections}) == len(collections)
    assert isinstance(recipe.model, str) == (scale == "paper" or recipe.model == "isogloss-small")


@pytest.mark.parametrize(
    ("name", "learning_rate", "batch_size", "epochs", "schedule", "every"),
    [
        ("squad-qa", (2e-4, 5e-4), 32, (15, 15), "linear", 100),
        ("copa-choice", (1e-4, 1e-5), 64, (500, 5000), "constant", 1000),
        ("mnli-nli", (5e-4, 5e-4), 128, (15, 15), "linear", 800),
    ],
)
def test_settings_of_fun_are_those_of_its_table(
    name: str, learning_rate: tuple[float, float], batch_size: int, epochs: tuple[int, int], schedule: str, every: int
):
    """Liu et al., table 3, XLM-R: with adapters alone, and with layers that open."""
    standard, fun = (resolve(f"{name}-{method}", scale="paper") for method in ("adapters", "fun"))
    for recipe, rate, passes in zip((standard, fun), learning_rate, epochs, strict=True):
        assert (recipe.learning_rate, recipe.batch_size, recipe.epochs) == (rate, batch_size, passes)
        assert (recipe.schedule, recipe.max_grad_norm, recipe.weight_decay) == (schedule, 1.0, 0)
        assert schedule == "constant" or recipe.warmup_steps == 0
        assert recipe.adapters is not None and "en" in recipe.adapters.language and recipe.adapters.at_test == "both"
        assert set(recipe.evaluate_languages or recipe.adapters.language) == set(recipe.adapters.language)
    assert isinstance(fun.unfreezing, Fun) and fun.unfreezing.every == every


@pytest.mark.parametrize(
    ("name", "learning_rate", "batch_size", "epochs", "max_length", "warmup"),
    [
        ("xnli", 5e-6, 64, 4, 128, 0),
        ("pawsx", 5e-6, 64, 4, 128, 0),
        ("pos", 5e-6, 64, 4, 128, 0),
        ("ner", 5e-6, 64, 4, 128, 0),
        ("xquad", 5e-6, 32, 2, 384, 0.1),
        ("mlqa", 5e-6, 32, 2, 384, 0.1),
        ("tydiqa", 3e-5, 32, 4, 384, 0.1),
    ],
)
def test_settings_of_x_mixup_are_those_of_its_code(
    name: str, learning_rate: float, batch_size: int, epochs: float, max_length: int, warmup: float
):
    recipe = resolve(f"{name}-x-mixup", scale="paper")
    assert (recipe.learning_rate, recipe.batch_size, recipe.epochs) == (learning_rate, batch_size, epochs)
    assert (recipe.max_length, recipe.warmup_steps, recipe.weight_decay) == (max_length, warmup, 0)
    assert recipe.model == "FacebookAI/xlm-roberta-large"
    first = recipe.data[0].translations
    assert first.back is not None
    assert first.train is not None or len(recipe.train_languages or ()) > 1, "nothing to pair"
    assert any(entry.translations.test is not None for entry in recipe.data)
    # The tags of translations are a teacher's, all others are copied or found again.
    assert (first.train is not None and first.train.soft_tags) == (recipe.data[0].task in ("pos", "ner"))


@pytest.mark.parametrize(
    ("name", "learning_rate", "batch_size", "epochs", "max_length", "languages"),
    [
        ("xnli", 5e-6, 32, 10, 256, None),
        ("ner", 5e-6, 32, 20, 256, ("de", "en", "es", "nl")),
        ("mlqa", 3e-5, 12, 2, 384, None),
    ],
)
def test_settings_of_xlm_k_are_those_of_its_paper(
    name: str, learning_rate: float, batch_size: int, epochs: int, max_length: int, languages: tuple[str, ...] | None
):
    recipe = resolve(f"{name}-xlm-k", scale="paper")
    assert (recipe.learning_rate, recipe.batch_size, recipe.epochs) == (learning_rate, batch_size, epochs)
    assert (recipe.max_length, recipe.evaluate_languages) == (max_length, languages)
    assert (recipe.warmup_steps, recipe.weight_decay, recipe.max_grad_norm) == (0, 0, 1.0)
    assert (recipe.schedule, recipe.method, recipe.train_languages) == ("linear", "multitask", ("en",))
    assert recipe.selection == "target-dev" and recipe.evaluation_steps is not None
    assert recipe.evaluation_steps * recipe.epochs == 1, "the paper looks at dev data after each pass"
    splits = [entry.splits for entry in recipe.data]
    assert splits == [None] or splits[-1] == {"dev": "dev", "test": "test"}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["squad-qa", "copa-choice", "mnli-nli"])
@pytest.mark.parametrize("method", ["fun", "gradual_unfreezing", "lpft", "random_unfreezing", "reverse_unfreezing"])
def test_any_schedule_goes_over_their_adapters(name: str, scale: str, method: str):
    recipe = resolve(f"{name}-adapters", scale=scale, overrides=[f"method={method}", "unfreezing.every=3"])
    assert recipe.adapters is not None
    assert isinstance(recipe.unfreezing, Fun | Gradual | HeadFirst) and recipe.unfreezing.every == 3


def test_every_method_has_a_recipe():
    assert {resolve(name).method for name in RECIPES} == set(METHODS)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in RECIPES if name not in ON_THE_WORLD])
def test_smoke(name: str, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    smoke(name, tmp_path)


def test_what_learns_from_translations_needs_no_data_at_scale_smoke():
    assert {"xnli-translate-train", "xnli-translate-test", "xnli-filter"} < set(FROM_TRANSLATIONS)
    assert len([name for name in FROM_TRANSLATIONS if name.endswith("-x-mixup")]) == 7
    assert set(FROM_TRANSLATIONS) <= set(ON_THE_WORLD)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder without data, as a fresh clone has none; the first recipe that is run there writes its world."""
    return tmp_path_factory.mktemp("clone")


@pytest.mark.slow
@pytest.mark.parametrize("name", ON_THE_WORLD)
def test_smoke_without_data(name: str, empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(empty)
    smoke(name, tmp_path)
    assert [path.name for path in (empty / "data").iterdir()] == ["smoke-world"]


def _distinct(names: list[str]) -> list[str]:
    """Recipes whose data differ, the first of each."""
    found: dict[str, str] = {}
    for name in names:
        recipe = resolve(name, scale="smoke")
        found.setdefault(repr((recipe.data, recipe.train_languages, recipe.few_shot)), name)
    return list(found.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", _distinct(ON_THE_WORLD))
def test_smoke_data_fit_in_all_languages(name: str, empty: Path, monkeypatch: pytest.MonkeyPatch):
    # Training below is on few languages: a class that another one has and they have not would stop who trains on all.
    monkeypatch.chdir(empty)
    assert not isogloss.validate(name, scale="smoke").problems.errors


def smoke(name: str, tmp_path: Path):
    # One recipe is run as it is; the others, to save time, on fewer sentences and languages and for fewer steps.
    recipe = resolve(name, scale="smoke")
    # Translations are made for the languages that are evaluated.
    languages = [*(recipe.train_languages or ()), *(["de"] if recipe.translate_train else [])]
    # What happens every four steps, as layers open and slow weights follow, happens twice.
    fewer = ["limit=16", "steps=9", f"evaluate_languages={languages or 'null'}"]
    fewer = [] if name == "ud-pos" else fewer
    rows = isogloss.train(name, scale="smoke", overrides=fewer, output=tmp_path / "run")
    assert rows
    assert {row["split"] for row in rows} <= {"dev", "test"}
    assert {row["method"] for row in rows} == {resolve(name).method}
