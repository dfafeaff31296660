"""Machine translation of labelled data: models that translate, what they said, and labels carried across."""
