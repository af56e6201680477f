"""Engines that run a view's plan: DuckDB (fast) and a plain reference interpreter (the oracle)."""
