"""A model that is probed, what its run says of itself, and what all kinds of probe are told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from transformers import AutoModelForMaskedLM

from isogloss.calls.encoder import open_encoder
from isogloss.calls.required import model_of
from isogloss.common.errors import IsoglossError
from isogloss.data.knowledge import Knowledge
from isogloss.models.extensions import attach, fill_stored, stored_settings
from isogloss.models.extensions.knowledge import HEADS, ProjectionHeads
from isogloss.models.open import Loaded
from isogloss.models.shipped import located
from isogloss.recipe.build.knowledge import build_knowledge
from isogloss.recipe.resolve import is_pretraining, resolve_pretraining
from isogloss.recipe.spec import knowledge as spec
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.run.folder import RunFolder


@dataclass(frozen=True)
class Probed:
    """A model that is probed.

    Attributes:
        model: Run folder, local folder, name of a shipped encoder or id of a model on the hub.
        languages: Languages that are asked for; none: all that there are.
        batch_size: Rows per forward pass.
        seed: Decides which items are taken where there are more than are wanted.
        trust_remote_code: Whether to run Python code that comes with the model.
    """

    model: str | Path
    languages: tuple[str, ...] = ()
    batch_size: int = 32
    seed: int = 0
    trust_remote_code: bool = False

    @cached_property
    def recipe(self) -> Pretraining | None:
        """The recipe of a run of `isogloss pretrain`; None: it is no such run."""
        folder = RunFolder(Path(self.model))
        if not folder.fingerprint.exists() or not is_pretraining(folder.recipe):
            return None
        return resolve_pretraining(folder.recipe)

    def asked(self, corpus: str | None) -> tuple[str, ...]:
        """Languages that are asked for on a corpus, by default on a run's own those of the run; none: all."""
        if self.languages or corpus is not None or self.recipe is None:
            return self.languages
        return self.recipe.languages or ()

    def encoder(self) -> Loaded:
        """The encoder, without a head.

        Raises:
            IsoglossError: There is no such model, or its run has not ended.
        """
        return open_encoder(self.model, trust_remote_code=self.trust_remote_code)

    def heads(self, loaded: Loaded) -> ProjectionHeads | None:
        """The projection heads that stand in the model's folder, attached to it; None: there are none.

        Raises:
            IsoglossError: They are damaged, or of another model.
        """
        folder = Path(located(model_of(self.model)))
        settings = stored_settings(folder, HEADS) if folder.is_dir() else None
        if settings is None:
            return None
        heads = ProjectionHeads(**settings)
        attach(loaded.model, HEADS, heads)
        fill_stored(folder, loaded.model, HEADS)
        return heads.to(loaded.model.device)

    def masked_lm(self) -> Loaded:
        """The model with its masked-LM head.

        Raises:
            IsoglossError: As `encoder`; it has no such head, or its tokenizer no mask.
        """
        loaded = open_encoder(self.model, trust_remote_code=self.trust_remote_code, auto_class=AutoModelForMaskedLM)
        if loaded.fresh:
            raise IsoglossError(
                f"{self.model} has no masked-LM head, or not all of one (it lacks {min(loaded.fresh)!r}), so it cannot "
                "say how likely a sub-word is; entity-retrieval and object-entailment need none"
            )
        if loaded.tokenizer.mask_token_id is None:
            raise IsoglossError(f"{self.model}: its tokenizer has no mask token")
        return loaded

    def knowledge(self, corpus: str | None) -> tuple[str, Knowledge]:
        """The knowledge in a folder, or, if none is named, that of the run; and its name.

        Raises:
            IsoglossError: None is named and the run has none, or there is no such folder.
        """
        recipe = self.recipe
        if corpus is not None:
            return Path(corpus).name or corpus, build_knowledge(spec.Knowledge(corpus=corpus), None)
        if recipe is None or recipe.knowledge is None:
            raise IsoglossError(
                f"corpus: needed, since {self.model} is no run that has learned from one; a folder that `isogloss "
                "corpus` has written, or small-world"
            )
        return Path(recipe.knowledge.corpus).name, build_knowledge(recipe.knowledge, recipe.limit)
