"""How stable the live reading is, on a generated video with hand motion, blur and changing light.

Run as `make steady`. Sheets with digits of the data set, written with another pen, are held before a camera, one after
the other: swapped from one frame to the next, wiped away, or after a blank. The real loop reads them. The bounds:

- of the frames later than half a second after a sheet came, at least 98 % show exactly its digits, each at its place;
- each digit gives one `appeared` and one `gone`, and there are no others.

Only digits that a person recognises are written (`clear_glyphs`). The tracker's settings were chosen on the validation
split's digits with seeds below 100; the test split's with seeds from 2000 are reported.
"""

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.camera.events import Event
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import FrameReader, run
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.sources.fake.film import Film, Moment
from mnist_edge.camera.sources.fake.motion import CameraShake
from mnist_edge.camera.sources.fake.sheets import Glyph
from mnist_edge.camera.view import View
from mnist_edge.dataset import Split, load
from mnist_edge.errors import DataError
from mnist_edge.models.pages.tracing import is_legible, trace
from mnist_edge.normalisation import normalise
from mnist_edge.opencv import cv2
from mnist_edge.progress import Progress
from mnist_edge.reading import Digit
from mnist_edge.strokes import Pen, Stroke, render

MIN_EXACT = 0.98
SETTLE_SECONDS = 0.5
FRAMES, RATE, WIDTH, HEIGHT = 1500, 25.0, 640, 480
FIRST_SEED, SEEDS = 2000, 5
# Blurred by up to eight pixels where a digit is 60 to 100 high; light and focus come and go.
SHAKE = CameraShake(
    drift=0.03, jerk=0.055, calm_seconds=0.9, turn=3.5, zoom=0.04, tremble=0.004, exposure=0.035, defocus=3.5,
    dimmest=0.4, shadow=0.5, noise=6.0,
)  # fmt: skip
# Heights of digits, as shares of the picture's: 38 to 72 pixels.
SIZES = 0.08, 0.15
# A digit is clear if so many training images, those most like it, all have its label, and are so like it in the mean.
NEIGHBOURS, USUAL = 10, 0.93
# They are written so many pixels high with this pen to be compared.
WRITTEN, PEN = 60, Pen(5.5)
# Images that are tried for the next clear one.
TRIES = 1000
# Distance from its true centre at which a digit may be shown, as a share of its longer side: no neighbour is as near.
PLACE = 0.35


@dataclass(frozen=True, slots=True)
class Steadiness:
    """The outcome of one video.

    Attributes:
        seed: Seed of the video.
        frames: Frames that count: those later than half a second after a sheet came.
        exact: How many of these showed exactly the true digits.
        digits: Digits on all sheets with frames that count.
        appeared: How many digits appeared so many times, by the number of times.
        gone: How many digits went so many times, by the number of times.
        changed: How many times a label changed.
        false: How many times something else appeared: another label or another place.
        read_exactly: How many of the frames that count the reader alone read exactly, without the tracker.
    """

    seed: int
    frames: int
    exact: int
    digits: int
    appeared: dict[int, int]
    gone: dict[int, int]
    changed: int
    false: int
    read_exactly: int

    @property
    def share(self) -> float:
        """Share of the frames that were shown exactly, 0 to 1."""
        return self.exact / max(self.frames, 1)

    def broken(self) -> list[str]:
        """Return one sentence for each bound that does not hold."""
        appeared, gone = (times.get(1, 0) for times in (self.appeared, self.gone))
        bounds = {
            f"{self.share:.2%} of the frames are shown exactly, not {MIN_EXACT:.0%}": self.share >= MIN_EXACT,
            f"{appeared} of {self.digits} digits appeared once": self.appeared == {1: self.digits},
            f"{gone} of {self.digits} digits went once": self.gone == {1: self.digits},
            f"{self.false} others appeared": not self.false,
        }
        return [what for what, holds in bounds.items() if not holds]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types, with the shares and the bounds that do not hold."""
        shares = {"share": round(self.share, 4), "share_of_reader": round(self.read_exactly / max(self.frames, 1), 4)}
        return asdict(self) | shares | {"broken": self.broken()}


def steady_film(split: Split, training: Split, seed: int) -> Film:
    """Return a video with the clear digits of a split; see `clear_glyphs`."""
    return Film(clear_glyphs(split, training), WIDTH, HEIGHT, RATE, seed, SHAKE, sizes=SIZES)


def clear_glyphs(split: Split, training: Split) -> Glyph:
    """Return digits of a data set as strokes, without those that a person might take for another.

    A digit is clear if others write it much like that, and the images most like its strokes all have its label. No
    network takes part in this decision.

    Raises:
        DataError: While a sheet is drawn: hardly any digit is clear.
    """
    known = _as_vectors(training.images[..., 0])

    def glyph(rng: np.random.Generator) -> tuple[int, list[Stroke]]:
        for index in rng.integers(0, len(split), TRIES).tolist():
            image, label = split.images[index, :, :, 0], int(split.labels[index])
            if not is_legible(image, label):
                continue
            strokes = trace(image)
            drawn = normalise(render([WRITTEN * stroke for stroke in strokes], PEN, rng)[0])
            alike = known @ _as_vectors(drawn[None])[0]
            nearest = np.argpartition(-alike, NEIGHBOURS)[:NEIGHBOURS]
            if alike[nearest].mean() > USUAL and (training.labels[nearest] == label).all():
                return label, strokes
        raise DataError(f"of {TRIES} images not one is clear when it is written large: use MNIST")

    return glyph


def _as_vectors(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Images of shape (n, 28, 28) as rows of length 1, softened so that a small shift does little."""
    soft = np.stack([cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.0).ravel() for image in images])
    return np.asarray(soft / np.linalg.norm(soft, axis=1, keepdims=True), np.float32)


