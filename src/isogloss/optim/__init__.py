"""How the model moves: slow weights around any optimizer, recall of pre-trained weights, and parameter groups."""

from isogloss.optim.groups import parameter_groups
from isogloss.optim.lookahead import Lookahead, carry, evaluation_weights, forget_all, forget_momentum
from isogloss.optim.recadam import Constant, Linear, RecAdam, Sigmoid

__all__ = [
    "Constant",
    "Linear",
    "Lookahead",
    "RecAdam",
    "Sigmoid",
    "carry",
    "evaluation_weights",
    "forget_all",
    "forget_momentum",
    "parameter_groups",
]
