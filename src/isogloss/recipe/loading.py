"""YAML in which the labels of a ``label_map`` are text, as they stand in data files."""

from __future__ import annotations

from typing import Any

import yaml

LABEL_MAP = "label_map"
TEXT = "tag:yaml.org,2002:str"
READ_AS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "null", "timestamp"))


class _Loader(yaml.SafeLoader):
    """Plain YAML 1.1, but ``{0: no}`` in a ``label_map`` is ``{"0": "no"}``: no data file has the label False."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, value in node.value:
            if key.value == LABEL_MAP and isinstance(value, yaml.MappingNode):
                _as_text(value)
        return super().construct_mapping(node, deep)


def load_yaml(text: str, key: str = "") -> Any:  # noqa: ANN401 - any YAML
    """What a text of YAML says.

    Args:
        text: The text.
        key: The key whose value the text is; of a label map or one of its labels, scalars are text.

    Raises:
        yaml.YAMLError: It is not YAML.

    Example:
        >>> load_yaml("{label_map: {0: entailment, yes: 1.0}, steps: 10}")
        {'label_map': {'0': 'entailment', 'yes': '1.0'}, 'steps': 10}
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None and LABEL_MAP in key.split("."):
            _as_text(node)
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _as_text(node: yaml.Node) -> None:
    """Make the plain scalars of a value, and of a mapping the keys too, text."""
    scalars = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else [node]
    for scalar in scalars:
        if isinstance(scalar, yaml.ScalarNode) and scalar.tag in READ_AS:
            scalar.tag = TEXT
