"""Letters, signs and scribbles in the same hand as the digits: what a reader of digits must leave alone."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from mnist_edge.strokes import Stroke, resample

# One stroke a word, one point a pair: x and y as hexadecimal digits on a grid where capitals reach from y 0 to 8,
# small letters from 4 to 8 and tails to b.
GLYPHS = {
    "a": "4424050718384645 434758",
    "b": "0008 0624454728070605",
    "c": "452414050718283847",
    "d": "44240507183846 404758",
    "e": "06464534240507183847",
    "f": "41302021222428 1444",
    "g": "442405071838464544 45484a2b1b0a",
    "h": "000408 0605142434454648",
    "i": "040708 0102",
    "j": "2425282a1b0b 2122",
    "k": "000408 440648",
    "l": "000406070818",
    "m": "040608 0514242528 2634444548",
    "n": "040608 061424344548",
    "o": "2414050718283847453424",
    "p": "04080b 051434454738180705",
    "q": "442405071838464544 44484b",
    "r": "040608 0605142434",
    "s": "4434140516263647381808",
    "t": "2022272838 0444",
    "u": "0406071828374644 444648",
    "v": "042844",
    "w": "0418253844",
    "x": "0448 4408",
    "y": "0406071828374644 44484a2b1b0a",
    "z": "04440848",
    "A": "082048 1535",
    "C": "412010020618283847",
    "E": "4000040848 0434",
    "F": "400008 0434",
    "H": "0008 4048 0444",
    "K": "0008 40040548",
    "L": "000848",
    "M": "0800254048",
    "N": "08004840",
    "P": "0008 003041433404",
    "R": "0008 003041433404 2448",
    "T": "0040 2028",
    "U": "0006182838464440",
    "W": "0018243840",
    "+": "0545 2327",
    "-": "0545",
    "=": "0444 0646",
    "/": "3009",
    ":": "2526 2728",
    ".": "2728",
    "*": "0347 4307 2228",
    "(": "3020110307182939",
    ")": "0010213327180909",
    ",": "28291a",
    "$": "4130110213334446371706 2029",
    "#": "1008 4038 0343 0545",
    "%": "4008 00102112010100 3747483637",
}
SMALL, CAPITALS, SIGNS = "abcdefghijklmnopqrstuvwxyz", "ACEFHKLMNPRTUW", "+++---==:.*/()"
MORE_SIGNS = ",$#%"
# Letters for beside a digit: none that looks like a digit.
ALONE = "acdefhkmnprtuvwxyACEFHKMNPRW"
# Short and common words, most of letters that look like digits.
_WORDS = """
a i is it in ill of oil off to lots on so no go do he his the hello world this that all will well still list total sum
left right side line lines name date time page note notes book class school math test exam table chapter value result
width high low day days of week month year list item items cost price paid rest buy sell milk bread eggs call mom dad
love you and for are with from have not but what were when your can said there use each which she how their if other
about out many then them these some her would make like him into has look two more write see number way could people
my than first water been who its now find long down get come may part soil bill silly
"""
WORDS = _WORDS.split()
CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxyz", "aeiou"


@cache
def write(sign: str) -> tuple[Stroke, ...]:
    """The strokes of a letter or sign; capitals are 1 high, with the base line at y 1 and the left at x 0.

    Args:
        sign: A key of `GLYPHS`.
    """
    return tuple(_curve(word) for word in GLYPHS[sign].split())


def invent_word(rng: np.random.Generator) -> str:
    """Two to eight letters that can be spoken, now and then with a capital."""
    sounds = CONSONANTS, VOWELS
    letters = [str(rng.choice(list(sounds[index % 2]))) for index in range(int(rng.integers(2, 9)))]
    if rng.random() < 0.3:
        letters[0] = str(rng.choice(list(CAPITALS)))
    return "".join(letters)


def scribble(rng: np.random.Generator) -> list[Stroke]:
    """A line that wanders and loops inside a box of about 1 by 1."""
    turns = np.cumsum(rng.normal(0, 0.5, 150)) + rng.choice([-1, 1]) * np.linspace(0, rng.uniform(20, 60), 150)
    path = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], axis=1), axis=0)
    path -= path.min(axis=0)
    return [_rounded(path / path.max())]


def warp(strokes: Sequence[Stroke], rng: np.random.Generator, amount: float = 0.06) -> list[Stroke]:
    """The same strokes as a hand would write them another time: a little slanted, bent and off.

    Args:
        strokes: About 1 high.
        rng: Decides how.
        amount: By how much, as a share of the height.
    """
    a, b, c, d = rng.normal(0, amount, 4)
    phases = rng.uniform(0, 6.3, 4)
    shaped = []
    for stroke in strokes:
        x, y = stroke.T
        bent_x = x * (1 + a) + b * y + amount * np.sin(4 * y + phases[0]) + 0.4 * amount * np.sin(9 * x + phases[1])
        bent_y = y * (1 + c) + d * x + amount * np.sin(4 * x + phases[2]) + 0.4 * amount * np.sin(9 * y + phases[3])
        shaped.append(np.stack([bent_x, bent_y], axis=1))
    return shaped


def _curve(word: str) -> Stroke:
    points = np.array([(int(x, 16), int(y, 16)) for x, y in zip(word[::2], word[1::2], strict=True)], float) / 8
    return resample(_rounded(points), 0.05)


def _rounded(points: Stroke) -> Stroke:
    """A path with its corners cut twice (Chaikin, "An algorithm for high speed curve generation", 1974)."""
    for _ in range(2):
        near, far = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        inner = np.stack([near, far], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], inner[1:-1], points[-1:]])
    return points
