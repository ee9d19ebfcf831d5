"""What was read on filled forms, as a file of SQLite: pages are added, people review them, tables are made of it."""

import base64
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import refuse_overwrite
from mnist_edge.camera.forms.copies import RECENT, alike
from mnist_edge.camera.forms.form import Field, Form, Sum
from mnist_edge.camera.forms.pattern import parse_pattern
from mnist_edge.camera.forms.values import MIN_TRUST
from mnist_edge.errors import OutputError, UsageError

SUFFIX = ".sqlite"
# Of the tables below; PRAGMA user_version. The application's number, "mnef" in ASCII, tells the file from others.
VERSION, APPLICATION = 2, 0x6D6E6566
# How long a writer waits for another one.
BUSY_SECONDS = 10.0
TABLES = """
CREATE TABLE form (id TEXT NOT NULL, name TEXT NOT NULL, model TEXT NOT NULL,
    min_trust REAL NOT NULL);
CREATE TABLE sums (parts TEXT NOT NULL, total TEXT NOT NULL);
CREATE TABLE fields (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, pattern TEXT, least REAL, most REAL,
    checked TEXT NOT NULL, empty TEXT);
CREATE TABLE pictures (source TEXT PRIMARY KEY, error TEXT);
CREATE TABLE pages (number INTEGER PRIMARY KEY, picture TEXT NOT NULL REFERENCES pictures, source TEXT NOT NULL,
    fits INTEGER NOT NULL, reason TEXT NOT NULL, fit REAL NOT NULL, fingerprint BLOB NOT NULL,
    better INTEGER REFERENCES pages);
CREATE TABLE readings (number INTEGER PRIMARY KEY, page INTEGER NOT NULL REFERENCES pages,
    field INTEGER NOT NULL REFERENCES fields, value TEXT NOT NULL, trust REAL NOT NULL, outcome TEXT NOT NULL,
    reason TEXT NOT NULL, settled INTEGER NOT NULL, alternatives TEXT NOT NULL, crop BLOB NOT NULL,
    digits TEXT NOT NULL, own TEXT NOT NULL, answer TEXT, review INTEGER NOT NULL DEFAULT 0,
    collected INTEGER NOT NULL DEFAULT 0,
    UNIQUE (page, field));
CREATE INDEX waiting ON readings (settled, trust) WHERE answer IS NULL;
CREATE TABLE reviews (number INTEGER PRIMARY KEY AUTOINCREMENT, reading INTEGER NOT NULL REFERENCES readings,
    value TEXT, reviewer TEXT NOT NULL, time TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));
CREATE VIEW answers AS SELECT pages.number AS page, source, name AS field,
    coalesce(answer, CASE WHEN settled THEN value END) AS value, answer IS NOT NULL AS reviewed, trust
    FROM readings JOIN pages ON pages.number = page JOIN fields ON fields.number = field WHERE better IS NULL;
"""


