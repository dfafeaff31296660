"""What happens inside a model: functions for a notebook, and probes that call them in a run.

Conflicts of gradients, forgetting, flatness, traces of the Fisher matrix, likeness of representations, sentence
retrieval; see ``docs/diagnostics.md``.
"""

from isogloss.diagnostics.conflicts import Conflicts, conflicts, cosines
from isogloss.diagnostics.fisher import Fisher, Traces
from isogloss.diagnostics.flatness import Flatness, flatness
from isogloss.diagnostics.forgetting import Forgotten, distances, forgetting, load_start
from isogloss.diagnostics.representations import linear_cka, similarities
from isogloss.diagnostics.retrieval import layer_vectors, retrieval_accuracy, sentence_vectors
from isogloss.models.parts import parts_of, whole_and_parts

__all__ = [
    "Conflicts",
    "Fisher",
    "Flatness",
    "Forgotten",
    "Traces",
    "conflicts",
    "cosines",
    "distances",
    "flatness",
    "forgetting",
    "layer_vectors",
    "linear_cka",
    "load_start",
    "parts_of",
    "retrieval_accuracy",
    "sentence_vectors",
    "similarities",
    "whole_and_parts",
]
