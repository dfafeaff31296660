"""The data of a recipe looked through for everything that is wrong with them."""

from __future__ import annotations

from isogloss.data.validate import validate_collections
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.spec.recipe import Recipe
from isogloss.start.survey import Validation, survey


def check_data(recipe: Recipe) -> Validation:
    """Everything that is wrong with the recipe's data, in one pass; see `validate_collections`.

    If the files themselves are good, also what `isogloss.start.check.read_corpus` refuses, what is wrong with the text
    that probes read, and the examples longer than ``max_length``.
    """
    named, collections = build_collections(recipe.data)
    trained = recipe.train_languages
    if trained is not None and recipe.few_shot is not None:
        # A few examples of every language that is evaluated are trained on too.
        on_disk = {language for collection in collections for language, _ in collection.files()}
        trained = tuple({*trained, *(recipe.evaluate_languages or on_disk)})
    problems, read = validate_collections(collections, named.complaint, train_languages=trained)
    if problems.errors:
        return Validation(problems, [survey(file, None, None, recipe.max_length, problems) for file in read])
    from isogloss.start.check import check_good_files  # with torch behind it, which bad files need not wait for

    return check_good_files(recipe, named, collections, problems, read)
