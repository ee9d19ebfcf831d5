"""Fetch the typefaces that crowded pages are written with, from the packages of Fontsource.

Needs npm. `hand/` gets typefaces that imitate handwriting and `print/` others, each with its licence: the SIL Open Font
License 1.1, or the Apache License 2.0. Nothing of them is part of this package; networks are trained on what they draw.
"""

import subprocess
import tarfile
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.harness.tool import run_tool, tool_parser
from mnist_edge.errors import DownloadError, PackageMissing

FOLDER = Path("runs/typefaces")
HAND = """
alex-brush allura amatic-sc annie-use-your-telescope architects-daughter babylonica bad-script ballet bilbo
bilbo-swash-caps birthstone borel calligraffitti carattere cause caveat caveat-brush cedarville-cursive charm
charmonman clicker-script comforter comic-neue comic-relief coming-soon cookie corinthia courgette
covered-by-your-grace crafty-girls damion dancing-script dawning-of-a-new-day dekko delicious-handrawn delius
eagle-lake east-sea-dokdo edu-nsw-act-foundation edu-qld-beginner edu-sa-beginner edu-tas-beginner
edu-vic-wa-nt-beginner estonia explora felipa finger-paint fondamento fuzzy-bubbles gaegu gamja-flower
give-you-glory gloria-hallelujah gochi-hand grape-nuts great-vibes gwendolyn handlee herr-von-muellerhoff hi-melody
homemade-apple hubballi hurricane indie-flower inspiration island-moments itim just-another-hand
just-me-again-down-here kalam kaushan-script kavivanar kings klee-one kolker-brush kranky kristi la-belle-aurore
league-script leckerli-one licorice life-savers liu-jian-mao-cao long-cang love-ya-like-a-sister loved-by-the-king
lovers-quarrel luxurious-script mali mansalva marck-script mea-culpa meddon merienda miss-fajardose
monsieur-la-doulaise montez moon-dance mr-bedfort mr-dafoe mr-de-haviland mrs-saint-delafield my-soul mynerve
nanum-brush-script nanum-pen-script nerko-one neucha norican nothing-you-could-do oooh-baby over-the-rainbow pangolin
passions-conflict patrick-hand patrick-hand-sc permanent-marker petit-formal-script pinyon-script playpen-sans
playwrite-at playwrite-br playwrite-ca playwrite-cu playwrite-de-grund playwrite-es playwrite-fr-moderne playwrite-in
playwrite-it-moderna playwrite-nz playwrite-pl playwrite-us-trad poor-story princess-sofia puppies-play quintessential
qwigley rancho redressed reenie-beanie rock-salt romanesco rouge-script ruge-boogie ruthie sacramento sassy-frass
satisfy schoolbell seaweed-script sedgwick-ave sedgwick-ave-display send-flowers shadows-into-light
shadows-into-light-two shantell-sans short-stack single-day smooch sofia solway square-peg sriracha stalemate
sue-ellen-francisco sunshiney swanky-and-moo-moo tangerine the-girl-next-door the-nautigal tillana twinkle-star updock
vibur vujahday-script waiting-for-the-sunrise walter-turncoat water-brush waterfall whisper yellowtail yesteryear
yomogi zen-kurenaido zen-loop zeyada zhi-mang-xing
"""
PRINT = """
abril-fatface alfa-slab-one allerta-stencil anton bebas-neue black-ops-one cormorant-garamond courier-prime
crimson-text cutive-mono dm-mono eb-garamond inconsolata inter jetbrains-mono lora merriweather montserrat noto-sans
noto-serif nunito open-sans orbitron oswald overpass-mono playfair-display poppins pt-mono pt-sans pt-serif quicksand
roboto roboto-condensed roboto-mono roboto-slab rubik saira-stencil-one share-tech-mono source-code-pro space-mono
special-elite stardos-stencil vt323 work-sans zilla-slab
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch what is not there yet into FOLDER."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help=f"where to put them; {FOLDER} by default")
    return run_tool(parser, _fetch_all, arguments)


def _fetch_all(arguments: Namespace) -> None:
    for kind, names in (("hand", HAND), ("print", PRINT)):
        folder = arguments.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        for name in names.split():
            if not (folder / f"{name}.woff").exists():
                _fetch(name, folder)
                print(folder / f"{name}.woff", flush=True)


def _fetch(name: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        try:
            subprocess.run(
                ["npm", "pack", "--silent", f"@fontsource/{name}"], cwd=temporary, check=True, capture_output=True
            )
        except FileNotFoundError:
            raise PackageMissing("npm is not installed; install it, such as with: apt install npm") from None
        except subprocess.CalledProcessError as error:
            reason = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise DownloadError(f"the package of {name} could not be fetched ({' '.join(reason)}); try again") from None
        (packed,) = Path(temporary).glob("*.tgz")
        with tarfile.open(packed) as archive:
            fonts = sorted(one for one in archive.getnames() if one.endswith("-normal.woff") and "latin" in one)
            if "package/LICENSE" not in archive.getnames():
                raise DownloadError(f"the package of {name} carries no licence; take it out of the list")
            # The plain weight, where there is one.
            font = next((one for one in fonts if "-latin-400-" in one), fonts[0])
            for source, target in ((font, f"{name}.woff"), ("package/LICENSE", f"{name}.LICENSE")):
                member = archive.extractfile(source)
                assert member, source
                write_bytes(folder / target, member.read())
