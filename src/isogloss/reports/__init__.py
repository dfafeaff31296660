"""What the results say: statistics over seeds, and tables for the terminal and for Markdown."""

from isogloss.reports.negative_transfer import negative_transfer, negative_transfer_table
from isogloss.reports.statistics import Interval, Summary, crossed_interval, paired_interval, summarise
from isogloss.reports.tables import closing_table, comparison_table

__all__ = [
    "Interval",
    "Summary",
    "closing_table",
    "comparison_table",
    "crossed_interval",
    "negative_transfer",
    "negative_transfer_table",
    "paired_interval",
    "summarise",
]
