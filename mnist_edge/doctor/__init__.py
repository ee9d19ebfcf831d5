"""Examine what this device has, what is missing, and what to do about it."""
