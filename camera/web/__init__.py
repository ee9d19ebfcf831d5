"""The loop in any browser: one page with the live picture, and the same for other programs."""

from mnist_edge.camera.web.gallery import Gallery
from mnist_edge.camera.web.server import WebView

__all__ = ["Gallery", "WebView"]
