"""Where frames come from: cameras, videos, pictures, streams, pipes, and a camera that is made up."""

from mnist_edge.camera.sources.opening import is_camera, open_source

__all__ = ["is_camera", "open_source"]
