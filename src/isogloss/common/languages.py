"""Languages: code, English name, the scripts they are written in and their family."""

from __future__ import annotations

from dataclasses import dataclass

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.scripts import SCRIPTS, WITHOUT_SPACES


@dataclass(frozen=True, slots=True)
class Language:
    """A language.

    Attributes:
        code: ISO 639-1 code, or ISO 639-3 where there is none.
        name: English name.
        scripts: Scripts of its usual spelling, as the Unicode names of letters begin (``LATIN``, ``CJK``).
        family: Top-level family; for Indo-European, Niger-Congo, Austronesian and Afro-Asiatic the branch too.
    """

    code: str
    name: str
    scripts: tuple[str, ...]
    family: str


# Codes of each language, ours first, then its name and scripts. Benchmarks differ in their codes: MasakhaNER has `swa`,
# SIB-200 `swh_Latn`, XTREME `sw`. Codes with a hyphen are those of Wikipedia, whose first part is another language, or
# the code of a family; its `als` is Alemannic, which is told apart from Albanian by neither code nor script.
_FAMILIES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Indo-European, Germanic": (
        ("af afr", "Afrikaans", "LATIN"),
        ("da dan", "Danish", "LATIN"),
        ("de deu", "German", "LATIN"),
        ("en eng simple", "English", "LATIN"),
        ("fo fao", "Faroese", "LATIN"),
        ("is isl", "Icelandic", "LATIN"),
        ("lb ltz", "Luxembourgish", "LATIN"),
        ("gsw", "Alemannic", "LATIN"),
        ("nds nds-nl", "Low German", "LATIN"),
        ("nl nld", "Dutch", "LATIN"),
        ("nn nno", "Norwegian Nynorsk", "LATIN"),
        ("no nb nob nor", "Norwegian Bokmål", "LATIN"),
        ("sv swe", "Swedish", "LATIN"),
        ("yi yid ydd", "Yiddish", "HEBREW"),
    ),
    "Indo-European, Italic": (
        ("ca cat", "Catalan", "LATIN"),
        ("es spa", "Spanish", "LATIN"),
        ("fr fra", "French", "LATIN"),
        ("gl glg", "Galician", "LATIN"),
        ("it ita", "Italian", "LATIN"),
        ("la lat", "Latin", "LATIN"),
        ("oc oci", "Occitan", "LATIN"),
        ("pt por", "Portuguese", "LATIN"),
        ("ro ron", "Romanian", "LATIN"),
        ("roa-tara", "Tarantino", "LATIN"),
        ("rup roa-rup", "Aromanian", "LATIN"),
    ),
    "Indo-European, Balto-Slavic": (
        ("be bel be-tarask be-x-old", "Belarusian", "CYRILLIC"),
        ("bg bul", "Bulgarian", "CYRILLIC"),
        ("bs bos", "Bosnian", "LATIN CYRILLIC"),
        ("cs ces", "Czech", "LATIN"),
        ("hr hrv", "Croatian", "LATIN"),
        ("lt lit", "Lithuanian", "LATIN"),
        ("lv lav lvs", "Latvian", "LATIN"),
        ("mk mkd", "Macedonian", "CYRILLIC"),
        ("pl pol", "Polish", "LATIN"),
        ("ru rus", "Russian", "CYRILLIC"),
        ("sgs bat-smg", "Samogitian", "LATIN"),
        ("sk slk", "Slovak", "LATIN"),
        ("sl slv", "Slovenian", "LATIN"),
        ("sr srp", "Serbian", "CYRILLIC LATIN"),
        ("uk ukr", "Ukrainian", "CYRILLIC"),
    ),
    "Indo-European, Indo-Iranian": (
        ("as asm", "Assamese", "BENGALI"),
        ("bn ben", "Bengali", "BENGALI"),
        ("fa fas pes prs", "Persian", "ARABIC"),
        ("gu guj", "Gujarati", "GUJARATI"),
        ("hi hin", "Hindi", "DEVANAGARI"),
        ("ku kmr kur", "Northern Kurdish", "LATIN ARABIC"),
        ("mr mar", "Marathi", "DEVANAGARI"),
        ("ne npi nep", "Nepali", "DEVANAGARI"),
        ("or ory ori", "Odia", "ORIYA"),
        ("pa pan", "Punjabi", "GURMUKHI ARABIC"),
        ("ps pbt pus", "Pashto", "ARABIC"),
        ("sa san", "Sanskrit", "DEVANAGARI"),
        ("sd snd", "Sindhi", "ARABIC DEVANAGARI"),
        ("si sin", "Sinhala", "SINHALA"),
        ("tg tgk", "Tajik", "CYRILLIC"),
        ("ur urd", "Urdu", "ARABIC"),
    ),
    "Indo-European, Celtic": (
        ("br bre", "Breton", "LATIN"),
        ("cy cym", "Welsh", "LATIN"),
        ("ga gle", "Irish", "LATIN"),
        ("gd gla", "Scottish Gaelic", "LATIN"),
    ),
    "Indo-European, Hellenic": (("el ell", "Greek", "GREEK"),),
    "Indo-European, Armenian": (("hy hye", "Armenian", "ARMENIAN"),),
    "Indo-European, Albanian": (("sq sqi als", "Albanian", "LATIN"),),
    "Uralic": (
        ("et est ekk", "Estonian", "LATIN"),
        ("fi fin", "Finnish", "LATIN"),
        ("hu hun", "Hungarian", "LATIN"),
        ("vro fiu-vro", "Võro", "LATIN"),
    ),
    "Turkic": (
        ("az aze azj", "Azerbaijani", "LATIN"),
        ("ba bak", "Bashkir", "CYRILLIC"),
        ("kk kaz", "Kazakh", "CYRILLIC"),
        ("ky kir", "Kyrgyz", "CYRILLIC"),
        ("tk tuk", "Turkmen", "LATIN"),
        ("tr tur", "Turkish", "LATIN"),
        ("tt tat", "Tatar", "CYRILLIC"),
        ("ug uig", "Uyghur", "ARABIC"),
        ("uz uzb uzn", "Uzbek", "LATIN CYRILLIC"),
    ),
    "Afro-Asiatic, Semitic": (
        ("am amh", "Amharic", "ETHIOPIC"),
        ("ar ara arb", "Arabic", "ARABIC"),
        ("he heb", "Hebrew", "HEBREW"),
        ("mt mlt", "Maltese", "LATIN"),
        ("ti tir", "Tigrinya", "ETHIOPIC"),
    ),
    "Afro-Asiatic, Chadic": (("ha hau", "Hausa", "LATIN"),),
    "Afro-Asiatic, Cushitic": (
        ("om orm gaz", "Oromo", "LATIN"),
        ("so som", "Somali", "LATIN"),
    ),
    "Niger-Congo, Bantu": (
        ("bbj", "Ghomala", "LATIN"),
        ("lg lug", "Luganda", "LATIN"),
        ("ny nya", "Chichewa", "LATIN"),
        ("rw kin", "Kinyarwanda", "LATIN"),
        ("sn sna", "Shona", "LATIN"),
        ("sw swa swh", "Swahili", "LATIN"),
        ("tn tsn", "Setswana", "LATIN"),
        ("xh xho", "Xhosa", "LATIN"),
        ("zu zul", "Zulu", "LATIN"),
    ),
    "Niger-Congo, Volta-Niger": (
        ("ee ewe", "Ewe", "LATIN"),
        ("fon", "Fon", "LATIN"),
        ("ig ibo", "Igbo", "LATIN"),
        ("yo yor", "Yoruba", "LATIN"),
    ),
    "Niger-Congo, Kwa": (("tw twi", "Twi", "LATIN"),),
    "Niger-Congo, Gur": (("mos", "Mossi", "LATIN"),),
    "Niger-Congo, Atlantic": (("wo wol", "Wolof", "LATIN"),),
    "Mande": (("bm bam", "Bambara", "LATIN"),),
    "Nilo-Saharan": (("luo", "Luo", "LATIN"),),
    "Dravidian": (
        ("kn kan", "Kannada", "KANNADA"),
        ("ml mal", "Malayalam", "MALAYALAM"),
        ("ta tam", "Tamil", "TAMIL"),
        ("te tel", "Telugu", "TELUGU"),
    ),
    "Sino-Tibetan": (
        ("bo bod", "Tibetan", "TIBETAN"),
        ("lzh zh-classical", "Classical Chinese", "CJK"),
        ("my mya", "Burmese", "MYANMAR"),
        ("nan zh-min-nan", "Min Nan", "LATIN CJK"),
        ("yue zh-yue", "Cantonese", "CJK"),
        ("zh zho cmn", "Chinese", "CJK"),
    ),
    "Austroasiatic": (
        ("km khm", "Khmer", "KHMER"),
        ("vi vie", "Vietnamese", "LATIN"),
    ),
    "Kra-Dai": (
        ("lo lao", "Lao", "LAO"),
        ("th tha", "Thai", "THAI"),
    ),
    "Austronesian, Malayo-Polynesian": (
        ("ceb", "Cebuano", "LATIN"),
        ("id ind", "Indonesian", "LATIN"),
        ("jv jav map-bms", "Javanese", "LATIN"),
        ("mg mlg plt", "Malagasy", "LATIN"),
        ("mi mri", "Maori", "LATIN"),
        ("ms msa zsm", "Malay", "LATIN"),
        ("su sun", "Sundanese", "LATIN"),
        ("tl tgl fil", "Tagalog", "LATIN"),
    ),
    "Japonic": (("ja jpn", "Japanese", "HIRAGANA KATAKANA KATAKANA-HIRAGANA CJK"),),
    "Koreanic": (("ko kor", "Korean", "HANGUL CJK"),),
    "Mongolic": (("mn mon khk", "Mongolian", "CYRILLIC"),),
    "Kartvelian": (("ka kat", "Georgian", "GEORGIAN"),),
    "Basque": (("eu eus", "Basque", "LATIN"),),
    "Creole": (
        ("cbk cbk-zam", "Chavacano", "LATIN"),
        ("ht hat", "Haitian Creole", "LATIN"),
        ("pcm", "Nigerian Pidgin", "LATIN"),
    ),
    "Quechuan": (
        ("qu que", "Quechua", "LATIN"),
        ("quy", "Ayacucho Quechua", "LATIN"),
        ("quz", "Cusco Quechua", "LATIN"),
    ),
    "Aymaran": (("aym ay ayr", "Aymara", "LATIN"),),
    "Tupian": (("gn grn gug", "Guarani", "LATIN"),),
    "Uto-Aztecan": (
        ("hch", "Wixarika", "LATIN"),
        ("nah", "Nahuatl", "LATIN"),
        ("tar", "Rarámuri", "LATIN"),
    ),
    "Arawakan": (("cni", "Asháninka", "LATIN"),),
    "Chibchan": (("bzd", "Bribri", "LATIN"),),
    "Oto-Manguean": (("oto", "Otomi", "LATIN"),),
    "Panoan": (("shp", "Shipibo-Konibo", "LATIN"),),
}

