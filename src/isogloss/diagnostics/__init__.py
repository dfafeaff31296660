"""What an encoder knows before any task is trained: sentence retrieval."""

from isogloss.diagnostics.retrieval import layer_vectors, retrieval_accuracy, sentence_vectors

__all__ = ["layer_vectors", "retrieval_accuracy", "sentence_vectors"]
