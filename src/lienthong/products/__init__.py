"""The life of a clinical AI product: its card, its figure and reasons, its suggestions, and a physician's decision."""
