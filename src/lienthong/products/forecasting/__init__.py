"""Forecasts of counts by place and month: quantiles months ahead, always beside baselines, from the past alone."""

from lienthong.products.forecasting.product import evaluable

__all__ = ["evaluable"]
