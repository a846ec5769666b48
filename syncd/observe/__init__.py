"""Logs, metrics, health, notifications, and what the service manager is told."""
