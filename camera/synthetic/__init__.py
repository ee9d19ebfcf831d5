"""Synthetic pages and videos, with the truth known: for tests, for choosing settings and for demonstrations."""
