"""`mnist-edge form`: what people do with forms beside reading them."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.console import log_to, note
from mnist_edge.cli.help import Command, Group
from mnist_edge.cli.options import Force

if TYPE_CHECKING:
    from mnist_edge.camera.web.serving import WebServer

ABOUT = """Draw the fields of a form, review filled ones, make the table.

Example: mnist-edge form review marks.sqlite"""
# How often it is looked whether the server is to end.
TICK_SECONDS = 0.1

app = typer.Typer(cls=Group, rich_markup_mode=None, no_args_is_help=True, help=ABOUT)
Pages = Annotated[Path, typer.Argument(metavar="PAGES", help="A file that read --form --output PAGES.sqlite wrote.")]
Serve = Annotated[
    str,
    typer.Option("--serve", metavar="[HOST:]PORT", help="Where the page is shown: on 127.0.0.1 unless HOST is given."),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        help="What the page asks for. Default: nothing on localhost, else one that is made up.",
    ),
]


@app.command("new", cls=Command)
def new_command(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="The empty sheet: a scan or an exported picture.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FORM", help="The form's file. Default: PICTURE with .toml for its suffix."),
    ] = None,
    serve: Serve = "8010",
    token: Token = None,
    force: Force = False,
) -> None:
    """Draw the fields of a form in the browser.

    Fields are drawn with mouse or finger, named, and repeated as a grid; the places between the sheet's own lines are
    offered as a first draft. Save writes the file, which can be changed by hand as well.

    Example: mnist-edge form new marks.png
    """
    from mnist_edge.atomic_files import refuse_overwrite
    from mnist_edge.camera.forms.web import drawing_server

    file = output or picture.with_suffix(".toml")
    refuse_overwrite(file, force)
    _serve_until_stopped(drawing_server(picture, file, serve, token))


@app.command("review", cls=Command)
def review_command(
    pages: Pages,
    serve: Serve = "8010",
    token: Token = None,
    collect: Annotated[
        Path | None,
        typer.Option("--collect", metavar="DIR", help="Keep reviewed digits, for: mnist-edge train small --extra DIR"),
    ] = None,
) -> None:
    """Review doubtful values in the browser.

    The least sure come first. Enter keeps what is shown, digits correct it, arrows move, u takes back. Several people
    may take part. What was said is on the disk at once; Ctrl-C ends the server.

    Example: mnist-edge form review marks.sqlite --collect collected
    """
    from mnist_edge.camera.forms.collect_reviews import collect_reviews
    from mnist_edge.camera.forms.page_file import open_pages
    from mnist_edge.camera.forms.reviews import Reviews
    from mnist_edge.camera.forms.web import Training, review_server
    from mnist_edge.cli.form_training import Teach, why_not

    with open_pages(pages) as opened:
        model = opened.database.execute("SELECT model FROM form").fetchone()[0]
        why = why_not(collect)
        training = Training(None, why)
        if collect and not why:
            training = Training(Teach(model, collect), prepare=partial(collect_reviews, opened, collect))
        try:
            _serve_until_stopped(review_server(opened, serve, token, training=training))
        finally:
            training.end()
            # What a run that was killed has left as well.
            if collect and (added := collect_reviews(opened, collect)):
                note(f"kept {added:,} digits in {collect}")
        found = Reviews(opened).progress()
        note(f"{found['reviewed']:,} values reviewed, {found['left']:,} left; the table: mnist-edge form table {pages}")


@app.command("table", cls=Command)
def table_command(
    pages: Pages,
    output: Annotated[Path, typer.Argument(metavar="TABLE", help="A .csv, .jsonl or .parquet file.")],
    force: Force = False,
) -> None:
    """Write a table, one row a page and one column a field.

    What people said in a review stands in it; the column review names the fields at which somebody must still look.

    Example: mnist-edge form table marks.sqlite marks.csv
    """
    from mnist_edge.camera.forms.form_table import write_table
    from mnist_edge.camera.forms.page_file import open_pages

    with open_pages(pages) as opened:
        rows = write_table(opened, output, force)
    note(f"wrote {rows:,} rows to {output}")


def _serve_until_stopped(server: WebServer) -> None:
    """Serve until a signal asks for the end."""
    from mnist_edge.camera.signals import stop_on_signals

    with log_to(note), stop_on_signals() as stop, server:
        while not stop.requested:
            time.sleep(TICK_SECONDS)