def measure_steadiness(film: Film, reader: FrameReader, frames: int = FRAMES, seed: int = 0) -> Steadiness:
    """Read a video with the real loop, and compare views and events with the truth."""
    comparison, source = _Comparison(film), ArraySource(map(film.frame, range(frames)), rate=film.rate)
    run(source, reader, events=[comparison], views=[comparison])
    return comparison.result(seed)


@dataclass(slots=True)
class _Comparison:
    """A sink that compares what the loop gives with the truth."""

    film: Film
    frames: int = 0
    exact: int = 0
    read_exactly: int = 0
    expected: set[tuple[int, int]] = field(default_factory=set)
    owners: dict[int | None, tuple[int, int]] = field(default_factory=dict)
    reported: dict[str, Counter[tuple[int, int]]] = field(
        default_factory=lambda: {"appeared": Counter(), "gone": Counter()}
    )
    changed: int = 0
    false: int = 0

    def show(self, view: View) -> None:
        moment, truth = self.film.moment(view.frame.number), self.film.truth(view.frame.number)
        if not _is_settled(moment):
            return
        self.expected.update((moment.page, index) for index in range(len(truth)))
        self.frames += 1
        self.exact += _same(truth, view.digits)
        self.read_exactly += _same(truth, view.reading.digits)

    def write(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.event == "appeared":
                self._appeared(event)
            elif event.event == "gone" and event.digit.track in self.owners:
                self.reported["gone"][self.owners[event.digit.track]] += 1
            self.changed += event.event == "changed"

    def _appeared(self, event: Event) -> None:
        digit = event.digit
        moment, truth = self.film.moment(event.frame), self.film.truth(event.frame)
        for index in _at(digit, truth):
            if truth[index].label == digit.label:
                self.owners[event.digit.track] = moment.page, index
                self.reported["appeared"][moment.page, index] += 1
                return
        self.false += 1

    def result(self, seed: int) -> Steadiness:
        appeared, gone = (
            dict(sorted(Counter(self.reported[kind][digit] for digit in self.expected).items()))
            for kind in ("appeared", "gone")
        )
        return Steadiness(
            seed,
            self.frames,
            self.exact,
            len(self.expected),
            appeared,
            gone,
            self.changed,
            self.false,
            self.read_exactly,
        )


def _is_settled(moment: Moment) -> bool:
    return not moment.blank and not moment.slide and moment.since > SETTLE_SECONDS


def _same(truth: Sequence[Digit], shown: Sequence[Digit]) -> bool:
    """Whether each true digit is shown once at its place, and nothing else is."""
    if len(truth) != len(shown):
        return False
    found = [next((index for index in _at(digit, truth) if truth[index].label == digit.label), -1) for digit in shown]
    return sorted(found) == list(range(len(truth)))


def _at(digit: Digit, truth: Sequence[Digit]) -> Iterator[int]:
    """The true digits, mostly one or none, at whose place a digit is shown."""
    x, y = digit.box.centre
    for index, true in enumerate(truth):
        reach = PLACE * max(true.box.width, true.box.height)
        true_x, true_y = true.box.centre
        if abs(true_x - x) <= reach and abs(true_y - y) <= reach:
            yield index


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("--frames", type=int, default=FRAMES, help=f"frames of a video, 25 a second ({FRAMES})")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"videos ({SEEDS})")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help=f"seed of the first ({FIRST_SEED})")
    parser.add_argument("--split", choices=("validation", "test"), default="test", help="whose digits (test)")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    data, reader = load(), Reader()
    split = data.test if options.split == "test" else data.validation
    found = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        found.append(measure_steadiness(steady_film(split, data.training, seed), reader, options.frames, seed))
        progress(len(found), options.seeds, f"{found[-1].share:.4f}")
    videos = [video.to_json() for video in found]
    return Result(
        {"data": data.name, "split": options.split, "model": reader.model, "videos": videos},
        [f"video {video.seed}: {', '.join(video.broken())}" for video in found if video.broken()],
    )
