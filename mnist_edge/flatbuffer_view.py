"""Read the tables of a `.tflite` flatbuffer, without a schema package: no runtime brings the same one.

The format is that of FlatBuffers' "Internals" document; the fields are numbered as in TensorFlow Lite's `schema.fbs`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

# Members of `BuiltinOperator`; DEQUANTIZE and QUANTIZE are the seams between float and integer.
DEQUANTIZE, SOFTMAX, QUANTIZE = 6, 25, 114


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a flatbuffer: optional fields, by number.

    Every method raises `struct.error` or `IndexError` where the content is damaged.

    Attributes:
        content: The whole flatbuffer.
        at: Where the table begins, in bytes.
    """

    content: bytes = field(repr=False)
    at: int

    def place(self, field: int) -> int | None:
        """Where a field is stored, in bytes; None where it is left out, so that it has its default."""
        layout = self.at - _signed(self.content, self.at)
        entry = 4 + 2 * field
        if entry >= struct.unpack_from("<H", self.content, layout)[0]:
            return None
        offset = struct.unpack_from("<H", self.content, layout + entry)[0]
        return self.at + offset if offset else None

    def number(self, field: int, form: str, default: int = 0) -> int:
        """A field that is an integer, of a `struct` format such as `<i`."""
        place = self.place(field)
        return default if place is None else int(struct.unpack_from(form, self.content, place)[0])

    def table(self, field: int) -> "Table | None":
        """A field that is a table."""
        place = self.place(field)
        return None if place is None else Table(self.content, _followed(self.content, place))

    def tables(self, field: int) -> list["Table"]:
        """A field that is a vector of tables."""
        return [Table(self.content, _followed(self.content, at)) for at in self.places(field)]

    def integers(self, field: int) -> list[int]:
        """A field that is a vector of int32."""
        return [_signed(self.content, at) for at in self.places(field)]

    def text(self, field: int) -> str:
        """A field that is a text; empty where it is left out."""
        place = self.place(field)
        if place is None:
            return ""
        start = _followed(self.content, place)
        length = struct.unpack_from("<I", self.content, start)[0]
        return self.content[start + 4 : start + 4 + length].decode(errors="replace")

    def places(self, field: int) -> list[int]:
        """Where the items of a vector are stored, of four bytes each."""
        place = self.place(field)
        if place is None:
            return []
        start = _followed(self.content, place)
        length = struct.unpack_from("<I", self.content, start)[0]
        if 4 * length > len(self.content):
            raise IndexError(f"a vector of {length} items")
        return list(range(start + 4, start + 4 + 4 * length, 4))


@dataclass(frozen=True, slots=True)
class Node:
    """An operator of the graph.

    Attributes:
        code: Member of `BuiltinOperator`.
        version: Of the operator, 1 at first.
        inputs: Indices of tensors; -1 where an optional one is left out.
        outputs: Likewise.
        custom: Its name where it is none of TFLite's own, else empty.
    """

    code: int
    version: int
    inputs: list[int]
    outputs: list[int]
    custom: str


def main_graph(model: bytes) -> Table:
    """The first subgraph, which is the one that runs."""
    return root(model).tables(2)[0]


def root(model: bytes) -> Table:
    """The table `Model`."""
    return Table(model, _followed(model, 0))


def nodes(model: bytes) -> Iterator[Node]:
    """Every operator of the main graph, in order of execution."""
    codes = root(model).tables(1)
    for operator in main_graph(model).tables(3):
        code = codes[operator.number(0, "<I")]
        # Codes from 127 on are stored in a field of their own.
        builtin = max(code.number(0, "<b"), code.number(3, "<i"))
        yield Node(builtin, code.number(2, "<i", 1), operator.integers(1), operator.integers(2), code.text(1))


def before_softmax(model: bytes) -> bytes | None:
    """The same graph with the input of its last softmax for an output; None where it does not end in one.

    One index is changed in place, so that every operator still runs as it did.
    """
    graph = main_graph(model)
    (place,), made_by = graph.places(2), {node.outputs[0]: node for node in nodes(model)}
    last = made_by.get(_signed(model, place))
    # Taken out as it is passed: a damaged graph may lead back to where it came from.
    while last and last.code in (QUANTIZE, DEQUANTIZE):
        last = made_by.pop(last.inputs[0], None)
    if last is None or last.code != SOFTMAX:
        return None
    return model[:place] + struct.pack("<i", last.inputs[0]) + model[place + 4 :]


def first_operators(model: bytes, count: int) -> bytes:
    """The same graph with only its first `count` operators, and the last of these for its output.

    A length and an index are changed in place, so that what is left runs as it did.

    Args:
        model: A graph with one output.
        count: 1 or more, and no more than there are.
    """
    graph = main_graph(model)
    last = graph.tables(3)[count - 1].integers(2)[0]
    # The length of a vector stands in front of its first item.
    changes = {graph.places(3)[0] - 4: count, graph.places(2)[0]: last}
    content = bytearray(model)
    for place, value in changes.items():
        struct.pack_into("<i", content, place, value)
    return bytes(content)


def _signed(content: bytes, at: int) -> int:
    return int(struct.unpack_from("<i", content, at)[0])


def _followed(content: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", content, at)[0])
