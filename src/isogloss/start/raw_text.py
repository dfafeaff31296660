"""Raw text as examples of a task."""

from __future__ import annotations

from isogloss.common.errors import IsoglossError
from isogloss.common.sentences import words
from isogloss.examples import Example, LabelledText, TaggedSentence
from isogloss.recipe.names import TASKS
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task


def from_text(text: LabelledText, task: Task) -> Example:
    """A raw text as an example of a task.

    - Tagging: its words by `isogloss.common.sentences.words`, which end at spaces, with punctuation at their ends
      apart; in a language that writes no spaces every character is one.
    - One label per text: as it is.
    - One label per pair of texts: the two texts, where a tab is between them.

    Raises:
        IsoglossError: The task needs more than a text.

    Example:
        >>> from isogloss.tasks.tagging import part_of_speech
        >>> from_text(LabelledText("1", "en", "Eva reads.", None, None), part_of_speech(("X",))).tokens
        ('Eva', 'reads', '.')
    """
    if isinstance(task, Tagging):
        tokens, spaces = words(text.text, text.language)
        return TaggedSentence(text.id, text.language, tuple(tokens), None, text.path, text.line, spaces=tuple(spaces))
    complaint, (first, tab, second) = TASKS[task.name].complaint, text.text.partition("\t")
    if complaint(text) is not None and tab and first.strip() and second.strip():
        text = LabelledText(text.id, text.language, first.strip(), second.strip(), None, text.path, text.line)
    found = complaint(text)
    if found is not None:
        raise IsoglossError(
            f"{text.path}:{text.line}: {found}. A raw text is a sentence to tag, a text with one label, or two texts "
            "with a tab between them, in the shell $'one\\ttwo'"
        )
    return text
