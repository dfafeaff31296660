"""What the results say: statistics over seeds, and tables for the terminal and for Markdown."""

from isogloss.reports.bootstrap import Estimate, mean_over_runs, rank_correlation
from isogloss.reports.curves import Curve, Features, features_of
from isogloss.reports.negative_transfer import negative_transfer, negative_transfer_table
from isogloss.reports.statistics import Interval, Summary, crossed_interval, paired_interval, summarise
from isogloss.reports.tables import closing_table, comparison_table
from isogloss.reports.unfreezing import agreements, associations, unfreezing_tables
from isogloss.reports.watched import WatchedRun, watched_run

__all__ = [
    "Curve",
    "Estimate",
    "Features",
    "Interval",
    "Summary",
    "WatchedRun",
    "agreements",
    "associations",
    "closing_table",
    "comparison_table",
    "crossed_interval",
    "features_of",
    "mean_over_runs",
    "negative_transfer",
    "negative_transfer_table",
    "paired_interval",
    "rank_correlation",
    "summarise",
    "unfreezing_tables",
    "watched_run",
]
