"""Figures as SVG: a file each, from what `isogloss.reports` found. They need matplotlib (``isogloss[figures]``)."""

from isogloss.figures.features import features_figure
from isogloss.figures.layers import layers_figure
from isogloss.figures.opened import opened_figure
from isogloss.figures.traces import traces_figure

__all__ = ["features_figure", "layers_figure", "opened_figure", "traces_figure"]
