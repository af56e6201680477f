"""Findings and results as pages that people read and sign: whole files, made to be printed, without script."""
