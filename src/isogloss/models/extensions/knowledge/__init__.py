"""What contrasting texts with descriptions of entities puts beside an encoder: heads, a queue, a copy that lags."""

from isogloss.models.extensions.knowledge.heads import HEADS, ProjectionHeads
from isogloss.models.extensions.knowledge.lagging import LAGGING, LaggingCopy
from isogloss.models.extensions.knowledge.queue import QUEUE, CandidateQueue

__all__ = ["HEADS", "LAGGING", "QUEUE", "CandidateQueue", "LaggingCopy", "ProjectionHeads"]
