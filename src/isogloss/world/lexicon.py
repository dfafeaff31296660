"""A language as its YAML file has it: word lists, function words and rules, checked once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from isogloss.common.errors import IsoglossError, nearest
from isogloss.world.facts import World, the_world
from isogloss.world.rules import Rule, Slot, compile_rule, slots_of

UPOS = frozenset(
    "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()  # noqa: SIM905
)

# What the realiser puts into the scope of a rule, beside the roles of the frames.
SCOPE = frozenset({"verb", "adverb", "state", "quality", "head", "adj", "first", "second", "relative"})

Form = tuple[tuple[str, str], ...]
"""Words with their tags."""


@dataclass(slots=True)
class Word:
    """A word and its forms.

    Attributes:
        name: Where it stands in the file, for messages.
        forms: Form by the features that it needs.
        features: What it is by itself: gender, class and the like.
        chosen: The forms already chosen, by the features asked for.
    """

    name: str
    forms: Mapping[frozenset[str], Form]
    features: frozenset[str]
    chosen: dict[frozenset[str], Form]

    def form(self, features: frozenset[str]) -> Form:
        """The form that needs most features, all of which are there; of several the last.

        Raises:
            IsoglossError: No form fits.
        """
        found = self.chosen.get(features)
        if found is None:
            fitting = [key for key in self.forms if key <= features]
            if not fitting:
                known = " | ".join(" ".join(sorted(key)) for key in self.forms)
                raise IsoglossError(f"{self.name}: no form for {' '.join(sorted(features))} (forms: {known})")
            most = max(len(key) for key in fitting)
            found = self.chosen[features] = self.forms[[key for key in fitting if len(key) == most][-1]]
        return found


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language.

    Attributes:
        code: ISO 639-1.
        spaces: Whether it writes spaces between words.
        capital: How the first letter of a sentence is written large; None where it is not.
        attach_left: Words without a space before them.
        attach_right: Ends of words without a space after them.
        lexicon: Word by concept.
        words: Function words.
        rules: Rules.
    """

    code: str
    spaces: bool
    capital: Mapping[str, str] | None
    attach_left: frozenset[str]
    attach_right: tuple[str, ...]
    lexicon: Mapping[str, Word]
    words: Mapping[str, Word]
    rules: Mapping[str, Rule]


@cache
def language_codes() -> tuple[str, ...]:
    """The codes of all languages that the world is told in."""
    folder = resources.files("isogloss.world").joinpath("languages")
    return tuple(sorted(path.name.removesuffix(".yaml") for path in folder.iterdir() if path.name.endswith(".yaml")))


@cache
def grammar(code: str) -> Grammar:
    """The language of a code.

    Raises:
        IsoglossError: There is none, or its file breaks a rule.
    """
    if code not in language_codes():
        raise IsoglossError(f"the small world is not told in {code!r}{nearest(code, language_codes())}")
    path = resources.files("isogloss.world").joinpath("languages", f"{code}.yaml")
    return parse_grammar(code, path.read_text(encoding="utf-8"))


def parse_grammar(code: str, text: str, world: World | None = None) -> Grammar:
    """The language that a YAML text describes.

    Raises:
        IsoglossError: It is no YAML, lacks the word of a concept, or has a tag, a form or a rule that is not valid.
    """
    file = f"{code}.yaml"
    try:
        data = yaml.safe_load(text)
        spaces, sections = data.get("spaces", True), data["lexicon"]
        words, rules = data["words"], data["rules"]
    except (yaml.YAMLError, KeyError, AttributeError) as error:
        raise IsoglossError(f"{file}: not a language: lexicon, words and rules expected: {error}") from error
    lexicon: dict[str, Word] = {}
    for name, section in sections.items():
        lexicon.update(_section(f"{file}: {name}", section, data.get("paradigms", {})))
    function_words = {name: _function_word(f"{file}: words: {name}", forms) for name, forms in words.items()}
    compiled = {name: compile_rule(f"{file}: rules: {name}", rule) for name, rule in rules.items()}
    language = Grammar(
        code,
        spaces,
        data.get("capital"),
        frozenset(data.get("attach_left", ())),
        tuple(data.get("attach_right", ())),
        lexicon,
        function_words,
        compiled,
    )
    _check(file, language, world or the_world())
    return language


