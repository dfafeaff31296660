"""How the model moves: slow weights around any optimizer, and parameter groups."""

from isogloss.optim.groups import parameter_groups
from isogloss.optim.lookahead import Lookahead, carry, evaluation_weights, forget_all, forget_momentum

__all__ = ["Lookahead", "carry", "evaluation_weights", "forget_all", "forget_momentum", "parameter_groups"]
