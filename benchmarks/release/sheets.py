"""Generated forms: blank sheets of several kinds, filled with digits of the test images, photographed badly."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.forms.checks import luhn
from mnist_edge.dataset import Split
from mnist_edge.opencv import cv2

Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass
class Drawn:
    """A blank sheet: its picture, its file, and the box of each field."""

    picture: Image
    boxes: dict[str, Box] = field(default_factory=dict)
    celled: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=lambda: ["form = 1", 'blank = "blank.png"'])

    def add(self, name: str, label: str, box: Box, rules: str, cells: int = 0, frame: bool = True) -> None:
        """Print a field with its label, and write it into the file."""
        x, y, width, height = box
        if frame:
            cv2.rectangle(self.picture, (x, y), (x + width, y + height), (60, 60, 60), 2)
        else:
            cv2.line(self.picture, (x, y + height), (x + width, y + height), (60, 60, 60), 2)
        for cell in range(1, cells):
            place = x + width * cell // cells
            cv2.line(self.picture, (place, y), (place, y + height), (130, 130, 130), 1)
        cv2.putText(self.picture, label, (x - 12 * len(label) - 20, y + height - 14), FONT, 0.65, (30, 30, 30), 2)
        self.boxes[name] = box
        if cells:
            self.celled.add(name)
        self.lines += ["[[field]]", f'name = "{name}"', f"box = {list(box)}", *rules.split("; ")]

    def save(self, folder: Path) -> Path:
        """Write the sheet and its file."""
        cv2.imwrite(str(folder / "blank.png"), self.picture)
        (folder / "form.toml").write_text("\n".join(self.lines) + "\n")
        return folder / "form.toml"


def _page(title: str, width: int = 1000, height: int = 1414) -> Drawn:
    drawn = Drawn(np.full((height, width, 3), 255, np.uint8))
    cv2.putText(drawn.picture, title, (70, 110), FONT, 1.3, (20, 20, 20), 3)
    cv2.putText(drawn.picture, "Write clearly, one digit in each place", (70, 160), FONT, 0.6, (40, 40, 40), 1)
    cv2.putText(drawn.picture, f"{title} / sheet 1 of 1", (70, height - 60), FONT, 0.6, (40, 40, 40), 1)
    return drawn


def marks() -> Drawn:
    """A marking sheet: a number of cells, eight marks and their sum."""
    drawn = _page("Marking sheet, paper B")
    drawn.add("student", "Student no.", (320, 230, 360, 70), "digits = 6", cells=6)
    parts = [f"q{number}" for number in range(1, 9)]
    for number, name in enumerate(parts):
        box = (250 + 400 * (number % 2), 380 + 110 * (number // 2), 130, 70)
        drawn.add(name, f"Question {number + 1}", box, 'pattern = "##?"; max = 20; empty = "0"')
    drawn.add("total", "Total", (650, 860, 180, 80), 'pattern = "##?#?"; max = 160')
    drawn.lines += ["[[sum]]", f"of = {parts}", 'is = "total"']
    return drawn


def meter() -> Drawn:
    """A meter card: lines to write on, a time, and a check digit."""
    drawn = _page("Meter reading card", 1200, 850)
    drawn.add("meter", "Meter number", (350, 220, 480, 70), 'digits = 8; check = "luhn"', cells=8)
    drawn.add("reading", "Reading kWh", (350, 360, 400, 80), "digits = 6", frame=False)
    drawn.add("hour", "Time, hours", (350, 500, 150, 70), "digits = 2; max = 23")
    drawn.add("minute", "minutes", (700, 500, 150, 70), "digits = 2; max = 59")
    drawn.add("persons", "Persons", (350, 640, 120, 70), 'pattern = "##?"; min = 1; empty = "blank"', frame=False)
    return drawn


def table() -> Drawn:
    """A table of twelve rows with two columns."""
    drawn = _page("Stock list, store 7")
    for row in range(12):
        y = 240 + 84 * row
        drawn.add(f"code{row}", f"Row {row + 1}", (250, y, 270, 84), "digits = 4")
        drawn.add(f"count{row}", "", (520, y, 220, 84), 'pattern = "##?#?"; empty = "blank"')
    return drawn


def scores() -> Drawn:
    """A score card: two players, nine rounds each and their sums."""
    drawn = _page("Score card", 1200, 850)
    for player in range(2):
        y = 260 + 240 * player
        parts = [f"p{player}r{number}" for number in range(9)]
        for number, name in enumerate(parts):
            drawn.add(name, "", (170 + 92 * number, y, 92, 90), 'pattern = "##?"; max = 15')
        drawn.add(f"p{player}", "", (1020, y, 130, 90), 'pattern = "##?#?"; max = 135')
        cv2.putText(drawn.picture, f"Player {player + 1}", (40, y + 60), FONT, 0.65, (30, 30, 30), 2)
        drawn.lines += ["[[sum]]", f"of = {parts}", f'is = "p{player}"']
    return drawn


def parcel() -> Drawn:
    """A parcel note: two postcodes in cells, a weight with a point, an amount, and a number with a check digit."""
    drawn = _page("Parcel note", 1200, 850)
    drawn.add("from", "Postcode of sender", (420, 220, 350, 72), "digits = 5", cells=5)
    drawn.add("to", "Postcode of receiver", (420, 330, 350, 72), "digits = 5", cells=5)
    drawn.add("weight", "Weight, grams", (420, 450, 260, 76), 'pattern = "###?#?"; min = 10; max = 9999')
    drawn.add("amount", "Amount in cents", (420, 570, 300, 76), 'pattern = "###?#?#?"; empty = "blank"', frame=False)
    drawn.add("number", "Number", (760, 680, 400, 76), 'digits = 8; check = "luhn"')
    return drawn


def survey() -> Drawn:
    """A survey: fourteen answers of one digit in small boxes, a year and a room."""
    drawn = _page("Survey of rooms")
    for number in range(14):
        box = (330 + 420 * (number % 2), 240 + 110 * (number // 2), 64, 64)
        drawn.add(f"a{number}", f"Question {number + 1}", box, "digits = 1; min = 1; max = 6")
    drawn.add("year", "Year", (330, 1060, 240, 76), "digits = 4; min = 1900; max = 2030", cells=4)
    drawn.add("room", "Room", (330, 1180, 200, 76), 'pattern = "##?#?"; empty = "blank"', frame=False)
    return drawn


def marks_truth(rng: np.random.Generator) -> dict[str, str]:
    """Values of a marking sheet; what is not marked is left empty."""
    parts = {f"q{number}": str(rng.integers(0, 21)) for number in range(1, 9)}
    truth = {"student": f"{rng.integers(0, 10**6):06}", **parts, "total": str(sum(map(int, parts.values())))}
    return truth | {name: "" for name in parts if parts[name] == "0"}


def meter_truth(rng: np.random.Generator) -> dict[str, str]:
    """Values of a meter card."""
    stem = f"{rng.integers(0, 10**7):07}"
    number = next(stem + str(last) for last in range(10) if luhn(stem + str(last)))
    hour, minute, reading = rng.integers(24), rng.integers(60), rng.integers(10**6)
    persons = str(rng.integers(0, 13) or "")
    return {"meter": number, "reading": f"{reading:06}", "hour": f"{hour:02}", "minute": f"{minute:02}"} | {
        "persons": persons
    }


def table_truth(rng: np.random.Generator) -> dict[str, str]:
    """Values of a table; some rows have no count."""
    truth = {}
    for row in range(12):
        truth[f"code{row}"] = f"{rng.integers(10**4):04}"
        truth[f"count{row}"] = str(rng.integers(1, 10 ** rng.integers(1, 4))) if rng.random() < 0.8 else ""
    return truth


def scores_truth(rng: np.random.Generator) -> dict[str, str]:
    """Values of a score card."""
    truth: dict[str, str] = {}
    for player in range(2):
        rounds = rng.integers(0, 16, 9)
        truth |= {f"p{player}r{number}": str(value) for number, value in enumerate(rounds)}
        truth[f"p{player}"] = str(rounds.sum())
    return truth


def parcel_truth(rng: np.random.Generator) -> dict[str, str]:
    """Values of a parcel note; some have no amount."""
    stem = f"{rng.integers(0, 10**7):07}"
    return {
        "from": f"{rng.integers(10**5):05}",
        "to": f"{rng.integers(10**5):05}",
        "weight": str(rng.integers(10, 10**4)),
        "amount": str(rng.integers(10, 10**5)) if rng.random() < 0.7 else "",
        "number": next(stem + str(last) for last in range(10) if luhn(stem + str(last))),
    }


def survey_truth(rng: np.random.Generator) -> dict[str, str]:
    """Values of a survey."""
    answers = {f"a{number}": str(rng.integers(1, 7)) for number in range(14)}
    room = str(rng.integers(1, 400)) if rng.random() < 0.8 else ""
    return answers | {"year": str(rng.integers(1900, 2031)), "room": room}


KINDS = {
    "marks": (marks, marks_truth),
    "meter": (meter, meter_truth),
    "table": (table, table_truth),
    "scores": (scores, scores_truth),
    "parcel": (parcel, parcel_truth),
    "survey": (survey, survey_truth),
}


def fill(drawn: Drawn, truth: dict[str, str], digits: Split, rng: np.random.Generator) -> Image:
    """Return the sheet with values in its fields."""
    page = drawn.picture.copy()
    for name, text in truth.items():
        write(page, drawn.boxes[name], text, digits, rng, celled=name in drawn.celled)
    return page


def write(page: Image, box: Box, text: str, digits: Split, rng: np.random.Generator, *, celled: bool = False) -> None:
    """Write a value into a box with digits of the data set, as a hand does: unevenly, and never quite in the middle."""
    x, y, width, height = box
    tall = height * rng.uniform(0.55, 0.8)
    step = width / max(len(text), 1)
    if not celled:
        step = min(step, tall * rng.uniform(0.9, 1.15))
    left = x + max(0.0, width - step * len(text)) * rng.uniform(0.2, 0.8)
    ink = np.array(rng.choice([(90, 40, 30), (40, 40, 40), (120, 50, 40)]))
    for number, character in enumerate(text):
        image = digits.images[rng.choice(np.flatnonzero(digits.labels == int(character))), ..., 0]
        # The digit of MNIST takes 20 of 28 pixels.
        side = round(tall * rng.uniform(0.92, 1.05) * 28 / 20)
        mask = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.float32)[..., None] / 255
        top = round(y + (height - side) / 2 + rng.uniform(-0.06, 0.06) * height)
        start = round(left + step * (number + 0.5) - side / 2 + rng.uniform(-0.03, 0.03) * step)
        place = page[top : top + side, start : start + side]
        place[:] = np.clip(place * (1 - mask) + np.minimum(place, ink) * mask, 0, 255)


def photograph(page: Image, rng: np.random.Generator, turn: float = 0.0, side: int = 1800, badly: bool = True) -> Image:
    """Photograph a page on a table: tilted, in perspective, with a shadow, unsharp and noisy."""
    height, width = page.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    angle = np.radians(turn + rng.uniform(-5, 5))
    rotation = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    seen = (corners - np.array((width, height)) / 2) @ rotation.T
    wide, high = np.ptp(seen, axis=0)
    frame = (side, round(side * 0.75)) if wide > high else (round(side * 0.75), side)
    seen = seen * 0.92 * min(frame[0] / wide, frame[1] / high) + np.array(frame) / 2
    seen += rng.uniform(-0.03, 0.03, (4, 2)) * side * badly
    view = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    ground = np.full((frame[1], frame[0], 3), rng.integers(50, 110, 3), np.uint8)
    paper = cv2.warpPerspective(page, view, frame, dst=ground, borderMode=cv2.BORDER_TRANSPARENT, flags=cv2.INTER_AREA)
    if badly:
        paper = cv2.GaussianBlur(paper, (0, 0), rng.uniform(0.4, 1.3))
    across, down = np.meshgrid(np.linspace(0, 1, frame[0]), np.linspace(0, 1, frame[1]))
    slope = rng.uniform(-0.25, 0.25, 2)
    light = 0.85 + slope[0] * (across - 0.5) + slope[1] * (down - 0.5)
    edge = 1 / (1 + np.exp(-(across + rng.uniform(-0.6, 0.6) * down - rng.uniform(0.3, 1.0)) * 60))
    light = light * (1 - 0.4 * edge * badly)
    noisy = paper * light[..., None] + rng.normal(0, 5, paper.shape)
    noisy = np.clip(noisy, 0, 255).astype(np.uint8)
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], 1), np.uint8)
