"""From a resolved recipe to a run that can be walked: data checked, model opened, parts assembled."""
