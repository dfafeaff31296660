"""How the gradients of several sources meet: taken out of the model, compared, put back as a weighted sum."""

from isogloss.gradients.collect import Row, gram, put_gradients, take_gradients

__all__ = ["Row", "gram", "put_gradients", "take_gradients"]
