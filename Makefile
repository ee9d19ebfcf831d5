# make quickstart   the whole path on this machine        make check   lint and types
# make test         all tests                             make fix     format and mend
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# OpenCV with windows needs the system's libGL; where that is missing, the headless build does all but the window.
OPENCV := $(shell $(PYTHON) -c "import ctypes; ctypes.CDLL('libGL.so.1')" 2>/dev/null && echo camera || echo headless)

ENDURANCE := fuzz steady soak faults reading-time loop-cost window-speed recording
RELEASE := recipes pages web-picture docs
RUN := $(BIN)/python -m mnist_edge.benchmarks

.PHONY: install quickstart test check fix wheel floors audit cross-runtime $(ENDURANCE) $(RELEASE) measure release photos instructions classic-instructions clean

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

# An environment of the oldest libraries that a device may have, and the tests of what runs there.
FLOORS := .venv-floors
floors:
	$(PYTHON) -m venv $(FLOORS)
	$(PYTHON) tests/project/floors.py pyproject.toml > $(FLOORS)/floors.txt
	$(FLOORS)/bin/pip install --quiet --constraint $(FLOORS)/floors.txt --editable ".[headless,mqtt,web,record]" \
		pytest pytest-timeout hypothesis scikit-learn
	$(FLOORS)/bin/pytest -W ignore::DeprecationWarning tests/camera/sinks tests/camera/web/test_controls.py \
		tests/camera/web/test_pictures.py tests/camera/web/test_reading.py tests/camera/web/test_status.py \
		tests/camera/test_read_command.py tests/camera/test_camera_command.py

# Known holes in what is installed, by their advisories; wants the network.
audit: install
	$(BIN)/pip install --quiet pip-audit
	$(BIN)/pip-audit --skip-editable

# A second environment with numpy < 2, where tests/cross_runtime runs the exports in tflite-runtime 2.14.
cross-runtime: install
	CI=1 $(BIN)/pytest tests/cross_runtime

# Long work, run by hand. Each tool keeps its result in benchmarks/results, whole and stamped, and refuses one whose bound
# does not hold. ARGS are its arguments: ARGS=--keep keeps it all the same, ARGS=--help lists the others. The docs are
# made from what is kept.
#   recipes       every classic recipe, three seeds        fuzz          ten minutes of frames and damaged files
#   steady        whether the reading is stable           soak          200,000 frames, with mosquitto: an hour
#   faults        every fault, and whether it comes back   pages         how well generated pages are read
#   reading-time  a frame beside its floor; on a quiet machine
#   loop-cost     the loop and each sink beside reading; on a quiet machine
#   window-speed  whether a window slows reading down; needs Xvfb
#   recording     what a minute of recording costs in each codec
#   web-picture   docs/web.jpg, anew; needs Chromium
#   docs          the figures and pictures in the documents, the cards of the models
$(ENDURANCE): install
	$(RUN).endurance $@ $(ARGS)

$(RELEASE): install
	$(RUN).release $@ $(ARGS)

# Times, on a quiet machine.
measure: install
	$(RUN).release latency
	$(RUN).release startup
	$(RUN).release overhead $(ARGS)

# Of all models that ship, or of MODELS; PHOTOS names a folder of labelled photographs to read. A training that lies in
# runs/release and was interrupted is resumed.
release: install
	$(RUN).release models $(MODELS) $(if $(PHOTOS),--photos "$(PHOTOS)")

# The labelled photographs in PHOTOS, read again by all models that ship.
photos: install
	$(RUN).release photos "$(PHOTOS)"

# Instructions per invoke on an emulated Pi 4 and Pi 5, of what ships and of the classic recipes; PI_TOOLS is the folder
# with pi_check.sh, insncount.c and count_invoke.py.
instructions classic-instructions: install
	$(RUN).release $@ "$(PI_TOOLS)"

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
