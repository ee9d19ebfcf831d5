"""A page as one JSON document with all that a person needs to check it: each field's picture and its digits."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.forms.read_page import PageReading
from mnist_edge.camera.forms.values import FieldReading
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Paper around a field in its picture: a share of its height, so that what stands beside it is seen.
MARGIN = 0.5
JPEG_QUALITY = 85
# Side of a digit as the network sees it, pixels.
SEEN_SIDE = 28


def page_document(page: PageReading) -> dict[str, Any]:
    """Return `PageReading.to_json` with its fingerprint, and `settled`, `crop`, `digits` and `own` in each field.

    `crop` is a JPEG of the field with some paper around it, in base64; `digits` has, from left to right, each digit's
    label, confidence, box in that picture, and the 28x28 bytes that the network saw; `own` is what the field
    says by itself, before the sums of the form were used.
    """
    document = page.to_json() | {"fingerprint": _text(page.fingerprint)}
    for one, alone in zip(page.fields, page.alone, strict=True):
        assert page.picture is not None and one.box
        around = _around(one.box, page.picture)
        jpeg = cv2.imencode(".jpg", page.picture[around.slices], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
        more = {"settled": one.settled, "crop": _text(jpeg.tobytes()), "digits": _digits(one, around)}
        more["own"] = [alone.value, alone.trust, alone.outcome, alone.reason, alone.alternatives[:3]]
        document["fields"][one.name] |= more
    return document


def seen_of(digit: dict[str, Any]) -> NDArray[np.uint8]:
    """Return a digit of a document as the network saw it, shape (28, 28), 0 = paper, 255 = full ink."""
    return np.frombuffer(base64.b64decode(digit["seen"]), np.uint8).reshape(SEEN_SIDE, SEEN_SIDE)


def _digits(one: FieldReading, around: Box) -> list[dict[str, Any]]:
    return [
        {
            "label": digit.label,
            "confidence": round(digit.confidence, 4),
            "box": [digit.box.x - around.x, digit.box.y - around.y, digit.box.width, digit.box.height],
            "seen": _text(digit.crop.tobytes()),
        }
        for digit in one.digits
        if digit.crop is not None
    ]


def _around(box: Box, picture: NDArray[np.uint8]) -> Box:
    margin = round(MARGIN * box.height)
    left, top = max(0, box.x - margin), max(0, box.y - margin)
    right, bottom = min(picture.shape[1], box.right + margin), min(picture.shape[0], box.bottom + margin)
    return Box(left, top, right - left, bottom - top)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
