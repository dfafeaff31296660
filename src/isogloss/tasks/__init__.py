"""What is to be predicted: how examples become model inputs, and how outputs become predictions and scores.

torch and transformers are imported where a batch or a model is made: they take seconds, and who only counts what
predictions got right, as `isogloss report` does, needs neither.
"""

from __future__ import annotations

from isogloss.tasks.choice import MultipleChoice
from isogloss.tasks.classification import Classification
from isogloss.tasks.spans import Spans
from isogloss.tasks.tag_scores import TagScorer, entity_scores, token_scores
from isogloss.tasks.tagging import Tagging, named_entities, part_of_speech
from isogloss.tasks.task import Encoded, Task

__all__ = [
    "Classification",
    "Encoded",
    "MultipleChoice",
    "Spans",
    "TagScorer",
    "Tagging",
    "Task",
    "entity_scores",
    "named_entities",
    "part_of_speech",
    "token_scores",
]
