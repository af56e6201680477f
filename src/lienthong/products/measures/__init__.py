"""Measures of how good predictions are: plain functions over NumPy arrays that know no product, file or clock."""
