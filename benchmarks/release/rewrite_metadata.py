"""Rewrite the metadata of the models that ship, around the same networks, and bring their figures up to date.

For use when the form of the metadata has changed: nothing is trained, no flatbuffer changes by a byte, and all that was
measured stays true.
"""

from argparse import Namespace
from collections.abc import Sequence

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.harness.tool import run_tool, tool_parser
from mnist_edge.benchmarks.release.card import write_cards
from mnist_edge.benchmarks.release.figures import write_released
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.metadata import append_metadata, metadata_of, strip_metadata
from mnist_edge.shipped_models import shipped_models


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the metadata of every `.tflite` that ships."""
    return run_tool(tool_parser(__name__, __doc__), _rewrite, arguments)


def _rewrite(_: Namespace) -> None:
    figures = read_released()
    for shipped in shipped_models().values():
        for precision, path in shipped.files.items():
            content = path.read_bytes()
            write_bytes(path, append_metadata(strip_metadata(content), metadata_of(content, path.name)))
            figures[shipped.name]["files"][precision] |= file_facts(path)
    write_released(figures)
    write_cards()