def _section(where: str, section: Mapping[str, Any], paradigms: Mapping[str, Any]) -> dict[str, Word]:
    columns = section["columns"].split()
    words = {}
    for name, entry in section["entries"].items():
        place = f"{where}: {name}"
        parts = str(entry).split()
        features = parts[len(columns) :]
        if len(parts) < len(columns):
            raise IsoglossError(f"{place}: {len(columns)} forms expected ({' '.join(columns)}), found {entry!r}")
        given = dict(zip(columns, parts, strict=False))
        chosen = next((feature[1:] for feature in features if feature.startswith("~")), section.get("paradigm"))
        if chosen is not None and chosen not in paradigms:
            raise IsoglossError(f"{place}: unknown paradigm {chosen!r}{nearest(chosen, paradigms)}")
        try:
            # Columns that are no part of the paradigm are forms by themselves.
            patterns = {**given, **paradigms[chosen]} if chosen else given
            forms = {_key(key): str(pattern).format_map(given) for key, pattern in patterns.items()}
        except (KeyError, ValueError) as error:
            raise IsoglossError(f"{place}: paradigm {chosen}: no column {error} (columns: {columns})") from error
        tagged = {key: _form(place, form, section.get("tag")) for key, form in forms.items() if form != "-"}
        words[name] = Word(place, tagged, frozenset(part for part in features if not part.startswith("~")), {})
    return words


def _function_word(where: str, forms: Mapping[str, Any]) -> Word:
    tag = forms.get("tag")
    tagged = {_key(key): _form(where, str(form), tag) for key, form in forms.items() if key != "tag"}
    return Word(where, tagged, frozenset(), {})


def _key(text: object) -> frozenset[str]:
    return frozenset(part for part in str(text).split(".") if part != "-")


def _form(where: str, text: str, tag: str | None) -> Form:
    """The words of ``text``, underscores between them, each with its tag after a slash or else ``tag``."""
    pairs = []
    for word in re.split(r"[_ ]", text):
        form, slash, own = word.rpartition("/")
        pair = (form, own) if slash else (word, tag or "")
        if pair[1] not in UPOS or not pair[0]:
            raise IsoglossError(f"{where}: {word!r} has the tag {pair[1]!r}{nearest(pair[1], UPOS)}")
        pairs.append(pair)
    return tuple(pairs)


def _check(file: str, language: Grammar, world: World) -> None:
    needed = [name for name, concept in world.concepts.items() if concept.kind != "copula"]
    missing = [name for name in needed if name not in language.lexicon]
    if missing:
        raise IsoglossError(f"{file}: lexicon: no word for {', '.join(missing[:5])}; every concept needs one")
    for name in language.lexicon:
        if name not in world.concepts:
            raise IsoglossError(f"{file}: lexicon: unknown concept {name!r}{nearest(name, world.concepts)}")
    roles = {role for frame in world.frames for role in frame.roles} | SCOPE
    families = {name.split(".")[0] for name in language.rules}
    valid = roles | families | set(language.words)
    for rule, nodes in language.rules.items():
        for slot in slots_of(nodes):
            _check_slot(f"{file}: rules: {rule}", slot, valid, roles)
    for rule, nodes in language.rules.items():
        _check_tags(f"{file}: rules: {rule}", nodes)


def _check_slot(where: str, slot: Slot, valid: Iterable[str], roles: Iterable[str]) -> None:
    if slot.name not in valid:
        raise IsoglossError(f"{where}: unknown slot {slot.name!r}{nearest(slot.name, valid)}")
    for role in slot.agree:
        if role not in roles:
            raise IsoglossError(f"{where}: {slot.name} agrees with unknown {role!r}{nearest(role, roles)}")


def _check_tags(where: str, nodes: Rule) -> None:
    for node in nodes:
        if node.literal is not None and node.literal[1] not in UPOS:
            raise IsoglossError(f"{where}: {node.literal[0]!r} has the tag {node.literal[1]!r}, not one of UPOS")
        _check_tags(where, node.inner)
