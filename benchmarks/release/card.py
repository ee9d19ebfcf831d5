"""The card of a model that ships, made of measured figures: `make release` and `make docs` write them."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.release.markdown import filled, table
from mnist_edge.benchmarks.release.measured import read_instructions
from mnist_edge.benchmarks.released import read_released

PACKAGE = Path(__file__).resolve().parents[2] / "models" / "shipped"
# Mistakes that fit into a table; `models show NAME --mistakes` draws more.
LISTED = 12
# Characters of a column of figures.
COLUMN = 6


def card(name: str, figures: dict[str, Any], instructions: dict[str, dict[str, int]]) -> str:
    """Return the model card, Markdown."""
    summary = figures["recipe"]["summary"]
    test = figures["recipe"]["data"]
    return "\n\n".join(
        (
            f"# {name}",
            f"{summary[0].upper()}{summary[1:]}.\n"
            "Input: one 28x28 image, 0 = background, full ink at the top of the range. Output: ten probabilities.",
            _files(name, figures),
            f"{_trained(len(figures['seeds']))} Test: {test['test']:,} images of {test['name']}.",
            _seeds(figures),
            _facts(name, figures, instructions),
            f"What each digit of the test images was read as (int8):\n\n{_confusion(figures['confusion'])}",
            f"Test accuracy, %, under perturbations (int8):\n\n{_robustness(figures['robustness']['curves'])}",
            f"The worst mistakes (images counted from 0); `mnist-edge models show {name} --mistakes FILE.png` draws "
            f"them and more:\n\n"
            f"{_mistakes(figures['mistakes'][:LISTED])}\n",
        )
    )


def write_cards() -> None:
    """Write the card of every model that has figures."""
    for name, text in cards().items():
        write_text(PACKAGE / f"{name}.md", text)


def cards() -> dict[str, str]:
    """Return the card of every model that has figures, by the model's name."""
    instructions = read_instructions()
    return {name: card(name, figures, instructions) for name, figures in read_released().items()}


def _files(name: str, figures: dict[str, Any]) -> str:
    rows = []
    for kind, facts in figures["files"].items():
        latency, right = facts.get("latency"), ""
        if "correct" in facts:
            right = f"{facts['accuracy']:.2%} ({facts['correct']:,} right)"
        f1 = f"{figures['photos']['f1']:.3f}" if kind == "int8" and figures["photos"] else ""
        time = f"{latency['median_us']:.1f} us, {latency['device']}" if latency else ""
        rows.append((f"`{name}.{kind}{'' if kind == 'keras' else '.tflite'}`", right, f1, f"{facts['bytes']:,}", time))
    head = ("file", f"{figures['recipe']['data']['name']} test accuracy", "F1 on photographs", "bytes")
    return table((*head, "invoke, median"), rows)


def _trained(seeds: int) -> str:
    if seeds == 1:
        return "Trained once."
    return f"Trained with {seeds} seeds; the one that is best on the validation images ships."


def _seeds(figures: dict[str, Any]) -> str:
    runs = [
        {
            **run,
            "name": f"{run['seed']}{', ships' if run['seed'] == figures['shipped_seed'] else ''}",
            "drop": 100 * (run["accuracy"] - run["int8_accuracy"]),
        }
        for run in figures["seeds"]
    ]
    head = "seed | validation | test, float | test, int8 | int8 drop | answers differ | epoch kept | minutes"
    template = (
        "{name} | {val_accuracy:.2%} | {accuracy:.2%} | {int8_accuracy:.2%} | {drop:+.2f} points | {disagreements} | "
        "{kept_epoch} of {epochs} | {minutes:.0f}"
    )
    text = filled(runs, head, template)
    if len(runs) > 1:
        means = {key: mean(run[key] for run in runs) for key in ("val_accuracy", "accuracy", "int8_accuracy", "drop")}
        template = "**mean** | {val_accuracy:.3%} | {accuracy:.3%} | **{int8_accuracy:.3%}** | {drop:+.3f} points"
        text += f"\n| {template.format(**means)} |  |  |  |"
    return text


def _facts(name: str, figures: dict[str, Any], instructions: dict[str, dict[str, int]]) -> str:
    recipe, parity, calibration = figures["recipe"], figures["parity"], figures["calibration"]
    data = recipe["data"]
    rows = [
        ("cost", f"{figures['parameters']:,} parameters, {figures['macs']:,} multiply-accumulates an image"),
        (
            "data",
            f"{data['name']}: {data['training']:,} training images; {data['validation']:,} validation images chose "
            f"epoch, seed, temperature and threshold; {data['test']:,} test images were only reported on",
        ),
        ("recipe", _recipe(name, recipe)),
        (
            "parity",
            f"int8 and the float model as trained differ on {_count(parity['disagreements'], 'test image')} "
            f"(McNemar's exact p = {parity['p_value']:.2f})",
        ),
        (
            "calibration",
            f"temperature {calibration['temperature']:g}; expected calibration error "
            f"{calibration['ece_before']:.2%} before, {calibration['ece']:.2%} after",
        ),
        ("refusal", _refusal(figures["refusal"])),
    ]
    counts = {cpu: found[name] for cpu, found in instructions.items() if name in found}
    if counts:
        rows.insert(
            1, ("instructions", "; ".join(f"{count:,} ({cpu})" for cpu, count in counts.items()) + ", emulated")
        )
    if figures.get("boxes"):
        rows.append(("boxes of the finder", _boxes(figures["boxes"])))
    if figures["photos"]:
        rows.append(("photographs", _photos(figures["photos"])))
    return table(("", ""), rows)


