"""Put the digits of reviewed values into a folder that a training learns from: `mnist-edge train small --extra DIR`."""

import json
from pathlib import Path

import numpy as np

from mnist_edge.camera.forms.page_document import seen_of
from mnist_edge.camera.forms.page_file import PageFile
from mnist_edge.camera.sinks.crops import CropFolder, cut_out
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Pictures that the folder may hold, two a digit.
MAX_FILES = 100_000


def collect_reviews(pages: PageFile, folder: Path) -> int:
    """Add the digits of all values that people gave or accepted since the last time.

    A value whose digits are not as many as were found in its ink teaches nothing, as nobody said which is which.

    Returns:
        How many digits were added.

    Raises:
        OSError: The folder cannot be written.
        OutputError: The file of pages cannot be written.
    """
    crops, added = CropFolder(folder, MAX_FILES), 0
    name, model = pages.database.execute("SELECT id, model FROM form").fetchone()
    waiting = pages.database.execute(
        "SELECT readings.number, answer, crop, digits, review, time FROM readings "
        "JOIN reviews ON reviews.number = review WHERE answer IS NOT NULL AND collected < review"
    ).fetchall()
    for number, answer, crop, digits, review, time in waiting:
        found, labels = json.loads(digits), [int(one) for one in answer if one.isdecimal()]
        picture = np.asarray(cv2.imdecode(np.frombuffer(crop, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        if len(found) == len(labels):
            if crops.full:
                break
            for place, (digit, label) in enumerate(zip(found, labels, strict=True)):
                item = f"form-{name}-{number}-{place}"
                line = {"item": item, "time": time, "model": model, "track": None, "reason": None} | {
                    key: digit[key] for key in ("label", "confidence", "box")
                }
                crops.add(line, seen_of(digit), cut_out(picture, Box(*digit["box"])))
                crops.correct(item, label, time)
                added += 1
        with pages.writing() as database:
            database.execute("UPDATE readings SET collected = ? WHERE number = ?", (review, number))
    return added
