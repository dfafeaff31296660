"""Meanings told in a language, word by word with tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isogloss.common.errors import IsoglossError
from isogloss.world.facts import World, the_world
from isogloss.world.lexicon import Grammar, Word
from isogloss.world.meaning import Clause, Meaning, Phrase, natural_number
from isogloss.world.rules import Rule, Slot, Test

Scope = Mapping[str, Phrase | Clause | str]
Token = tuple[str, str, str]
_KINDS = ("noun", "name", "pron", "kin", "bare", "place")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A meaning told in a language.

    Attributes:
        meaning: What it says.
        tokens: The words.
        tags: UPOS of each word.
        entities: IOB2 tag of each word: PER, LOC, ORG.
        spaces: Whether a space follows each word.
        roles: Role, first word and word after the last of what fills the roles of its clauses, in order.
        names: Concept, first word and word after the last of each named entity, in order.
    """

    meaning: Meaning
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    entities: tuple[str, ...]
    spaces: tuple[bool, ...]
    roles: tuple[tuple[str, int, int], ...]
    names: tuple[tuple[str, int, int], ...]

    @property
    def text(self) -> str:
        """The sentence as it is written."""
        return "".join(self._parts()).strip()

    def span(self, role: str) -> tuple[int, int]:
        """Where in `text` the first phrase of a role begins and ends, in characters.

        Raises:
            KeyError: Nothing fills the role.
        """
        found = next(((first, end) for name, first, end in self.roles if name == role), None)
        if found is None:
            raise KeyError(role)
        return self._characters(*found)

    def mentions(self) -> list[tuple[int, int, str]]:
        """Where in `text` each named entity begins and ends, in characters, and its concept."""
        return [(*self._characters(first, end), concept) for concept, first, end in self.names]

    def _characters(self, first: int, end: int) -> tuple[int, int]:
        parts = self._parts()
        start = len("".join(parts[:first]))
        return start, start + len("".join(parts[first:end]).rstrip())

    def _parts(self) -> list[str]:
        return [token + " " * space for token, space in zip(self.tokens, self.spaces, strict=True)]


class _Words(list[Token]):
    """Words told so far, and where in them the phrases and the names are."""

    def __init__(self) -> None:
        super().__init__()
        self.roles: list[tuple[str, int, int]] = []
        self.names: list[tuple[str, int, int]] = []


