"""Pseudo-tasks in a recipe: how the training data of one language are split."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec

NumberOfParts = Annotated[int, Field(ge=2)]


class KMeans(Spec):
    """Clusters of like examples: k-means over means of the starting model's last layer."""

    kind: Literal["kmeans"] = "kmeans"
    parts: NumberOfParts = Field(4, description="number of clusters")
    components: int = Field(64, ge=1, description="principal components that are looked at, at most")

    @property
    def title(self) -> str:
        """How results name it."""
        return f"kmeans {self.parts}"


class RandomSplit(Spec):
    """Parts of equal size drawn by the seed: the control for any other partition."""

    kind: Literal["random"] = "random"
    parts: NumberOfParts = Field(4, description="number of parts")

    @property
    def title(self) -> str:
        """How results name it."""
        return f"random {self.parts}"


class ByColumn(Spec):
    """A part for each value in the column that data.columns.part names."""

    kind: Literal["column"] = "column"

    @property
    def title(self) -> str:
        """How results name it."""
        return "column"


Partition = Annotated[KMeans | RandomSplit | ByColumn, Field(discriminator="kind")]
