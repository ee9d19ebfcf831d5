"""`python -m mnist_edge.benchmarks.endurance.faults`."""

import sys

from mnist_edge.benchmarks.endurance.faults.inject import main

sys.exit(main())
