"""Code systems, value sets and units: each with its dates and its source, read from data files."""
