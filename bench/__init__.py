"""Benchmarks with floors and peers in the same run; `make bench` writes bench/RESULTS.md; no test has a limit."""
