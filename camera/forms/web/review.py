"""The page on which people review doubtful values, and its API."""

from pathlib import Path
from types import NoneType
from typing import ClassVar

from mnist_edge.camera.forms.form_table import as_csv
from mnist_edge.camera.forms.page_file import PageFile
from mnist_edge.camera.forms.reviews import Conflict, Doubtful, Reviews
from mnist_edge.camera.forms.web.requests import JsonPost
from mnist_edge.camera.forms.web.training import StartTraining, Training, TrainingState
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.handler import Handler
from mnist_edge.camera.web.page import FOLDER as SHARED_FOLDER
from mnist_edge.camera.web.page import assemble
from mnist_edge.camera.web.serving import Content, WebServer
from mnist_edge.errors import OutputError, UsageError

FOLDER = Path(__file__).with_name("page")
TRAINING = (("/api/training", TrainingState), ("/api/train", StartTraining))
# The largest integer of SQLite.
MAX_NUMBER = 2**63 - 1
MAX_KNOWN = 1_000


class Batch(Handler):
    """`GET /api/fields`: the next fields for one reviewer."""

    async def _answer(self) -> None:
        reviews: Reviews = self.settings["reviews"]
        reviewer, others = self.get_query_argument("reviewer", ""), bool(self.get_query_argument("others", ""))
        known = self.get_query_argument("known", "").split(",")[:MAX_KNOWN]
        numbers = frozenset(int(one) for one in known if one.isascii() and one.isdecimal() and len(one) < 19)
        self.send_json(await self.site.worker.run(lambda: reviews.batch(reviewer, others, numbers)))


class Answer(JsonPost):
    """`POST /api/answer`: what a person says of a field."""

    keys: ClassVar = {"field": (int,), "value": (str, NoneType), "seen": (int,), "reviewer": (str,), "sure": (bool,)}

    async def _answer(self) -> None:
        sent, reviews = self.sent(), self.settings["reviews"]
        number, value = sent.pop("field"), sent.pop("value")
        if not (0 <= number <= MAX_NUMBER and 0 <= sent["seen"] <= MAX_NUMBER):
            raise Refused(400, "numbers of fields and reviews are not negative")
        try:
            kept = await self.site.worker.run(lambda: reviews.answer(number, value, **sent))
        except Conflict as conflict:
            self.set_status(409)
            self.send_json({"error": str(conflict), "current": conflict.current})
            return
        except (Doubtful, UsageError) as error:
            raise Refused(422 if isinstance(error, Doubtful) else 400, str(error)) from None
        except LookupError as error:
            raise Refused(404, str(error)) from None
        except OutputError as error:
            raise Refused(507, str(error)) from None
        progress = await self.site.worker.run(reviews.progress)
        self.send_json({"changed": kept.pop("changed"), "field": kept, "progress": progress})


class Table(Handler):
    """`GET /table.csv`: the table as it is now."""

    async def _answer(self) -> None:
        reviews: Reviews = self.settings["reviews"]
        text = await self.site.worker.run(lambda: as_csv(reviews.pages))
        self.set_header("Content-Disposition", f'attachment; filename="{reviews.pages.path.stem}.csv"')
        self.send("text/csv; charset=utf-8", text)


def review_server(
    pages: PageFile, address: str, token: str | None, private: bool = True, training: Training | None = None
) -> WebServer:
    """Return a server of the page for a review, to be entered.

    Args:
        pages: What is reviewed; nobody else may use its connection meanwhile.
        address: As for `WebServer`, and so are `token` and `private`.
        token: What clients must show.
        private: Whether only the user sees what is logged.
        training: What can be trained from the page; None for nothing.
    """
    page = assemble([FOLDER, SHARED_FOLDER], "review.html", {"colours": [], "title": pages.path.name})
    routes = (("/api/fields", Batch), ("/api/answer", Answer), ("/table.csv", Table), *TRAINING)
    content = Content(page, routes, {"reviews": Reviews(pages), "training": training or Training(None)})
    return WebServer(address, lambda: content, token=token, private=private, name="review")
