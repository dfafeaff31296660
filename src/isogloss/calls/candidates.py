"""Recipes that are to be compared: what they are called, and whether they can be compared at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from isogloss.calls.neighbours import naming_neighbours
from isogloss.calls.planned import RecipeLike, training_languages
from isogloss.common.errors import IsoglossError
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import shipped_recipes
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.sweep import LONGEST, UNSAFE, resolve_sweep
from isogloss.reports.values import text_of

PROTOCOL = {"selection": "selection", "few_shot": "few_shot", "translate_train": "translated", "spacing": "spacing"}
"""Keys of recipes that are part of the protocol, and what they are called where they may differ."""

MOST_SHOWN = 3
"""Files that an error names."""


@dataclass(frozen=True)
class Candidate:
    """A recipe that is compared; one for each combination of swept values.

    Attributes:
        name: What it is called: its label or name, or else that of its file, and its swept values.
        folder: The name of its folder.
        recipe: The recipe.
        origin: The recipe as the user named it.
    """

    name: str
    folder: str
    recipe: Recipe
    origin: RecipeLike

    @property
    def is_single(self) -> bool:
        """Whether it is trained once for each language alone."""
        return METHODS[self.recipe.method].one_run_per_language


def are_recipes(places: Sequence[RecipeLike], *, asked: bool) -> bool:
    """Whether what is to be compared are recipes, and not folders of finished runs.

    Args:
        places: What is to be compared.
        asked: Whether something was asked for that only recipes can do; what is not there is then one of them.

    Raises:
        IsoglossError: Some are recipes and some folders.
    """
    named = [place for place in places if isinstance(place, str | Path)]
    folders = [place for place in named if Path(place).is_dir()]
    are_some = len(named) < len(places) or any(map(_is_recipe, named))
    if are_some and folders:
        raise IsoglossError(
            f"compare: either recipes or folders of finished runs, found the folder {folders[0]} beside a recipe"
        )
    return are_some or (asked and not folders)


def _is_recipe(place: str | Path) -> bool:
    """Whether a name is that of a recipe, or of none that is there."""
    if Path(place).is_dir():
        return False
    return Path(place).is_file() or Path(place).suffix in (".yaml", ".yml") or str(place) in shipped_recipes()


def candidates_of(
    recipes: Sequence[RecipeLike], *, overrides: Iterable[str] = (), scale: str | None = None
) -> list[Candidate]:
    """The recipes by name.

    Args:
        recipes: Paths to YAML, names of shipped recipes, or mappings.
        overrides: Keys that are changed in all of them.
        scale: One of their scales.

    Raises:
        IsoglossError: A recipe cannot be resolved, two have the same name, or one leaves languages out.
    """
    overrides, found = list(overrides), list[Candidate]()
    for origin in recipes:
        for swept, recipe in resolve_sweep(origin, overrides=overrides, scale=scale):
            name = " ".join(part for part in (_name(origin, recipe), swept) if part)
            if recipe.leave_one_out:
                raise IsoglossError(
                    f"{name}: leave_one_out makes runs that are compared on other languages each; train them, and "
                    "`isogloss compare RUNS --left-out` compares them"
                )
            # Not one that is hidden, nor the folder of all or the one above it.
            folder = UNSAFE.sub("-", name).lstrip(".").encode()[:LONGEST].decode(errors="ignore") or "-"
            same = [one.name for one in found if one.folder.casefold() == folder.casefold()]
            if same:
                raise IsoglossError(
                    f"recipes are told apart by their names, but {same[0]!r} and {name!r} would share the folder "
                    f"{folder}; give them a `label`"
                )
            found.append(Candidate(name, folder, recipe, origin))
    return found


def _name(origin: RecipeLike, recipe: Recipe) -> str:
    stem = Path(origin).stem if isinstance(origin, str | Path) else recipe.method
    return recipe.label or recipe.name or stem


def require_alike(candidates: Sequence[Candidate], allow_mixed: Sequence[str] = ()) -> None:
    """Stop, before anything is trained, if recipes differ in what a comparison takes to be the same.

    Args:
        candidates: The recipes.
        allow_mixed: Parts of the protocol in which they may differ, as in `isogloss.compare`.

    Raises:
        IsoglossError: They are of several tasks, or differ in protocol, languages or evaluation data.
    """
    first, *others = candidates
    sets = {one.name: _evaluated(one) for one in candidates}
    languages = {one.name: training_languages(one.recipe) for one in candidates}
    for other in others:
        _require_equal("task", _tasks, first, other)
        for key, name in PROTOCOL.items():
            if name not in allow_mixed:
                hint = f"; --allow-mixed {name} lets them"
                _require_equal(key, partial(_value, key), first, other, hint)
        if "train_languages" not in allow_mixed:
            hint = "; --allow-mixed train_languages lets them"
            _require_equal("train_languages", lambda one: text_of(languages[one.name]), first, other, hint)
        if "data" not in allow_mixed:
            _require_equal("limit", lambda one: one.recipe.limit, first, other)
            _require_equal("test", lambda one: one.recipe.test, first, other)
            _require_same_sets(first, other, sets)


def _value(key: str, candidate: Candidate) -> Any:  # noqa: ANN401 - values of recipes
    return getattr(candidate.recipe, key)


def _tasks(candidate: Candidate) -> str:
    return ", ".join(sorted({entry.task for entry in candidate.recipe.data}))


def _require_equal(
    key: str, value_of: Callable[[Candidate], Any], first: Candidate, other: Candidate, hint: str = ""
) -> None:
    one, another = value_of(first), value_of(other)
    if one != another:
        raise IsoglossError(
            f"recipes are compared on equal terms, but differ in {key}: {one} in {first.name!r}, {another} in "
            f"{other.name!r}{hint}"
        )


def _require_same_sets(first: Candidate, other: Candidate, sets: Mapping[str, Mapping[str, Any]]) -> None:
    one, another = sets[first.name], sets[other.name]
    apart = sorted(key for key in one.keys() | another.keys() if one.get(key) != another.get(key))
    if apart:
        shown = [
            f"{key}: {one.get(key, 'not evaluated')} in {first.name!r}, {another.get(key, 'not evaluated')} in "
            f"{other.name!r}"
            for key in apart[:MOST_SHOWN]
        ]
        more = f" (and {len(apart) - MOST_SHOWN} more)" if len(apart) > MOST_SHOWN else ""
        raise IsoglossError(f"recipes are compared on the same evaluation data, but differ in {'; '.join(shown)}{more}")


def _evaluated(candidate: Candidate) -> dict[str, str]:
    """The evaluation files of a recipe, and how their labels are renamed, by data set, language and split."""
    recipe = candidate.recipe
    with naming_neighbours(candidate.origin, recipe):
        _, collections = build_collections(recipe.data)
        found = {}
        for collection in collections:
            renamed = f", labels renamed {dict(collection.label_map)}" if collection.label_map else ""
            for (language, split), path in collection.files().items():
                if split != "train" and language in (recipe.evaluate_languages or (language,)):
                    found[f"{collection.name} {language} {split}"] = f"{path}{renamed}"
    return found
