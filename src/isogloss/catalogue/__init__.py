"""The public data sets: what each is, where it lies on the hub, and how a local copy is made."""

from isogloss.catalogue import choices, inference, questions, retrieval, tagging, topics
from isogloss.catalogue.entry import PublicSet, Repository

SETS: dict[str, PublicSet] = {
    **tagging.SETS,
    **inference.SETS,
    **topics.SETS,
    **questions.SETS,
    **choices.SETS,
    **retrieval.SETS,
}
"""Every set by our name."""

__all__ = ["SETS", "PublicSet", "Repository"]
