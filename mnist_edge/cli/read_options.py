"""The options of `mnist-edge read`."""

from pathlib import Path
from typing import Annotated

import typer

from mnist_edge.cli.options import complete_models

Images = Annotated[
    list[str], typer.Argument(metavar="IMAGE", help="Picture and video files, folders, globs, or - for standard input.")
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="MODEL",
        autocompletion=complete_models,
        help="A .tflite file or the name of a model that ships.",
    ),
]
MinConfidence = Annotated[
    float | None, typer.Option("--min-confidence", min=0, max=1, metavar="P", help="Refuse digits less sure than this.")
]
Recursive = Annotated[bool, typer.Option("--recursive", help="Look into the folders of folders too.")]
Annotate = Annotated[
    Path | None, typer.Option("--annotate", metavar="DIR", help="Also draw what was read: NAME.annotated.png.")
]
Explain = Annotated[
    Path | None,
    typer.Option(
        "--explain",
        metavar="DIR",
        help="Also draw all stages on one sheet, to see why a digit was missed: NAME.explained.png.",
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help="Also write what was read as labels.json, to correct and score with benchmark --photos.",
    ),
]
MaxMegapixels = Annotated[
    float,
    typer.Option("--max-megapixels", metavar="MP", min=0.001, max=1000, help="Refuse pictures and videos with more."),
]
Details = Annotated[bool, typer.Option("--details", help="Draw refused ink too, with the reason.")]
Every = Annotated[
    float | None,
    typer.Option("--every", metavar="SECONDS", help="Give a reading of a video so often. Default: once a second."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON Lines, one document an image.")]
Text = Annotated[bool, typer.Option("--text", help="Print the text alone, one line a row.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, one line a digit.")]
ARCHIVES = "Archives"
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        metavar="FILE",
        rich_help_panel=ARCHIVES,
        help="Write a row for each picture to a .jsonl or .parquet file or address, with all cores, instead of "
        "printing; with --form the values of a form to a .sqlite file.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        max=1024,
        rich_help_panel=ARCHIVES,
        help="Processes that read for --output. Default: one for each core.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        rich_help_panel=ARCHIVES,
        help="Read with the workers of a Dask cluster, such as tcp://10.0.0.5:8786, instead of this machine.",
    ),
]
Resume = Annotated[
    bool,
    typer.Option("--resume", rich_help_panel=ARCHIVES, help="Go on with --output: read what has no row in it yet."),
]
