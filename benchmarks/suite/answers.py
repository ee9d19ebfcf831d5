"""A process of the suite answers: each line of its standard input a request, each line that it prints the answer."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO


def answer_all(bench: object, acts: Sequence[str]) -> None:
    """Answer requests until there are no more; what libraries print meanwhile goes to standard error.

    Args:
        bench: Does what is asked for.
        acts: Names of its methods that may be.
    """
    answers = _private_stdout()
    for line in sys.stdin:
        print(json.dumps(answer(bench, acts, json.loads(line))), file=answers, flush=True)


def answer(bench: object, acts: Sequence[str], request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks for, by its `do`; what goes wrong is the answer's `error`."""
    try:
        done: dict[str, Any] = getattr(bench, acts[acts.index(request.pop("do"))])(**request)
        return done
    # Engines raise whatever they like, and each failure is a result.
    except Exception as error:
        return {"error": " ".join(str(error).split())[:300] or type(error).__name__}


def _private_stdout() -> TextIO:
    """Return what standard output was, and let everybody else's prints go to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers
