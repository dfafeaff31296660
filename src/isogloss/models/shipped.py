"""Encoders that come with the package, so that everything runs without a hub."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "pretrained"


def shipped_models() -> dict[str, Path]:
    """The folders of the encoders that come with the package, by name."""
    return {path.parent.name: path.parent for path in sorted(_FOLDER.glob("*/config.json"))}


def located(source: str | Path) -> str | Path:
    """Where a model's files are: the name of a shipped encoder becomes its folder, all else stays as it is.

    A folder of that name in the current directory goes first, as it does before the hub.
    """
    return source if Path(source).is_dir() else shipped_models().get(str(source), source)
