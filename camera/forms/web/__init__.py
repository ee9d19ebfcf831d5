"""The pages of forms in the browser: values are reviewed, and fields are drawn. Importing it needs the `web` extra."""

from mnist_edge.camera.forms.web.drawing import drawing_server
from mnist_edge.camera.forms.web.review import review_server
from mnist_edge.camera.forms.web.training import Training

__all__ = ["Training", "drawing_server", "review_server"]
