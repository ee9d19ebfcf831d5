"""What a suite has found: one row a contender, beside the reference, the floor and the other engines."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.suite.engines import COPIED_BYTES, COPY, DOT_PRODUCTS, KERNELS, OURS
from mnist_edge.benchmarks.suite.networks import Network
from mnist_edge.benchmarks.suite.ratios import Ratio, noise_of, ratio
from mnist_edge.benchmarks.suite.turns import Contender

# Same weights: a float form that decides otherwise on more than this share is another network. Quantisation moves
# more, above all of networks that were fitted briefly.
LEAST_AGREEMENT = {"float32": 0.999, "float16": 0.995}
LEAST_QUANTISED = 0.97


@dataclass(frozen=True, slots=True)
class Row:
    """One contender's figures.

    Attributes:
        network: Name of the network.
        precision: Of its file.
        engine: Name of the engine.
        version: Its version.
        threads: CPU threads.
        size_bytes: Size of the file, or files.
        invoke_us: The network alone; median of the rounds.
        classify_us: A 28x28 image to a digit: with what the engine's user does before and after.
        samples: How many times the clock was read for `invoke_us`.
        to_ours: Beside the same network's int8 file in ai-edge-litert on as many threads; None where there is none.
        verdict: `faster`, `slower` or `no difference`, of `to_ours`; empty where there is none.
        to_floor: `invoke_us` to the least that the machine needs; None where that is not known, or on more threads.
        init_ms: Loading the file.
        first_ms: The first run.
        cold_ms: From the start of Python to the end of the first run; None where the process had run others.
        peak_rss_mb: Most memory of that process then.
        accuracy: Share of right digits among the images.
        agreement: Share of images that it decides on as the float network in Keras, or else in ai-edge-litert.
        rounds: Medians of all rounds, microseconds, by action.
    """

    network: str
    precision: str
    engine: str
    version: str
    threads: int
    size_bytes: int
    invoke_us: float
    classify_us: float
    samples: int
    to_ours: Ratio | None
    verdict: str
    to_floor: float | None
    init_ms: float
    first_ms: float
    cold_ms: float | None
    peak_rss_mb: float | None
    accuracy: float
    agreement: float
    rounds: dict[str, list[float]]

    @property
    def same(self) -> bool:
        """Whether it decides as the network does: otherwise its time is another network's."""
        return self.agreement >= LEAST_AGREEMENT.get(self.precision, LEAST_QUANTISED)

    def to_json(self) -> dict[str, Any]:
        """Convert to plain JSON types."""
        return asdict(self) | {"to_ours": self.to_ours.to_json() if self.to_ours else None, "same": self.same}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Row":
        """Convert back."""
        values = {name: value for name, value in document.items() if name != "same"}
        return cls(**{**values, "to_ours": Ratio(**document["to_ours"]) if document["to_ours"] else None})