_LANGUAGES: dict[str, Language] = {
    code: Language(codes.split()[0], name, tuple(scripts.split()), family)
    for family, rows in _FAMILIES.items()
    for codes, name, scripts in rows
    for code in codes.split()
}
_NAMED = {language.name.casefold(): language for language in reversed(_LANGUAGES.values())}


def find(code: str) -> Language | None:
    """The language of a code, or None if it is not in the table.

    Args:
        code: A code of ISO 639-1 or 639-3, or of Wikipedia (``zh-min-nan``, ``simple``); the longest part that names a
            language counts, and what follows it (``zh-CN``, ``swh_Latn``, ``sr-Cyrl-RS``) is ignored.

    Example:
        >>> find("pt_br").name, find("zh-yue-HK").name
        ('Portuguese', 'Cantonese')
    """
    return _parts(code)[0]


def by_name(name: str) -> Language | None:
    """The language of an English name, in whatever case; None if no language of the table is called so.

    Example:
        >>> by_name("portuguese").code, by_name("Haitian_Creole").code, by_name("pt")
        ('pt', 'ht', None)
    """
    return _NAMED.get(name.replace("_", " ").replace("-", " ").casefold())


def called_by_name(word: str) -> str | None:
    """What to say of a word that is the name of a language where a code is wanted; None where it is a code, or neither.

    Example:
        >>> called_by_name("xhosa")
        "'xhosa' is no language code: Xhosa is xh"
    """
    named = None if find(word) is not None else by_name(word)
    return None if named is None else f"{word!r} is no language code: {named.name} is {named.code}"


