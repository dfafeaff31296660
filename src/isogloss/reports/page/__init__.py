"""One page that shows runs: self-contained HTML, drawn in the browser from numbers that stand in it."""

from isogloss.reports.page.content import Content, content_of
from isogloss.reports.page.html import as_html
from isogloss.reports.page.run import SeenRun

__all__ = ["Content", "SeenRun", "as_html", "content_of"]
