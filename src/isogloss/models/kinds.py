"""The extensions that a finished run's model may need, by kind."""

from __future__ import annotations

from isogloss.models.extensions import Kind
from isogloss.models.extensions.adapters import Adapters
from isogloss.models.extensions.fusion import Fusion
from isogloss.models.extensions.lora import Lora
from isogloss.models.extensions.mixing import Mixing

KINDS: dict[str, Kind] = {
    Adapters.kind: Adapters,
    Lora.kind: lambda model, settings: Lora(model, **settings),
    Mixing.kind: Mixing.restored,
    Fusion.kind: Fusion.restored,
}
