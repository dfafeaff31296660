"""From YAML, overrides and a scale to one checked recipe.

Order, later wins: the encoder's own defaults, the method's preset, the recipe's ``base``, the recipe, its scale,
``--set`` overrides. A part with a ``kind`` is merged key by key with a part of the same kind and replaced by one of
another. A layer that sets a key takes it out of the ``sweep`` of those before it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.several import several
from isogloss.recipe import former
from isogloss.recipe.encoder_defaults import with_encoder_defaults
from isogloss.recipe.explain import explain
from isogloss.recipe.layers import beneath, merge, put, without_other_budget
from isogloss.recipe.lists import takes_list
from isogloss.recipe.loading import FIELD, LABEL_MAP, load_yaml, not_yaml
from isogloss.recipe.overrides import Typed, blamed, said
from isogloss.recipe.presets import METHODS
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.recipe import Recipe

SHIPPED = Path(__file__).parent.parent / "recipes"
FIRST = ("name", "method", "model", "tokenizer", "data", "text", "sources", "train_languages", "evaluate_languages")
"""What a reader of a stored recipe looks for first."""


def resolve(
    recipe: Recipe | Mapping[str, Any] | str | Path, *, overrides: Iterable[str] = (), scale: str | None = None
) -> Recipe:
    """A recipe with every default filled in.

    Args:
        recipe: A path to YAML, the name of a shipped recipe, a mapping, or a resolved recipe.
        overrides: ``"a.b=c"`` each, c read as YAML; a number steps into a list.
        scale: Name of one of the recipe's ``scales``.

    Raises:
        IsoglossError: No such file, bad YAML, an unknown key, name or scale, or a bad value; the message names the
            nearest valid ones.
    """
    changes = [_as_sweep(override) for override in several(overrides)]
    raw, origin = _layers(recipe, shipped_recipes(), changes, scale, former.TRAINING)
    raw = _with_first_of_sweep(raw)
    method = raw.setdefault("method", "multitask")
    if not isinstance(method, str) or method not in METHODS:
        who = blamed("method", origin, changes)
        raise IsoglossError(f"{who}: method: no method {method!r}{nearest(str(method), METHODS)}")
    try:
        return with_encoder_defaults(merge(METHODS[method].answers, raw))
    except ValidationError as error:
        raise IsoglossError(explain(error, origin, overrides=changes)) from None


def resolve_pretraining(
    recipe: Pretraining | Mapping[str, Any] | str | Path, *, overrides: Iterable[str] = (), scale: str | None = None
) -> Pretraining:
    """The same for a recipe of `isogloss pretrain`.

    Raises:
        IsoglossError: As `resolve`.
    """
    changes = several(overrides)
    raw, origin = _layers(recipe, shipped_pretraining(), changes, scale, former.PRETRAINING)
    try:
        return Pretraining.model_validate(raw)
    except ValidationError as error:
        raise IsoglossError(explain(error, origin, Pretraining, changes)) from None


def is_pretraining(recipe: Mapping[str, Any] | str | Path) -> bool:
    """Whether a recipe is one of `isogloss pretrain`: it has text or knowledge to learn from, and no labelled data."""
    raw = _on_base(*_read(recipe))
    return bool({"text", "knowledge"} & raw.keys()) and "data" not in raw


def _layers(
    recipe: BaseModel | Mapping[str, Any] | str | Path,
    shipped: Mapping[str, Path],
    overrides: Iterable[str],
    scale: str | None,
    changes: Mapping[str, Callable[[former.Raw], former.Raw]],
) -> tuple[dict[str, Any], str]:
    """The keys of a recipe with base, scale and overrides in it, former keys changed, and where it comes from."""
    if isinstance(recipe, BaseModel):
        recipe = recipe.model_dump(mode="json")

    def today(raw: dict[str, Any], origin: str) -> dict[str, Any]:
        # Layer by layer: a former key must not win over today's key in a layer above it.
        raw, hints = former.modern(raw, changes)
        for hint in hints:
            print(f"{origin}: {hint}", file=sys.stderr)
        return raw

    raw, origin = _read(recipe, shipped)
    raw = _on_base(raw, origin, today)
    for key in ("data", "text", "sources", "penalties"):
        if isinstance(raw.get(key), Mapping):
            raw[key] = [raw[key]]
    scales = _scales(raw.pop("scales", None), origin)
    if scale is not None:
        if scale not in scales:
            raise IsoglossError(f"{origin}: no scale {scale!r}{nearest(scale, scales)}")
        raw = today(merge(beneath(raw, scales[scale]), scales[scale]), origin)
    for override in overrides:
        raw = today(_set(raw, override), said(override))
    return raw, origin


def shipped_recipes() -> dict[str, Path]:
    """The recipes of `isogloss train` that come with the package, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}