def script_subtag(code: str) -> str | None:
    """The script that a code names (``hi-Latn``, ``arb_Latn``, ``zh-Hant-TW``), as a code of ISO 15924; None: none.

    Four letters at the place of a script are one if there is such a script, in whatever case. In lower or upper case
    they may be anything else, such as the name of a treebank (``tr_imst``).

    Raises:
        IsoglossError: The subtag is written like a script, with a capital letter, and there is none of that name.

    Example:
        >>> script_subtag("sr_Cyrl_RS"), script_subtag("tt-cyrl"), script_subtag("tr_imst")
        ('Cyrl', 'Cyrl', None)
    """
    # Between language and script there may be the code of a language within a macrolanguage (zh-yue).
    subtag = next((part for part in _parts(code)[1] if not (len(part) == 3 and part.isalpha())), "")
    if subtag.title() in SCRIPTS:
        return subtag.title()
    if len(subtag) == 4 and subtag.isalpha() and subtag == subtag.title():
        raise IsoglossError(f"language code {code!r}: no script {subtag!r} in ISO 15924{nearest(subtag, SCRIPTS)}")
    return None


def _parts(code: str) -> tuple[Language | None, list[str]]:
    """The language that the longest beginning of a code names, and the subtags that follow it."""
    parts = code.replace("_", "-").split("-")
    for number in range(len(parts), 0, -1):
        language = _LANGUAGES.get("-".join(parts[:number]).lower())
        if language is not None:
            return language, parts[number:]
    return None, parts[1:]


def writes_spaces(code: str) -> bool:
    """Whether the language is written with spaces between words, by its scripts; those of unknown scripts are.

    Example:
        >>> writes_spaces("zh"), writes_spaces("ko"), writes_spaces("zh-Latn")
        (False, True, True)
    """
    language = find(code)
    try:
        subtag = script_subtag(code)
    except IsoglossError:  # no script, which is said where the text is checked
        subtag = None
    scripts = SCRIPTS[subtag] if subtag is not None else () if language is None else language.scripts
    return not scripts or not WITHOUT_SPACES.issuperset(scripts)
