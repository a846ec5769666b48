"""The sandbox's Microsoft Graph: a directory that changes, and the v1.0 endpoints that a synchronisation reads."""