def shipped_pretraining() -> dict[str, Path]:
    """The recipes of `isogloss pretrain` that come with the package, by name."""
    return {path.stem: path for path in sorted((SHIPPED / "pretraining").glob("*.yaml"))}


def scales_of(recipe: str | Path) -> list[str]:
    """The names of the scales that a recipe, or its base, has."""
    return list(_on_base(*_read(recipe)).get("scales", {}))


def as_yaml(recipe: BaseModel) -> str:
    """The recipe as YAML that resolves to the same recipe."""
    values = recipe.model_dump(mode="json")
    first = {key: values[key] for key in FIRST if key in values}
    return yaml.safe_dump({**first, **values}, sort_keys=False, allow_unicode=True, width=120)


def _read(
    recipe: Mapping[str, Any] | str | Path, shipped: Mapping[str, Path] | None = None
) -> tuple[dict[str, Any], str]:
    if isinstance(recipe, Mapping):
        return dict(recipe), "recipe"
    path = Path(recipe)
    known = shipped_recipes() | shipped_pretraining() if shipped is None else shipped
    if not path.exists():
        path = known.get(str(recipe), path)
    try:
        raw = load_yaml(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        neighbours = [str(other) for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise IsoglossError(f"no recipe {str(recipe)!r}{nearest(str(recipe), [*known, *neighbours])}") from None
    except yaml.YAMLError as error:
        raise IsoglossError(f"{path}: {not_yaml(path.read_text(encoding='utf-8'), error)}") from None
    except UnicodeDecodeError as error:
        raise IsoglossError(f"{path}: not YAML: {error}") from None
    except OSError as error:
        raise IsoglossError(f"{path}: cannot be read: {error.strerror}") from None
    if not isinstance(raw, dict):
        raise IsoglossError(f"{path}: a recipe is a mapping of keys, found {type(raw).__name__}")
    return raw, str(path)


def _scales(value: Any, origin: str) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - raw YAML
    scales = value or {}
    if not isinstance(scales, dict) or not all(isinstance(changes, dict | None) for changes in scales.values()):
        raise IsoglossError(f"{origin}: scales: a mapping of names to keys that change, found {value!r}")
    return {str(name): changes or {} for name, changes in scales.items()}


def _as_it_is(raw: dict[str, Any], origin: str) -> dict[str, Any]:
    return raw


def _on_base(
    raw: dict[str, Any],
    origin: str,
    today: Callable[[dict[str, Any], str], dict[str, Any]] = _as_it_is,
    above: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A recipe on top of the one that its ``base`` names, if any; ``today`` writes each of them in today's keys."""
    name = raw.pop("base", None)
    if name is None:
        return today(raw, origin)
    try:
        if str(name) in above:
            raise IsoglossError(f"{' is on '.join((*above, str(name)))}: a recipe cannot stand on itself")
        below = _on_base(*_read(str(name)), today, (*above, str(name)))
    except IsoglossError as error:
        raise IsoglossError(f"{origin}: base: {error}") from None
    return today(merge(beneath(below, raw), raw), origin)


def _set(raw: dict[str, Any], override: str) -> dict[str, Any]:
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise IsoglossError(f"--set takes KEY=VALUE such as optimizer.betas=[0.9,0.98], found {override!r}")
    try:
        # A path that begins with a brace is no mapping.
        value = text if FIELD.match(text) else load_yaml(text, path)
    except yaml.YAMLError as error:
        raise IsoglossError(f"{said(override)}: the value is {not_yaml(text, error)}") from None
    keys = path.split(".")
    if isinstance(value, str) and LABEL_MAP not in keys:
        value = _number(value)
    who = said(override)
    return dict(put(beneath(raw, put(None, keys, value, who)), keys, value, who))


def _as_sweep(override: str) -> str:
    """A list where a key takes none is a sweep over its values."""
    path, _, text = override.partition("=")
    if not text.lstrip().startswith("[") or takes_list(path):
        return override
    try:
        value = load_yaml(text, path)
    except yaml.YAMLError:
        return override  # refused with the others
    values = [_number(one) if isinstance(one, str) else one for one in value]
    written = json.dumps({path: values}, ensure_ascii=False)  # YAML reads an escaped emoji as two characters
    return Typed(f"sweep={written}", said(override), path)


def _with_first_of_sweep(raw: dict[str, Any]) -> dict[str, Any]:
    """The recipe with the first of all values that are swept, so that what is swept need not stand beside it."""
    sweep = raw.get("sweep")
    for path, values in sweep.items() if isinstance(sweep, Mapping) else ():
        if isinstance(values, list) and values:
            keys = str(path).split(".")
            raw = put(without_other_budget(raw, {keys[0]: values[0]}), keys, values[0], f"sweep.{path}")
    return raw


def _number(text: str) -> Any:  # noqa: ANN401 - raw YAML
    """YAML 1.1 reads 3e-5 as text; users mean the number."""
    try:
        return float(text)
    except ValueError:
        return text
