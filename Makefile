# make quickstart   the whole path on this machine        make check   lint and types
# make test         all tests                             make fix     format and mend
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# OpenCV with windows needs the system's libGL; where that is missing, the headless build does all but the window.
OPENCV := $(shell $(PYTHON) -c "import ctypes; ctypes.CDLL('libGL.so.1')" 2>/dev/null && echo camera || echo headless)

.PHONY: install quickstart test check fix wheel cross-runtime recipes release measure instructions fuzz loop-cost steady soak faults reading-time photos pages docs clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	@echo "installing into $(VENV), with the $(OPENCV) build of OpenCV: this takes a minute or two"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[train,$(OPENCV),mqtt,dev]"
	touch $@

quickstart: install
	$(BIN)/mnist-edge quickstart --force

test: install
	$(BIN)/pytest

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

fix: install
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

wheel: install
	$(BIN)/python -m build --outdir dist

# A second environment with numpy < 2, where tests/cross_runtime runs the exports in tflite-runtime 2.14.
cross-runtime: install
	CI=1 $(BIN)/pytest tests/cross_runtime

# Long work, run by hand. Its small results are committed; the docs are made from them.
recipes: install
	$(BIN)/python -m mnist_edge.benchmarks.recipes

# Of all models that ship, or of MODELS; PHOTOS names a folder of labelled photographs to read. It takes up what lies in
# runs/release, so that a training that was broken off goes on.
release: install
	$(BIN)/python -m mnist_edge.benchmarks.release $(MODELS) $(if $(PHOTOS),--photos "$(PHOTOS)")

# On a quiet machine.
measure: install
	$(BIN)/python -m mnist_edge.benchmarks.latency
	-$(BIN)/python -m mnist_edge.benchmarks.overhead nano.int8 small.int8 small.float32 large.int8 \
		> benchmarks/results/overhead.json
	$(BIN)/python -m mnist_edge.benchmarks.startup 15 > benchmarks/results/startup.json

# Instructions per invoke on an emulated Pi 4 and Pi 5; PI_TOOLS is the folder with pi_check.sh, insncount.c and
# count_invoke.py.
instructions: install
	$(BIN)/python -m mnist_edge.benchmarks.instructions "$(PI_TOOLS)" build/pi
	$(BIN)/python -m mnist_edge.benchmarks.classic_instructions "$(PI_TOOLS)" build/pi

# Ten minutes of frames and damaged files; FUZZ_SECONDS says another time.
fuzz: install
	$(BIN)/python -m mnist_edge.benchmarks.fuzz $(FUZZ_SECONDS) > benchmarks/results/fuzz.json

# What reading a frame costs beside its floor, on a quiet machine.
reading-time: install
	-$(BIN)/python -m mnist_edge.benchmarks.reading_time > benchmarks/results/reading_time.json

# What the camera's loop costs beside reading, and what each sink adds, on a quiet machine.
loop-cost: install
	-$(BIN)/python -m mnist_edge.benchmarks.loop_cost > benchmarks/results/loop_cost.json

# Five videos of a minute, of pages in a moving hand: whether the reading stands still.
steady: install
	-$(BIN)/python -m mnist_edge.benchmarks.steady --first-seed 2000 --seeds 5 > benchmarks/results/steady.json

# 200,000 frames with web viewers and a broker (about an hour; needs mosquitto); SOAK_FRAMES says another number.
soak: install
	-$(BIN)/python -m mnist_edge.benchmarks.soak $(SOAK_FRAMES) > benchmarks/results/soak.json

# Every fault that a camera meets, and whether it comes back.
faults: install
	-$(BIN)/python -m mnist_edge.benchmarks.faults > benchmarks/results/faults.json

# The labelled photographs in PHOTOS, read again by all models that ship.
photos: install
	$(BIN)/python -m mnist_edge.benchmarks.photos "$(PHOTOS)"

# How well generated pages are read.
pages: install
	$(BIN)/python -m mnist_edge.benchmarks.pages > benchmarks/results/pages.json

docs: install
	$(BIN)/python -m mnist_edge.benchmarks.docs

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
