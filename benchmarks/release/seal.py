"""Write the metadata of the models that ship anew, around the same networks, and bring their figures up to date.

Run as `python -m mnist_edge.benchmarks.release.seal` when the form of the metadata has changed: nothing is trained, no
flatbuffer changes by a byte, and all that was measured stays true.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.release.card import write_cards
from mnist_edge.benchmarks.released import file_facts, read_released, write_released
from mnist_edge.benchmarks.tool import run_tool, tool_parser
from mnist_edge.metadata import append_metadata, metadata_of, strip_metadata
from mnist_edge.shipped_models import shipped_models


def main(arguments: Sequence[str] | None = None) -> int:
    """Seal every `.tflite` that ships."""
    return run_tool(tool_parser("seal", __doc__), _seal, arguments)


def _seal(options: Namespace) -> None:
    figures = read_released()
    for shipped in shipped_models().values():
        for precision, path in shipped.files.items():
            content = path.read_bytes()
            write_bytes(path, append_metadata(strip_metadata(content), metadata_of(content, path.name)))
            figures[shipped.name]["files"][precision] |= file_facts(path)
    write_released(figures)
    write_cards()


if __name__ == "__main__":
    sys.exit(main())
