"""Bottleneck adapters: small modules beside a frozen encoder, one for a language or a task, stacked and exchanged."""

from __future__ import annotations

from isogloss.models.extensions.adapters.adapter import Adapter
from isogloss.models.extensions.adapters.adapters import Adapters
from isogloss.models.extensions.adapters.bottleneck import Bottleneck
from isogloss.models.extensions.adapters.by_language import Stacks
from isogloss.models.extensions.adapters.configuration import (
    HOULSBY,
    HOULSBY_INV,
    PARALLEL,
    PFEIFFER,
    PFEIFFER_INV,
    AdapterConfig,
)
from isogloss.models.extensions.adapters.hub_files import Read, read_adapter, unshared, write_adapter
from isogloss.models.extensions.adapters.hub_ids import adapter_folder
from isogloss.models.extensions.adapters.invertible import Invertible
from isogloss.models.extensions.adapters.places import FAMILIES, Base, Place, base_of
from isogloss.models.extensions.adapters.sharing import trained_adapters, write_trained_adapters
from isogloss.models.extensions.adapters.stacks import NAME, kept, of_languages

__all__ = [
    "FAMILIES",
    "HOULSBY",
    "HOULSBY_INV",
    "NAME",
    "PARALLEL",
    "PFEIFFER",
    "PFEIFFER_INV",
    "Adapter",
    "AdapterConfig",
    "Adapters",
    "Base",
    "Bottleneck",
    "Invertible",
    "Place",
    "Read",
    "Stacks",
    "adapter_folder",
    "base_of",
    "kept",
    "of_languages",
    "read_adapter",
    "trained_adapters",
    "unshared",
    "write_adapter",
    "write_trained_adapters",
]
