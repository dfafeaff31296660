"""Modules of a method, such as a head or an adapter, in a model or beside it: attached under a name, saved, loaded."""

from __future__ import annotations

from isogloss.models.extensions.attaching import Extension, attach, extensions_of, plain
from isogloss.models.extensions.masked_head import MaskedHead
from isogloss.models.extensions.stored import (
    Kind,
    attach_stored,
    fill_stored,
    load_extensions,
    save_extensions,
    stored_settings,
)

__all__ = [
    "Extension",
    "Kind",
    "MaskedHead",
    "attach",
    "attach_stored",
    "extensions_of",
    "fill_stored",
    "load_extensions",
    "plain",
    "save_extensions",
    "stored_settings",
]
