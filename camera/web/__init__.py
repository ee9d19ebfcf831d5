"""The camera's web page and its API, served beside the loop. Importing it needs the `web` extra."""

from mnist_edge.camera.web.pictures import Gallery
from mnist_edge.camera.web.server import WebView

__all__ = ["Gallery", "WebView"]
