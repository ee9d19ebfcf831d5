"""Architectures, training recipes, training, and the trained models that ship."""
