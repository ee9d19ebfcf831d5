"""What a request is answered at once: the page, documents, figures, the newest picture."""

from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.documents import reading_of, status_of
from mnist_edge.camera.web.handler import Handler
from mnist_edge.camera.web.metrics import CONTENT_TYPE, metrics
from mnist_edge.camera.web.page import LOCKED, PAGE

COOKIE_DAYS = 30


class Page(Handler):
    """The page for people; links on other sites may lead to it."""

    linked = True

    async def answer(self) -> None:
        """Send it, with the cookie by which it may ask for the rest."""
        if self.site.access.token is not None:
            self.set_cookie(
                self.site.cookie,
                self.site.access.cookie,
                httponly=True,
                samesite="Strict",
                secure=self.request.protocol == "https",
                max_age=COOKIE_DAYS * 86400,
            )
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write(PAGE)

    def explain(self, refused: Refused) -> None:
        """Ask for the token where that is what lacks."""
        if refused.status != 401:
            super().explain(refused)
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write(LOCKED)


class Status(Handler):
    """How the loop does."""

    async def answer(self) -> None:
        """Send it."""
        self.send(status_of(self.site.feed, self.site.controls, self.site.meter))


class CurrentReading(Handler):
    """What is read now."""

    async def answer(self) -> None:
        """Send it."""
        self.send(reading_of(self.site.feed.view))


class Health(Handler):
    """Whether the loop lives, for whoever may restart it."""

    open_to_all = True

    async def answer(self) -> None:
        """One word."""
        alive = self.site.feed.alive
        self.set_status(200 if alive else 503)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write("ok\n" if alive else "the loop is silent\n")


class Metrics(Handler):
    """Figures for Prometheus."""

    async def answer(self) -> None:
        """Send them."""
        self.set_header("Content-Type", CONTENT_TYPE)
        self.write(metrics(self.site.feed, self.site.controls, self.site.meter))


class Snapshot(Handler):
    """The newest picture."""

    async def answer(self) -> None:
        """Send it."""
        picture = await self.site.pictures.newest()
        if picture is None:
            raise Refused(503, "there is no picture yet")
        self.set_header("Content-Type", "image/jpeg")
        self.write(picture.jpeg)
