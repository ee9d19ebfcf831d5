"""The figures in the documents, made from measured files: a module for what belongs together, with its `FIGURES`."""

from collections.abc import Callable, Mapping
from typing import Any

# A part of a measured file, plain JSON types.
Row = Mapping[str, Any]
# Functions that return a figure, Markdown, by the name that documents mark it with.
Figures = dict[str, Callable[[], str]]
