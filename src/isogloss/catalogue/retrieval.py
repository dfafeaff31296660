"""Sentences to be found again by their translations."""

from __future__ import annotations

from isogloss.catalogue.entry import PublicSet, Repository
from isogloss.catalogue.rows import Translations

TATOEBA = {
    "af": "afr", "ar": "ara", "bg": "bul", "bn": "ben", "de": "deu", "el": "ell", "es": "spa", "et": "est", "eu": "eus",
    "fa": "pes", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hu": "hun", "id": "ind", "it": "ita", "ja": "jpn",
    "jv": "jav", "ka": "kat", "kk": "kaz", "ko": "kor", "ml": "mal", "mr": "mar", "nl": "nld", "pt": "por", "ru": "rus",
    "sw": "swh", "ta": "tam", "te": "tel", "th": "tha", "tl": "tgl", "tr": "tur", "ur": "urd", "vi": "vie", "zh": "cmn",
}  # fmt: skip

SETS = {
    "tatoeba": PublicSet(
        title="Tatoeba (XTREME)",
        task="retrieval",
        languages=TATOEBA,
        splits={"test": "validation"},
        rows=Translations(),
        metric="accuracy of retrieval",
        licence="CC BY 2.0 FR",
        repository=Repository("google/xtreme", "tatoeba.{word}"),
        missing="Nothing to train on. Its only split is a test split, which the hub calls validation. Some languages "
        "have fewer than 1,000 pairs (te 234, ta 307). XTREME's own files have the English side in another order.",
        unverified=("names of the columns on the hub",),
    ),
}
