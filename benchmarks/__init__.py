"""Latency, memory, size and end-to-end measurement, side by side."""
