"""A frame in, the digits on it out: ink, candidates, the network's opinion, the neighbours', and rows."""

from mnist_edge.camera.reader.reader import MIN_CONFIDENCE, Reader, read

__all__ = ["MIN_CONFIDENCE", "Reader", "read"]
