"""Encoders that come with the package, so that everything runs without a hub."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json

RECIPE_DEFAULTS = "recipe_defaults"
"""Key of config.json that names the shipped encoder whose defaults suit a model; who writes config.json keeps it."""

DEFAULTS = "defaults.yaml"
"""In the folder of a shipped encoder: what recipes take from it."""

_FOLDER = Path(__file__).parent / "pretrained"


def shipped_models() -> dict[str, Path]:
    """The folders of the encoders that come with the package, by name."""
    return {path.parent.name: path.parent for path in sorted(_FOLDER.glob("*/config.json"))}


def located(source: str | Path) -> str | Path:
    """Where a model's files are: the name of a shipped encoder becomes its folder, all else stays as it is.

    A folder of that name in the current directory goes first, as it does before the hub.
    """
    return source if Path(source).is_dir() else shipped_models().get(str(source), source)


def require_no_misspelling(source: str) -> None:
    """Stop at a name that is nearly that of a shipped encoder, which no hub need be asked for.

    Ids of models on the hub have an owner and a slash, but for a few old ones, which are called otherwise.

    Raises:
        IsoglossError: It is one.
    """
    close = difflib.get_close_matches(source.lower().replace("_", "-"), shipped_models(), cutoff=0.8)
    if close and "/" not in source:
        raise IsoglossError(
            f"no model {source!r}; did you mean {close[0]!r}, which comes with the package? A model on the hub is "
            "OWNER/NAME"
        )


def made_from(source: str | Path) -> str | None:
    """The shipped encoder that a model is, or was made from by training on or by cutting its table; None: none.

    Args:
        source: What a recipe names as its model; the hub is not asked.

    Example:
        >>> made_from("isogloss-small"), made_from("FacebookAI/xlm-roberta-base")
        ('isogloss-small', None)
    """
    name, is_former = _origin(source)
    return None if is_former else name


def made_from_former(source: str | Path) -> str | None:
    """The shipped encoder that a model was made from when another architecture had its name; None: there is none.

    What suits the present one was not measured with such a model.
    """
    name, is_former = _origin(source)
    return name if is_former else None


def _origin(source: str | Path) -> tuple[str | None, bool]:
    """The shipped encoder that a model names as its origin, and whether the present one has other layers."""
    path = Path(located(source)) / "config.json"
    config = read_json(path) if path.is_file() else {}
    folder = shipped_models().get(str(config.get(RECIPE_DEFAULTS)))
    if folder is None:
        return None, False
    own = read_json(folder / "config.json")  # whose table of sub-words may have been cut
    return folder.name, any(config.get(key) != own[key] for key in ("model_type", "num_hidden_layers", "hidden_size"))


def own_defaults(source: str | Path, *, tagging: bool) -> dict[str, Any]:
    """Recipe keys with the values that suit a shipped encoder, which lie with it in ``defaults.yaml``.

    The usual ones are made for large encoders; a small one learns next to nothing with them. What was made from a
    shipped encoder has the same; others have none.

    Args:
        source: What a recipe names as its model.
        tagging: Whether tokens are tagged, so that what is said of tagging holds too.

    Example:
        >>> "learning_rate" in own_defaults("isogloss-small", tagging=False)
        True
        >>> own_defaults("FacebookAI/xlm-roberta-base", tagging=True)
        {}
    """
    name = made_from(source)
    if name is None:
        return {}
    found: dict[str, Any] = yaml.safe_load((shipped_models()[name] / DEFAULTS).read_text(encoding="utf-8"))
    of_tags = found.pop("tagging", {})
    return {**found, **(of_tags if tagging else {})}
