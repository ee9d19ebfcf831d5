"""Rewrite the metadata of the models that ship, around the same networks, and bring their figures up to date.

For use when the form of the metadata has changed: nothing is trained, no flatbuffer changes by a byte, and all that was
measured stays true. `--golden` also computes the golden vectors anew, from the data set.
"""

from argparse import Namespace
from collections.abc import Sequence

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.harness.tool import run_tool, tool_parser
from mnist_edge.benchmarks.release.card import write_cards
from mnist_edge.benchmarks.release.figures import write_released
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.converters.golden import add_golden
from mnist_edge.dataset import load
from mnist_edge.metadata import append_metadata, metadata_of, strip_metadata
from mnist_edge.shipped_models import shipped_models


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the metadata of every `.tflite` that ships."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("--golden", action="store_true", help="choose and compute the golden vectors anew")
    return run_tool(parser, _rewrite, arguments)


def _rewrite(options: Namespace) -> None:
    figures, data = read_released(), load() if options.golden else None
    for shipped in shipped_models().values():
        for precision, path in shipped.files.items():
            content = path.read_bytes()
            content = append_metadata(strip_metadata(content), metadata_of(content, path.name))
            write_bytes(path, add_golden(content, path.name, data) if data else content)
            figures[shipped.name]["files"][precision] |= file_facts(path)
    write_released(figures)
    write_cards()
