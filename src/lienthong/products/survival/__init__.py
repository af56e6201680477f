"""Survival after breast cancer surgery: its data, the Cox model, the benefit of a treatment, and the product."""