@dataclass(frozen=True, slots=True)
class PageFile:
    """An open file.

    Attributes:
        database: One connection; one thread at a time may use it.
        path: The file.
    """

    database: sqlite3.Connection
    path: Path

    @property
    def fields(self) -> list[Field]:
        """The form's fields, without their places."""
        columns = "name, pattern, least, most, checked, empty"
        nowhere = ((0.0, 0.0),) * 4
        return [
            Field(name, nowhere, parse_pattern(pattern) if pattern else None, *rules)
            for name, pattern, *rules in self.database.execute(f"SELECT {columns} FROM fields ORDER BY number")
        ]

    @property
    def sums(self) -> list[Sum]:
        """What must add up."""
        found = self.database.execute("SELECT parts, total FROM sums ORDER BY rowid")
        return [Sum(tuple(json.loads(parts)), total) for parts, total in found]

    @property
    def min_trust(self) -> float:
        """Values with less trust are left to a person."""
        return float(self.database.execute("SELECT min_trust FROM form").fetchone()[0])

    def has(self, source: str) -> bool:
        """Whether a picture has its pages in the file already, or the reason why it cannot be read."""
        return bool(self.database.execute("SELECT 1 FROM pictures WHERE source = ?", (source,)).fetchone())

    def add(self, picture: dict[str, Any]) -> int:
        """Add all pages of a picture at once; of pictures of one page that follow one another, the best counts.

        Args:
            picture: `source`, with `pages`, a list of `page_document`, or `error`, why it cannot be read.

        Returns:
            How many pages were there already, in this picture or in one before it.

        Raises:
            OutputError: The file cannot be written.
        """
        copies = 0
        with self.writing() as database:
            database.execute("INSERT INTO pictures VALUES (?, ?)", (picture["source"], picture.get("error")))
            for page in picture.get("pages", ()):
                mark = base64.b64decode(page["fingerprint"])
                row = (picture["source"], page["source"], page["fits"], page["reason"], page["fit"], mark)
                copied = self._copied(mark)
                added = database.execute("INSERT INTO pages VALUES (NULL, ?, ?, ?, ?, ?, ?, NULL)", row)
                readings = enumerate(page["fields"].values())
                database.executemany(
                    "INSERT INTO readings (page, field, value, trust, outcome, reason, settled, alternatives, crop, "
                    "digits, own) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (_reading(added.lastrowid, number, one) for number, one in readings),
                )
                if copied:
                    copies += 1
                    worse, best = sorted((copied, int(added.lastrowid or 0)), key=self._worth)
                    database.execute("UPDATE pages SET better = ? WHERE number = ?", (best, worse))
        return copies

    def _copied(self, mark: bytes) -> int | None:
        """Return the number of a page before this one that is the same by its fingerprint."""
        recent = self.database.execute(
            "SELECT number, fingerprint FROM pages WHERE better IS NULL ORDER BY number DESC LIMIT ?", (RECENT,)
        )
        return next((number for number, other in recent if alike(mark, other)), None)

    def _worth(self, page: int) -> tuple[int, float]:
        """How well a page was read: what somebody has reviewed before anything else."""
        found = self.database.execute(
            "SELECT count(answer) > 0, sum(settled), avg(trust) FROM readings WHERE page = ?", (page,)
        )
        reviewed, settled, trust = found.fetchone()
        return (10**6 if reviewed else 0) + settled, trust

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One change of the file: whole, or not at all; raises `OutputError` where it cannot be written."""
        try:
            with self.database:
                self.database.execute("BEGIN IMMEDIATE")
                yield self.database
        except sqlite3.OperationalError as error:
            raise OutputError(f"{self.path} cannot be written: {error}") from None


def _reading(page: int | None, field: int, one: dict[str, Any]) -> tuple[Any, ...]:
    return (
        page, field, one["value"], one["trust"], one["outcome"], one["reason"], one["settled"],
        json.dumps(one["alternatives"]), base64.b64decode(one["crop"]), json.dumps(one["digits"]),
        json.dumps(one["own"]),
    )  # fmt: skip


@contextmanager
def create_pages(
    path: Path, form: Form, model: str, min_trust: float = MIN_TRUST, *, resume: bool = False, force: bool = False
) -> Iterator[PageFile]:
    """Make a file for the pages of a form, or go on with one.

    Args:
        path: The file.
        form: What is read.
        model: Name of the model that reads.
        min_trust: Values with less trust are left to a person; a file that is gone on with keeps its own.
        resume: Go on with the file, if it is there.
        force: Replace it.

    Raises:
        OutputError: It exists already, or cannot be written.
        UsageError: The file to go on with is of another form or model.
    """
    if path.exists() and resume:
        with open_pages(path) as pages:
            kept = pages.database.execute("SELECT name, model FROM form").fetchone()
            if kept != (form.name, model) or [one.name for one in pages.fields] != [one.name for one in form.fields]:
                raise UsageError(f"{path} has pages of the form {kept[0]} by {kept[1]}; name another file for these")
            yield pages
        return
    refuse_overwrite(path, force)
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with _connected(path, "rwc") as pages, pages.database as database:
        for statement in TABLES.split(";\n"):
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {APPLICATION}")
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("INSERT INTO form VALUES (?, ?, ?, ?)", (secrets.token_hex(4), form.name, model, min_trust))
        sums = ((json.dumps(one.parts), one.total) for one in form.sums)
        database.executemany("INSERT INTO sums VALUES (?, ?)", sums)
        rows = (
            (number, one.name, one.pattern and one.pattern.text, one.least, one.most, one.check, one.empty)
            for number, one in enumerate(form.fields)
        )
        database.executemany("INSERT INTO fields VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        database.commit()
        yield pages


@contextmanager
def open_pages(path: Path) -> Iterator[PageFile]:
    """Open a file of pages.

    Raises:
        UsageError: It is missing, or is no such file.
    """
    advice = "make one with: mnist-edge read --form FORM.toml SCANS --output PAGES.sqlite"
    if not path.is_file():
        raise UsageError(f"there is no file {path}; {advice}")
    with _connected(path, "rw") as pages:
        if (wrong := _wrong(pages.database)) is not None:
            raise UsageError(f"{path} has no pages of a form in it{wrong}; {advice}")
        yield pages


def _wrong(database: sqlite3.Connection) -> str | None:
    """Why a database is no file of pages; None where it is one."""
    try:
        application, version = (
            database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
    except sqlite3.DatabaseError as error:
        return f" ({error})"
    if application != APPLICATION:
        return ""
    return None if version == VERSION else " as this version of the program writes it"


@contextmanager
def _connected(path: Path, mode: str) -> Iterator[PageFile]:
    """Connect in WAL mode, in which readers never wait and what was committed outlives any kill of the process."""
    try:
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, check_same_thread=False
        )
    except sqlite3.OperationalError as error:
        raise OutputError(f"{path} cannot be opened: {error}") from None
    with closing(database):
        # What is committed is on the disk, so that a power cut loses nothing either.
        with suppress(sqlite3.DatabaseError):
            for pragma in ("synchronous = FULL", "foreign_keys = ON", "journal_mode = WAL"):
                database.execute(f"PRAGMA {pragma}")
        yield PageFile(database, path)
