"""Where readings go: the window, files, a broker, recordings, snapshots and collected crops."""

from mnist_edge.camera.sinks.opening import Sinks, open_sinks

__all__ = ["Sinks", "open_sinks"]
