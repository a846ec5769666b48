"""Logs, metrics and notifications."""
