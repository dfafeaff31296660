"""Encoders that come with the package, so that everything runs without a hub."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml

from isogloss.common.errors import IsoglossError

_FOLDER = Path(__file__).parent / "pretrained"
_DEFAULTS = "defaults.yaml"


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


def own_defaults(source: str | Path, *, tagging: bool) -> dict[str, Any]:
    """Recipe keys with the values that suit a shipped encoder, which lie with it in ``defaults.yaml``.

    The usual ones are made for large encoders; a small one learns next to nothing with them. Others have none.

    Args:
        source: What a recipe names as its model.
        tagging: Whether tokens are tagged, so that what is said of tagging holds too.

    Example:
        >>> own_defaults("isogloss-small", tagging=False)
        {'learning_rate': 0.001, 'unfreezing': {'kind': 'all_but_embeddings'}}
        >>> own_defaults("FacebookAI/xlm-roberta-base", tagging=True)
        {}
    """
    folder = Path(located(source))
    if folder not in shipped_models().values() or not (folder / _DEFAULTS).is_file():
        return {}
    found: dict[str, Any] = yaml.safe_load((folder / _DEFAULTS).read_text(encoding="utf-8"))
    of_tags = found.pop("tagging", {})
    return {**found, **(of_tags if tagging else {})}
