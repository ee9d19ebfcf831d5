"""Fetch pictures without digits, which a finder must stay silent on, from packages of Debian.

Needs apt-get and dpkg-deb; it downloads 525 MB and keeps about 75. Each picture becomes a JPEG of at most 1280 pixels;
SOURCES.md lists where each comes from, and each package's licences lie beside it. Nothing of them is part of this
package; networks are trained on what they show.
"""

import re
import subprocess
import tempfile
import zipfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.harness.tool import run_tool, tool_parser
from mnist_edge.errors import DownloadError, PackageMissing
from mnist_edge.opencv import cv2

FOLDER = Path("runs/negatives")
# Packages and the licences of their pictures, as their copyright files name them.
PACKAGES = {
    "lomiri-wallpapers-16.04": ("CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC0-1.0"),
    "lomiri-wallpapers-20.04": ("CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC0-1.0"),
    "mate-backgrounds": ("GPL-2+", "CC-BY-SA-4.0"),
    "plasma-workspace-wallpapers": ("GPL-2+",),
    "ufoai-textures": ("GPL-2+", "GPL-2", "GPL-3+", "CC-BY-3.0", "CC-BY-SA-3.0", "Expat", "public-domain"),
    "ukui-wallpapers": ("CC-BY-SA-3.0",),
}
# Parts of a path that do not tell pictures apart.
COMMON = {"usr", "share", "backgrounds", "wallpapers", "contents", "images", "textures", "games", "ufoai", "base"}
# Of a texture: what a shader reads, which no camera sees. Of a wallpaper: its small preview.
NOT_SEEN = re.compile(r"(_(nm|sm|gm|rm|am|bump|norm|spec|local|luma|glow)\d?|screenshot)$")
# Left out after a look at all pictures, by how their names go on after the package's; one reason a group.
LEFT_OUT = re.compile(
    r"^(ufoai-textures-tex_|ukui-wallpapers-|lomiri-wallpapers-16.04-)("
    # Numbers: containers, a scoreboard, signs, doors, a telephone, number plates, prices, a version.
    r"misc-container|misc-display|misc-toxic|misc-phone|base-tank|vehicles-consite|vehicles-truck_b|mattn-automat"
    r"|mattn-(container|door027|door054)|buildings-ind05b|focal"
    # Small print, labels, dials and notices, which may hold numbers.
    r"|misc-(advert|rail_|vehentpan|box003|box007|box01[04]|box02[234]|office|sign_parkbld)|furniture-(kitchen|wash)"
    r"|mattn-(door028|door03|door04|door05[17]|door06|notes|subway|tech|art005|gully|wall_grates)"
    r"|doors-(door012|elevator)|buildings-metal_cover"
    r"|alienb-ab_screens|tech-|ufo-ufo2_1[3-5]|ctp1-(misc_y|tool)|trak-vertpanel|vehicles-spocar|pics-|shop-"
    # Shapes that a reader may well take for digits: leaves that stand as 1 and 0, marks of lanes, a clock.
    r"|nature-leaves2|streets-(2l|street11)|alienb-ab_(obj_b\d|powercore_pls)|greentock)"
)
# Pixels: smaller pictures are left out, larger ones are made smaller.
LEAST_SIDE, LONGEST_SIDE = 256, 1280
QUALITY = 90
# Of 4,096 colours: a picture with fewer is flat art.
LEAST_COLOURS = 24
# Correlation of two pictures at 16x16 pixels, from which on they are the same picture twice.
SAME = 0.97


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch all pictures into FOLDER."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help=f"where to put them; {FOLDER} by default")
    return run_tool(parser, _fetch_all, arguments)


def _fetch_all(arguments: Namespace) -> None:
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# Where the pictures come from", ""]
    known: list[NDArray[np.float32]] = []
    for package, licences in PACKAGES.items():
        kept = _fetch(package, licences, folder, known)
        lines += [f"## {package}: {len(kept)} pictures", "", f"{', '.join(licences)}; see {package}.LICENCES.", ""]
        lines += [*(f"- {name}.jpg" for name in kept), ""]
        print(f"{package}: {len(kept)} pictures", flush=True)
    write_bytes(folder / "SOURCES.md", "\n".join(lines).encode())


def _fetch(package: str, licences: Sequence[str], folder: Path, known: list[NDArray[np.float32]]) -> list[str]:
    """The names of what was kept of a package; `known` grows by what it looks like."""
    with tempfile.TemporaryDirectory() as temporary:
        root = _unpack(package, Path(temporary))
        terms = root / "usr/share/doc" / package / "copyright"
        text = terms.read_text(errors="replace") if terms.exists() else ""
        if missing := [licence for licence in licences if licence not in text]:
            raise DownloadError(f"{package} does not name the licence {', '.join(missing)}; take it out of the list")
        write_bytes(folder / f"{package}.LICENCES", text.encode())
        kept = []
        for name, content in _pictures(root, package):
            image, thumbnail = _shrink(content)
            if image is None or any(float(one @ thumbnail) > SAME for one in known):
                continue
            known.append(thumbnail)
            write_bytes(folder / f"{name}.jpg", image)
            kept.append(name)
    return kept


def _unpack(package: str, folder: Path) -> Path:
    _call(package, ["apt-get", "download", "-qq", package], folder)
    (packed,) = folder.glob("*.deb")
    _call(package, ["dpkg-deb", "-x", packed.name, "root"], folder)
    return folder / "root"


def _call(package: str, command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        raise PackageMissing(f"{command[0]} is not installed; run this on Debian or a relative of it") from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise DownloadError(f"{package} could not be fetched ({' '.join(reason)}); try again") from None


def _pictures(root: Path, package: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents; of a picture in several sizes, the largest."""
    largest: dict[str, bytes] = {}
    for path, content in _files(root):
        parts = [part for part in path.with_suffix("").parts if part not in COMMON]
        name = re.sub(r"[_-]*\d{3,4}x\d{3,4}$", "", "-".join([package, *parts]))
        if NOT_SEEN.search(name) or LEFT_OUT.search(name):
            continue
        if len(content) > len(largest.get(name, b"")):
            largest[name] = content
    yield from sorted(largest.items())


def _files(root: Path) -> Iterator[tuple[Path, bytes]]:
    suffixes = {".jpg", ".jpeg", ".png", ".webp"}
    for path in sorted(root.rglob("*")):
        if path.suffix == ".pk3":
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    if Path(member).suffix in suffixes:
                        yield Path(member), archive.read(member)
        elif path.suffix in suffixes and path.is_file() and not path.is_symlink():
            yield path.relative_to(root), path.read_bytes()


def _shrink(content: bytes) -> tuple[bytes | None, NDArray[np.float32]]:
    """A JPEG, or None for what is too small or flat, and what it looks like: 256 greys of mean 0 and length 1."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None or min(image.shape[:2]) < LEAST_SIDE:
        return None, np.zeros(256, np.float32)
    if (factor := LONGEST_SIDE / max(image.shape[:2])) < 1:
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    small = cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA) >> 4
    colours = len(np.unique(small.reshape(-1, 3) @ np.array((256, 16, 1))))
    grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (16, 16), interpolation=cv2.INTER_AREA)
    thumbnail = grey.astype(np.float32).ravel() - np.float32(grey.mean())
    thumbnail /= max(float(np.linalg.norm(thumbnail)), 1.0)
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    return encoded if colours >= LEAST_COLOURS else None, thumbnail
