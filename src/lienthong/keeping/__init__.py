"""Keeps a node going: backup and restore, upgrade, the operational log, and what the doctor looks at."""
