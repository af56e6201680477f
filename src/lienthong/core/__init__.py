"""Plain values that every room shares: findings, errors, ids, canonical JSON, settings, actors, time, text."""
