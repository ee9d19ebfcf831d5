"""`python -m mnist_edge.benchmarks.pi`."""

import sys

from mnist_edge.benchmarks.harness.entry import run_package

sys.exit(run_package("mnist_edge.benchmarks.pi"))
