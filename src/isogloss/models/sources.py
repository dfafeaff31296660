"""What a user names as a model: looked at before anything is imported that could open it."""

from __future__ import annotations

import re
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.models.shipped import located, require_no_misspelling

_HUB_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
"""Some old ids have no owner."""


def require_source(source: str | Path, key: str = "model") -> None:
    """Stop at what can be no model: neither a folder that is there nor an id of the hub, which is not asked.

    Args:
        source: Folder, name of a shipped encoder, or hub id.
        key: What the user calls it.

    Raises:
        IsoglossError: It is none, the folder of a run, or nearly the name of an encoder that comes with the package.

    Example:
        >>> require_source("FacebookAI/xlm-roberta-base")
        >>> require_source("./none")
        Traceback (most recent call last):
        isogloss.common.errors.IsoglossError: model './none': no such folder, and no id of the hub, which is OWNER/NAME
    """
    folder = Path(located(source))
    if folder.is_dir():
        inner = folder / "model"
        if not (folder / "config.json").is_file() and (inner / "config.json").is_file():
            raise IsoglossError(
                f"{key} {str(source)!r}: the folder of a run, whose model is in it; name {str(inner)!r} instead"
            )
        return
    require_no_misspelling(str(source))
    if not _HUB_ID.fullmatch(str(source)):
        raise IsoglossError(f"{key} {str(source)!r}: no such folder, and no id of the hub, which is OWNER/NAME")
