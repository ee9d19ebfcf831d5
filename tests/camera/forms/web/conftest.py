"""A served review."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mnist_edge.camera.forms.web import Training, review_server
from mnist_edge.camera.web.serving import WebServer
from tests.camera.forms.page_files import doubtful_pages

Serve = Callable[..., WebServer]


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Serve]:
    """`review(count)`: the page over a file of so many doubtful marks."""
    with ExitStack() as stack:

        def serve(count: int = 12, token: str | None = None, training: Training | None = None) -> WebServer:
            pages = stack.enter_context(doubtful_pages(tmp_path / "marks.sqlite", count))
            return stack.enter_context(review_server(pages, "127.0.0.1:0", token, training=training))

        yield serve
