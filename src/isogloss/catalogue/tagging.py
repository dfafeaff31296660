"""Parts of speech and named entities: a tag a token."""

from __future__ import annotations

from isogloss.catalogue.entry import PublicSet, Repository, converted, same
from isogloss.catalogue.rows import Tagged

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM",
    "VERB", "X",
)  # fmt: skip
ENTITIES = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")

UD_NAMES = {
    "af": "Afrikaans", "ar": "Arabic", "bg": "Bulgarian", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "kk": "Kazakh", "ko": "Korean", "mr": "Marathi", "nl": "Dutch", "pt": "Portuguese", "ru": "Russian",
    "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "ur": "Urdu", "vi": "Vietnamese",
    "yo": "Yoruba", "zh": "Chinese",
}  # fmt: skip

WIKIANN = """
ace af als am an ang ar arc arz as ast ay az ba bar bat-smg be be-x-old bg bh bn bo br bs ca cbk-zam cdo ce ceb ckb co
crh cs csb cv cy da de diq dv el eml en eo es et eu ext fa fi fiu-vro fo fr frr fur fy ga gan gd gl gn gu hak he hi hr
hsb hu hy ia id ig ilo io is it ja jbo jv ka kk km kn ko ksh ku ky la lb li lij lmo ln lt lv map-bms mg mhr mi min mk
ml mn mr ms mt mwl my mzn nap nds ne nl nn no nov oc or os pa pdc pl pms pnb ps pt qu rm ro ru rw sa sah scn sco sd sh
si simple sk sl so sq sr su sv sw szl ta te tg th tk tl tr tt ug uk ur uz vec vep vi vls vo wa war wuu xmf yi yo zea zh
zh-classical zh-min-nan zh-yue
"""

MASAKHA = "bam bbj ewe fon hau ibo kin lug luo mos nya pcm sna swa tsn twi wol xho yor zul"

SPLITS = {"train": "train", "dev": "validation", "test": "test"}

SETS = {
    "udpos": PublicSet(
        title="UD-POS (XTREME)",
        task="pos",
        languages=UD_NAMES,
        splits=SPLITS,
        rows=Tagged("pos_tags", UPOS),
        metric="F1 as XTREME computes it (seqeval 0.0.12), accuracy",
        licence="Universal Dependencies 2.5: by treebank, some not for commercial use",
        repository=Repository("google/xtreme", "udpos.{word}"),
        absent={"train": ("th", "tl", "yo"), "dev": ("kk", "th", "tl", "yo")},
        missing="kk has 31 train sentences and no dev; th, tl and yo have test alone. XTREME's own files have no test "
        "labels; the hub's have them.",
    ),
    "wikiann": PublicSet(
        title="WikiANN (PAN-X)",
        task="ner",
        languages=same(WIKIANN),
        splits=SPLITS,
        rows=Tagged("ner_tags", ENTITIES),
        metric="entity F1",
        licence="unknown (the hub's card)",
        repository=Repository("unimelb-nlp/wikiann", "{word}"),
        missing="Labels are silver, from links. Many languages have 100 sentences a split. All have train, dev and "
        "test. XTREME's own files have no test labels; the hub's have them.",
    ),
    "masakhaner": PublicSet(
        title="MasakhaNER 2.0",
        task="ner",
        languages=same(MASAKHA),
        splits=SPLITS,
        rows=Tagged("ner_tags", (*ENTITIES, "B-DATE", "I-DATE")),
        metric="entity F1",
        licence="AFL 3.0 (the hub's card); CC BY-NC 4.0 (its repository)",
        repository=converted("masakhane/masakhaner2", "{word}"),
        missing="DATE is a type that WikiANN does not have: label_map {DATE: O} drops it.",
        unverified=("layout of the converted branch, old or new",),
    ),
    "masakhapos": PublicSet(
        title="MasakhaPOS",
        task="pos",
        languages=same(MASAKHA),
        splits=SPLITS,
        rows=Tagged("upos"),
        metric="accuracy",
        licence="AFL 3.0 (the hub's card); CC BY-NC 4.0 (its repository)",
        repository=converted("masakhane/masakhapos", "{word}"),
        missing="The order of its labels is taken from the files, which must name them.",
        unverified=("whether the hub has converted it", "order of the labels", "names of the splits"),
    ),
}
