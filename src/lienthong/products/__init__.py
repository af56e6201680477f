"""The life of a clinical AI product: its card, its figure and reasons, its suggestions, a physician's decision."""
