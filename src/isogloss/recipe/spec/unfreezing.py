"""The typed answers to: what may move?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec


class Everything(Spec):
    """All parameters move from the first step."""

    kind: Literal["everything"] = "everything"


class AllButEmbeddings(Spec):
    """The embeddings of sub-words, and an output layer tied to them, stay as they are; all else moves."""

    kind: Literal["all_but_embeddings"] = "all_but_embeddings"


Unfreezing = Annotated[Everything | AllButEmbeddings, Field(discriminator="kind")]
