"""Emulated Raspberry Pis: what runs on arm64 Debian, and how many instructions it takes. Works in a checkout only."""
