"""Data sets on disk: formats, collections of files, and what is wrong with them.

The reader of Parquet is in `isogloss.data.parquet` alone, since pyarrow is behind it, which the others do not need.
"""

from isogloss.data.choice_lines import ChoiceLines
from isogloss.data.collection import Collection
from isogloss.data.conll import TokenTag
from isogloss.data.conllu import ConllU
from isogloss.data.delimiters import COMMA, TAB, Quoted, Unquoted
from isogloss.data.formats import Format
from isogloss.data.json_lines import JsonLines
from isogloss.data.problems import Problem, Problems
from isogloss.data.squad import Squad
from isogloss.data.tables import Table
from isogloss.data.validate import check_collection_language, unseen_labels, validate_collections

__all__ = [
    "COMMA",
    "TAB",
    "ChoiceLines",
    "Collection",
    "ConllU",
    "Format",
    "JsonLines",
    "Problem",
    "Problems",
    "Quoted",
    "Squad",
    "Table",
    "TokenTag",
    "Unquoted",
    "check_collection_language",
    "unseen_labels",
    "validate_collections",
]
