"""How the gradients of several sources meet: taken out of the model, compared, put back as a weighted sum."""

from isogloss.gradients.cagrad import CAGrad
from isogloss.gradients.gradnorm import GradNorm
from isogloss.gradients.gradvac import GradVac
from isogloss.gradients.gram_rule import GramRule
from isogloss.gradients.observed import Add, Observed
from isogloss.gradients.pcgrad import PCGrad
from isogloss.gradients.rows import GradientRows
from isogloss.gradients.table import SparseTable, sparse_table

__all__ = [
    "Add",
    "CAGrad",
    "GradNorm",
    "GradVac",
    "GradientRows",
    "GramRule",
    "Observed",
    "PCGrad",
    "SparseTable",
    "sparse_table",
]
