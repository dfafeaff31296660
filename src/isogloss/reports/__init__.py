"""What the results say: statistics over seeds, and tables for the terminal and for Markdown."""

from isogloss.reports.statistics import Interval, Summary, paired_interval, summarise
from isogloss.reports.tables import closing_table, comparison_table

__all__ = ["Interval", "Summary", "closing_table", "comparison_table", "paired_interval", "summarise"]