@dataclass(frozen=True, slots=True)
class Results:
    """What a suite has found.

    Attributes:
        rows: One a contender that could be measured.
        absent: Why others could not: what, and the reason.
        noise: How far from 1 two copies of the same came, interval included.
        macs_per_us: Int8 multiply-accumulates a microsecond, one thread; None where they were not measured.
        bytes_per_us: Copied from cache to cache, one thread; likewise.
        networks: What they are: name, origin and multiply-accumulates.
        images: On so many all decided.
        data: Name of the data set.
        environment: Machine, versions and settings.
    """

    rows: tuple[Row, ...]
    absent: tuple[tuple[str, str], ...]
    noise: float
    macs_per_us: float | None
    bytes_per_us: float | None
    networks: tuple[tuple[str, str, int], ...]
    images: int
    data: str
    environment: dict[str, Any]

    def find(self, network: str, precision: str, engine: str = OURS, threads: int = 1) -> Row | None:
        """Look up a row; None where it was not measured."""
        wanted = network, precision, engine, threads
        return next((r for r in self.rows if (r.network, r.precision, r.engine, r.threads) == wanted), None)

    def to_json(self) -> dict[str, Any]:
        """Convert to plain JSON types."""
        return {
            "environment": self.environment,
            "data": self.data,
            "images": self.images,
            "noise": round(self.noise, 4),
            "kernels": {"macs_per_us": self.macs_per_us, "bytes_per_us": self.bytes_per_us},
            "networks": [{"name": name, "origin": origin, "macs": macs} for name, origin, macs in self.networks],
            "rows": [row.to_json() for row in self.rows],
            "absent": [{"what": what, "why": why} for what, why in self.absent],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Results":
        """Convert back."""
        return cls(
            rows=tuple(map(Row.from_json, document["rows"])),
            absent=tuple((row["what"], row["why"]) for row in document["absent"]),
            noise=document["noise"],
            macs_per_us=document["kernels"]["macs_per_us"],
            bytes_per_us=document["kernels"]["bytes_per_us"],
            networks=tuple((row["name"], row["origin"], row["macs"]) for row in document["networks"]),
            images=document["images"],
            data=document["data"],
            environment=document["environment"],
        )


def summarise(
    networks: Sequence[Network],
    contenders: Sequence[Contender],
    labels: NDArray[np.uint8],
    data: str,
    environment: dict[str, Any],
) -> Results:
    """Compare what was measured.

    Args:
        networks: What was prepared.
        contenders: As `measure` leaves them.
        labels: Of the images that all decided on.
        data: Name of the data set.
        environment: Machine, versions and settings.
    """
    measured = [one for one in contenders if one.error is None and one.rounds]
    kernels = {one.engine: one for one in measured if one.engine in KERNELS and one.threads == 1}
    dots, copy = kernels.get(DOT_PRODUCTS), kernels.get(COPY)
    rates = (dots.macs / dots.us() if dots else None, COPIED_BYTES / copy.us() if copy else None)
    noise = _noise(measured)
    own = [one for one in measured if not one.twin and one.engine not in KERNELS]
    errors = {one.key: one.error for one in contenders if one.error and not one.twin}
    missing = {
        f"{network.name} as {' '.join(key)}": why for network in networks for key, why in network.missing.items()
    }
    return Results(
        rows=tuple(_row(one, own, labels, noise, rates) for one in own),
        absent=tuple({**missing, **errors}.items()),
        noise=noise,
        macs_per_us=round(rates[0], 1) if rates[0] else None,
        bytes_per_us=round(rates[1], 1) if rates[1] else None,
        networks=tuple((network.name, network.origin, network.macs) for network in networks),
        images=len(labels),
        data=data,
        environment=environment,
    )


def _noise(measured: Sequence[Contender]) -> float:
    twin = next((one for one in measured if one.twin), None)
    if twin is None:
        return 0.0
    other = next(one for one in measured if one.key == twin.key.removesuffix(" twin"))
    return noise_of(ratio(twin.rounds["invoke"], other.rounds["invoke"]))


def _row(
    one: Contender,
    all_of_them: Sequence[Contender],
    labels: NDArray[np.uint8],
    noise: float,
    rates: tuple[float | None, float | None],
) -> Row:
    beside = [other for other in all_of_them if other.network == one.network]
    ours = next((o for o in beside if (o.engine, o.precision, o.threads) == (OURS, "int8", one.threads)), None)
    to_ours = ratio(one.rounds["invoke"], ours.rounds["invoke"]) if ours and ours is not one else None
    floats = {o.engine: o for o in beside if o.precision == "float32" and len(o.decisions) >= len(one.decisions)}
    truth = floats.get("keras") or floats.get(OURS) or one
    decisions = np.array(one.decisions)
    size = one.path.stat().st_size + (one.path.with_suffix(".bin").stat().st_size if one.engine == "ncnn" else 0)
    return Row(
        network=one.network,
        precision=one.precision,
        engine=one.engine,
        version=one.version,
        threads=one.threads,
        size_bytes=size,
        invoke_us=round(one.us(), 2),
        classify_us=round(one.us("classify"), 2),
        samples=one.samples["invoke"],
        to_ours=to_ours,
        verdict=to_ours.verdict(noise) if to_ours else "",
        to_floor=_to_floor(one, ours, rates),
        init_ms=round(one.init_ms, 3),
        first_ms=round(one.first_ms, 3),
        cold_ms=round(one.cold_ms, 1) if one.cold_ms else None,
        peak_rss_mb=round(one.peak_rss_mb, 1) if one.peak_rss_mb else None,
        accuracy=round(float((decisions == labels[: len(decisions)]).mean()), 4),
        agreement=round(float((decisions == np.array(truth.decisions[: len(decisions)])).mean()), 4),
        rounds={action: [round(us, 3) for us in times] for action, times in one.rounds.items()},
    )


def _to_floor(one: Contender, ours: Contender | None, rates: tuple[float | None, float | None]) -> float | None:
    """How many times the least: all its multiplications at the rate of int8 dot products, or all weights moved once."""
    macs_per_us, bytes_per_us = rates
    if one.threads != 1 or ours is None or macs_per_us is None or bytes_per_us is None:
        return None
    return round(one.us() / max(one.macs / macs_per_us, ours.path.stat().st_size / bytes_per_us), 2)