class Realiser:
    """Tells meanings in one language; remembers the phrases it has met.

    Args:
        grammar: The language.
        world: The world; the usual one by default.
    """

    def __init__(self, grammar: Grammar, world: World | None = None) -> None:
        self._grammar = grammar
        self._world = world or the_world()
        self._told: dict[tuple[Phrase, frozenset[str]], _Words] = {}
        self._known: dict[tuple[object, ...], frozenset[str]] = {}

    def tell(self, meaning: Meaning) -> Sentence:
        """The sentence of a meaning.

        Raises:
            IsoglossError: The language lacks a rule or a form.
        """
        scope: dict[str, Phrase | Clause | str] = dict(
            zip(("first", "second"), meaning.clauses, strict=False),
        )
        found = _Words()
        name = f"sentence.{meaning.form}"
        self._run(self._rule(name), frozenset({meaning.form}), scope, found)
        tokens = [token for token, _, _ in found]
        if (capital := self._grammar.capital) is not None:
            # An opening mark (¿) has no capital; the word after it has.
            first = next(place for place, token in enumerate(tokens) if token[0].isalpha())
            letter = tokens[first][0]
            tokens[first] = capital.get(letter, letter.upper()) + tokens[first][1:]
        spaces = [self._space(token, after) for token, after in zip(tokens, [*tokens[1:], ""], strict=True)]
        tags, entities = tuple(tag for _, tag, _ in found), tuple(entity for _, _, entity in found)
        return Sentence(meaning, tuple(tokens), tags, entities, tuple(spaces), tuple(found.roles), tuple(found.names))

    def _space(self, token: str, after: str) -> bool:
        grammar = self._grammar
        return grammar.spaces and after not in grammar.attach_left and not token.endswith(grammar.attach_right)

    def _rule(self, name: str) -> Rule:
        try:
            return self._grammar.rules[name]
        except KeyError:
            raise IsoglossError(f"{self._grammar.code}.yaml: rules: {name!r} is missing") from None

    def _run(self, nodes: Rule, features: frozenset[str], scope: Scope, out: _Words) -> None:
        for node in nodes:
            if node.literal is not None:
                out.append((*node.literal, "O"))
            elif node.slot is not None:
                self._fill(node.slot, features, scope, out)
            else:
                for option in node.condition:
                    for test in option:
                        if not self._holds(test, features, scope):
                            break
                    else:
                        self._run(node.inner, features, scope, out)
                        break

    def _holds(self, test: Test, features: frozenset[str], scope: Scope) -> bool:
        if not test.role:
            return (test.feature in features) is test.wanted
        value = scope.get(test.role)
        return (value is not None and test.feature in self._features(value)) is test.wanted

    def _fill(self, slot: Slot, features: frozenset[str], scope: Scope, out: _Words) -> None:
        asked = slot.added
        for role in slot.agree:
            if role not in scope:
                raise IsoglossError(f"{self._grammar.code}.yaml: {slot.name} agrees with {role!r}, which is not there")
            asked = asked | self._features(scope[role])
        value = scope.get(slot.name)
        if isinstance(value, Phrase):
            told = self._told.get((value, asked))
            if told is None:
                self._phrase(value, asked, told := _Words())
                self._told[value, asked] = told
            out.roles.append((slot.name, len(out), len(out) + len(told)))
            out.names += [(concept, len(out) + first, len(out) + end) for concept, first, end in told.names]
            out += told
        elif isinstance(value, Clause):
            self._clause(value, asked, scope.get("self"), out)
        elif value is not None:
            self._word(self._grammar.lexicon[value], (features | asked) - slot.removed, value, out)
        else:
            features = (features | asked) - slot.removed
            rules = self._grammar.rules
            rule = rules.get(f"{slot.name}.{scope.get('type')}", rules.get(slot.name))
            if rule is not None:
                self._run(rule, features, scope, out)
            elif slot.name in self._grammar.words:
                self._word(self._grammar.words[slot.name], features, "", out)
            else:
                raise IsoglossError(f"{self._grammar.code}.yaml: nothing fills {slot.name!r} here")

    def _word(self, word: Word, features: frozenset[str], concept: str, out: _Words) -> None:
        entity = self._world.concepts[concept].entity if concept else None
        inside = False
        for form, tag in word.form(features):
            named = entity is not None and tag == "PROPN"
            if named:
                first = out.names.pop()[1] if inside else len(out)
                out.names.append((concept, first, len(out) + 1))
            out.append((form, tag, f"{'I' if inside else 'B'}-{entity}" if named else "O"))
            inside = named

    def _clause(self, clause: Clause, asked: frozenset[str], agent: object, out: _Words) -> None:
        scope: dict[str, Phrase | Clause | str] = {"type": clause.type, **dict(clause.roles)}
        for role in ("quality", "state"):
            if isinstance(phrase := scope.get(role), Phrase):
                scope[role] = phrase.concept
        own = {clause.type, clause.tense, *(["neg"] if clause.negative else ())}
        if clause.verb in self._grammar.lexicon:
            scope["verb"] = clause.verb
            own |= self._grammar.lexicon[clause.verb].features
        if clause.adverb:
            scope["adverb"] = clause.adverb
            own.add("adverb")
        relative = isinstance(agent, Phrase)
        if isinstance(agent, Phrase):
            scope["agent"] = agent
        names = ("clause.rel",) if relative else (f"clause.{clause.type}", "clause")
        name = next((name for name in names if name in self._grammar.rules), names[-1])
        self._run(self._rule(name), asked | own, scope, out)

    def _phrase(self, phrase: Phrase, asked: frozenset[str], out: _Words) -> None:
        features = self._features(phrase) | asked
        scope: dict[str, Phrase | Clause | str] = {"head": phrase.concept}
        if phrase.adjective:
            scope["adj"] = phrase.adjective
        if phrase.second:
            scope["first"] = Phrase(phrase.concept)
            scope["second"] = Phrase(phrase.second, natural_number(phrase.second))
        if phrase.relative:
            scope["relative"] = phrase.relative
            scope["self"] = Phrase(phrase.concept, phrase.number, phrase.determiner)
        kind = "both" if "both" in features else next((kind for kind in _KINDS if kind in features), "")
        if kind in self._grammar.rules:
            self._run(self._grammar.rules[kind], features, scope, out)
        else:
            self._word(self._grammar.lexicon[phrase.concept], features, phrase.concept, out)

    def _features(self, value: Phrase | Clause | str) -> frozenset[str]:
        if isinstance(value, Clause):
            # A conjunction may look at how its clause begins: French qu'elle, que Pierre.
            return self._features(dict(value.roles)["agent"]) | {value.type, value.tense}
        if isinstance(value, str):
            return self._grammar.lexicon[value].features
        key = (value.concept, value.number, value.determiner, value.adjective, value.second, value.relative is None)
        if key not in self._known:
            self._known[key] = self._find_features(value)
        return self._known[key]

    def _find_features(self, phrase: Phrase) -> frozenset[str]:
        lexicon = self._grammar.lexicon
        concept = self._world.concepts[phrase.concept]
        found = {phrase.number, *concept.features, *lexicon[phrase.concept].features}
        found |= {phrase.determiner} - {""}
        if phrase.adjective:
            found.add("adj")
        if phrase.relative:
            found.add("relative")
        if phrase.second and "kin" not in concept.features:
            both_women = "f" in found and "f" in self._world.concepts[phrase.second].features
            found = {"both", "pers", "pl", "f" if both_women else "m", *lexicon[phrase.concept].features}
        return frozenset(found)
