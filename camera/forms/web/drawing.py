"""The page on which the fields of a form are drawn, and its API."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.forms.checks import CHECKS
from mnist_edge.camera.forms.form_text import write_form
from mnist_edge.camera.forms.table_lines import find_cells
from mnist_edge.camera.forms.web.requests import JsonPost
from mnist_edge.camera.images import read_image
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.handler import Handler
from mnist_edge.camera.web.page import FOLDER as SHARED_FOLDER
from mnist_edge.camera.web.page import assemble
from mnist_edge.camera.web.serving import Content, WebServer
from mnist_edge.errors import MnistEdgeError
from mnist_edge.opencv import cv2

FOLDER = Path(__file__).with_name("page")
# Longer side of the picture that browsers get, pixels; its coordinates stay those of the sheet.
MAX_SIDE = 2400
JPEG_QUALITY = 88


class Sheet(Handler):
    """`GET /sheet.jpg`: the empty sheet."""

    async def _answer(self) -> None:
        self.send("image/jpeg", self.settings["sheet"])


class Lines(Handler):
    """`GET /api/lines`: where a table's own lines leave room for fields, as columns of cells."""

    async def _answer(self) -> None:
        blank = self.settings["blank"]
        columns = await self.site.worker.run(lambda: find_cells(blank))
        self.send_json([{"box": list(one.box), "rows": one.rows} for one in columns])


class Save(JsonPost):
    """`POST /api/form`: writes the file of the form, or says what is wrong in it."""

    max_body_bytes = 1_000_000
    keys: ClassVar = {"fields": (list,), "sums": (list,)}

    async def _answer(self) -> None:
        sent, file, picture = self.sent(), self.settings["file"], self.settings["picture"]
        try:
            form = await self.site.worker.run(lambda: write_form(file, picture, sent["fields"], sent["sums"]))
        except MnistEdgeError as error:
            raise Refused(422, str(error)) from None
        except OSError as error:
            raise Refused(507, f"{file} cannot be written: {error.strerror}") from None
        self.send_json({"file": str(file), "fields": len(form.fields)})


def drawing_server(picture: Path, file: Path, address: str, token: str | None, private: bool = True) -> WebServer:
    """Return a server of the page on which fields are drawn, to be entered.

    Args:
        picture: The empty sheet.
        file: Where the form goes.
        address: As for `WebServer`, and so are `token` and `private`.
        token: What clients must show.
        private: Whether only the user sees what is logged.

    Raises:
        ImageError: The picture cannot be read.
    """
    blank = read_image(str(picture))
    height, width = blank.shape[:2]
    shared = {
        "colours": [], "title": f"{picture.name} → {file.name}", "width": width, "height": height,
        "checks": list(CHECKS),
    }  # fmt: skip
    settings: dict[str, Any] = {"blank": blank, "sheet": _jpeg(blank), "picture": picture, "file": file}
    page = assemble([FOLDER, SHARED_FOLDER], "draw.html", shared)
    content = Content(page, (("/sheet.jpg", Sheet), ("/api/lines", Lines), ("/api/form", Save)), settings)
    return WebServer(address, lambda: content, token=token, private=private, name="drawing")


def _jpeg(blank: NDArray[np.uint8]) -> bytes:
    scale = min(1.0, MAX_SIDE / max(blank.shape[:2]))
    small = cv2.resize(blank, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])
