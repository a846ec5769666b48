"""The report as one HTML file that needs nothing beside it."""

from syncd.report.html.page import html_report

__all__ = ["html_report"]
