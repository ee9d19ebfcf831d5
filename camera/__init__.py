"""Cameras, videos and pictures in; the digits on them out: read, tracked, shown, recorded and reported."""
