"""syncd: a directory-sync reconciliation daemon. See docs/architecture.md for the house."""

__version__ = "1.0.0"