def _recipe(name: str, recipe: dict[str, Any]) -> str:
    parts = [
        f"`mnist-edge train {name}`: {recipe['epochs']} epochs, batches of {recipe['batch_size']}, "
        f"Adam from {recipe['learning_rate']:g}"
    ]
    if recipe["weight_decay"]:
        parts.append(f"weight decay {recipe['weight_decay']:g}")
    if recipe["augmentation"]:
        gentle = f", gentle in the last {recipe['gentle_share']:.0%}" if recipe["gentle_share"] else ""
        parts.append(f"augmentation `{recipe['augmentation']}`{gentle}")
    parts.append(f"teacher `{recipe['teacher']}`" if recipe["teacher"] else "no teacher")
    if crops := recipe.get("crops"):
        parts.append(
            f"{crops['digits']:,} crops of digits and {crops['others']:,} of other things that a reader cut out of "
            f"generated pages, {crops['for_each_digit']:g} of them for each digit of MNIST"
        )
    if recipe["non_digits"]:
        drawn, digits = recipe["non_digits"]["drawn"], 1 / recipe["non_digits"]["for_each_digit"]
        parts.append(f"{drawn:,} drawn non-digits labelled uniformly, one for each {digits:.0f} digits")
    return "; ".join(parts)


def _refusal(refusal: dict[str, Any]) -> str:
    if not refusal["from_file"]:
        return "none: the file has no threshold"
    chosen = refusal["chosen"]
    kinds = ", ".join(f"{kind} {share:.1%}" for kind, share in refusal["by_kind"].items())
    return (
        f"below a score of {chosen['threshold']:.3f}: {chosen['refused_digits']:.2%} of the test images, "
        f"{chosen['refused_non_digits']:.1%} of {refusal['non_digits']:,} non-digits ({kinds})"
    )


def _boxes(boxes: dict[str, Any]) -> str:
    before, after = boxes["before"]["held_out_accuracy"], boxes["after"]["held_out_accuracy"]
    return (
        f"taught {boxes['images']:,} boxes that the finder saw on generated pages, {boxes['no_digits']:,} of them no "
        f"digits; right, or refused where it is no digit, on {after:.1%} of {boxes['held_out']:,} held-out ones, "
        f"{before:.1%} before"
    )


def _photos(photos: dict[str, Any]) -> str:
    return (
        f"{photos['right']:,} labels right of {photos['matched']:,} digits found in {photos['photos']} pictures by "
        f"other people; F1 {photos['f1']:.3f}, precision {photos['precision']:.3f}, "
        f"recall {photos['recall']:.3f}; {photos['false_per_negative']:.2f} false digits in a picture without any"
    )


def _confusion(confusion: Sequence[Sequence[int]]) -> str:
    rows = [("true", *map(str, range(10)))]
    rows += [(f"{true}", *(f"{count}" if count else "." for count in row)) for true, row in enumerate(confusion)]
    return _block(rows)


def _robustness(curves: Sequence[dict[str, Any]]) -> str:
    rows = []
    for curve in curves:
        rows.append((f"{curve['name']}, {curve['unit']}", *(f"{step:g}" for step in curve["steps"])))
        rows.append(("", *(f"{100 * share:.1f}" for share in curve["accuracy"])))
    return _block(rows)


def _mistakes(mistakes: Sequence[dict[str, Any]]) -> str:
    rows = [
        ("test image", *(f"{mistake['index']}" for mistake in mistakes)),
        ("true", *(f"{mistake['true']}" for mistake in mistakes)),
        ("read as", *(f"{mistake['said']}" for mistake in mistakes)),
        ("sure, %", *(f"{100 * mistake['confidence']:.1f}" for mistake in mistakes)),
    ]
    return _block(rows)


def _block(rows: Sequence[Sequence[str]]) -> str:
    """Rows of figures under each other, as a terminal and a browser both show them."""
    first = max(len(row[0]) for row in rows)
    lines = [row[0].ljust(first) + "".join(cell.rjust(COLUMN) for cell in row[1:]) for row in rows]
    return "```text\n" + "\n".join(line.rstrip() for line in lines) + "\n```"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
