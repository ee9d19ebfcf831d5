"""`python -m mnist_edge.benchmarks.faults`."""

import sys

from mnist_edge.benchmarks.faults.inject import main

sys.exit(main())
