"""YAML as recipes are written in it: what stands there unquoted is what it looks like."""

from __future__ import annotations

import re
from typing import Any

import yaml

from isogloss.common.errors import IsoglossError

LABEL_MAP, CONFIG = "label_map", "config"
TEXT, TRUTH = "tag:yaml.org,2002:str", "tag:yaml.org,2002:bool"
READ_AS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "null", "timestamp"))

FIELD = re.compile(r"\{(?:language|split)\}")
TEMPLATE = re.compile(r"""(?:[^\s"',{}\[\]]|\{\w+\})*\{(?:language|split)\}(?:[^\s"',{}\[\]]|\{\w+\})*""")
"""What is a path with a place for a language or split, as it stands in a line."""


class _Loader(yaml.SafeLoader):
    """YAML 1.1, but yes, no, on and off are text, as in YAML 1.2: Norwegian is ``no``, and so are labels and columns.

    In a ``label_map`` ``{0: null}`` is ``{"0": "null"}`` too, as labels stand in data files; in a ``config``, where no
    one says what is true or false and what is text, YAML 1.1 holds.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, value in node.value:
            if key.value == LABEL_MAP and isinstance(value, yaml.MappingNode):
                _as_text(value)
            if key.value == CONFIG and isinstance(value, yaml.MappingNode):
                _as_truths(value)
        fields = [key.value for key, value in node.value if (value.value, value.tag) == ("", "tag:yaml.org,2002:null")]
        if node.flow_style and len(fields) == len(node.value) > 0 and {*fields} <= {"language", "split"}:
            written = "".join(f"{{{field}}}" for field in fields)
            raise Unquoted(node.start_mark.line + 1, written)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != TRUTH]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(TRUTH, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))


class Unquoted(yaml.YAMLError):
    """A path that begins with ``{language}`` or ``{split}`` stands in a recipe without quotes."""

    def __init__(self, line: int, written: str) -> None:
        super().__init__(f'line {line}: what has braces in it and is no mapping stands in quotes: "{written}"')


def load_yaml(text: str, key: str = "") -> Any:  # noqa: ANN401 - any YAML
    """What a text of YAML says.

    Args:
        text: The text.
        key: The key whose value the text is; of a label map or one of its labels, scalars are text.

    Raises:
        yaml.YAMLError: It is not YAML.

    Example:
        >>> load_yaml("{label_map: {0: entailment, yes: 1.0}, steps: 10, languages: [no]}")
        {'label_map': {'0': 'entailment', 'yes': '1.0'}, 'steps': 10, 'languages': ['no']}
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None and LABEL_MAP in key.split("."):
            _as_text(node)
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def not_yaml(text: str, error: yaml.YAMLError) -> IsoglossError:
    """What is wrong with a text that is not YAML, in one line; a path that wants quotes is named with its line."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
        template = TEMPLATE.search(re.sub(r"""(["']).*?\1""", "", line))
        if template is not None:
            error = Unquoted(mark.line + 1, template[0])
    return IsoglossError(f"not YAML: {' '.join(str(error).split())}")


def _as_text(node: yaml.Node) -> None:
    """Make the plain scalars of a value, and of a mapping the keys too, text."""
    scalars = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else [node]
    for scalar in scalars:
        if isinstance(scalar, yaml.ScalarNode) and scalar.tag in READ_AS:
            scalar.tag = TEXT


def _as_truths(node: yaml.MappingNode) -> None:
    """Make yes, no, on and off in the values of a mapping true or false."""
    for _, value in node.value:
        if isinstance(value, yaml.ScalarNode) and value.style is None:
            value.tag = yaml.SafeLoader("").resolve(yaml.ScalarNode, value.value, (True, False))  # type: ignore[no-untyped-call]
