"""Fetch the typefaces that crowded pages are written with, from the packages of Fontsource.

Needs npm. `hand/` gets typefaces that imitate handwriting, `print/` others, and `script/` letters of other scripts,
each with its licence: the SIL Open Font License 1.1, or the Apache License 2.0. Nothing of them is part of this
package; networks are trained on what they draw.
"""

import subprocess
import tarfile
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.harness.tool import run_tool, tool_parser
from mnist_edge.errors import DownloadError, PackageMissing

FOLDER = Path("runs/typefaces")
# Packages that are fetched at a time: npm waits for most of it.
AT_ONCE = 6
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
# A package and the part of it that has the letters. Parts of East Asian ones have numbers, the most common signs last.
SCRIPT = """
amatic-sc/hebrew bad-script/cyrillic caveat/cyrillic comforter/cyrillic comic-relief/greek great-vibes/cyrillic
hachi-maru-pop/cyrillic marck-script/cyrillic neucha/cyrillic pacifico/cyrillic pangolin/cyrillic playpen-sans/greek
shantell-sans/cyrillic lobster/cyrillic klee-one/cyrillic
inter/greek jetbrains-mono/cyrillic noto-sans/greek noto-serif/cyrillic open-sans/hebrew oswald/cyrillic
playfair-display/cyrillic pt-serif/cyrillic roboto/greek eb-garamond/greek
gveret-levin/hebrew noto-sans-hebrew/hebrew playpen-sans-hebrew/hebrew rubik/hebrew
amiri/arabic aref-ruqaa/arabic noto-sans-arabic/arabic playpen-sans-arabic/arabic
dekko/devanagari kalam/devanagari poppins/devanagari tillana/devanagari
charm/thai charmonman/thai itim/thai mali/thai noto-sans-thai/thai playpen-sans-thai/thai sriracha/thai
klee-one/119 yomogi/119 yuji-boku/119 yusei-magic/119 zen-kurenaido/119 noto-sans-jp/119 hachi-maru-pop/119
klee-one/116 yuji-boku/115 yomogi/117 noto-sans-jp/117
liu-jian-mao-cao/117 liu-jian-mao-cao/118 long-cang/118 zhi-mang-xing/118
east-sea-dokdo/118 gaegu/117 gamja-flower/118 hi-melody/118 nanum-brush-script/118 nanum-pen-script/117
noto-sans-kr/118 poor-story/118 single-day/117
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch what is not there yet into FOLDER."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help=f"where to put them; {FOLDER} by default")
    return run_tool(parser, _fetch_all, arguments)


def _fetch_all(arguments: Namespace) -> None:
    missing = []
    for kind, entries in (("hand", HAND), ("print", PRINT), ("script", SCRIPT)):
        folder = arguments.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        for entry in entries.split():
            name, _, part = entry.partition("/")
            target = folder / f"{entry.replace('/', '-')}.woff"
            if not target.exists():
                missing.append((name, part or "latin", target))
    executor = ThreadPoolExecutor(AT_ONCE)
    try:
        for target in executor.map(_fetch, *zip(*missing, strict=True)) if missing else ():
            print(target, flush=True)
    finally:
        executor.shutdown(cancel_futures=True)


def _fetch(name: str, part: str, target: Path) -> Path:
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
            prefix = f"package/files/{name}-{part}-"
            fonts = sorted(one for one in archive.getnames() if one.startswith(prefix) and one.endswith("-normal.woff"))
            if not fonts or "package/LICENSE" not in archive.getnames():
                raise DownloadError(f"the package of {name} lacks a licence, or {part}; take it out of the list")
            # The plain weight, where there is one.
            font = next((one for one in fonts if one.startswith(f"{prefix}400-")), fonts[0])
            # The typeface last: what is there has its licence.
            for source, path in (("package/LICENSE", target.with_suffix(".LICENSE")), (font, target)):
                member = archive.extractfile(source)
                assert member, source
                write_bytes(path, member.read())
    return target
