# Each target installs what it needs. `make demo` shows the product, `make test` proves it.
PYTHON ?= python3
VENV := .venv
# Where `make demo` runs its environment: process, docker (containers, with a database), or
# kubernetes: the cluster of KUBECONFIG, which fetches images from REGISTRY and whose ingress
# answers at INGRESS (address:port).
ENGINE ?= process
ENGINES := process docker kubernetes
KUBECONFIG ?= $(HOME)/.kube/config
REGISTRY ?=
INGRESS ?= 127.0.0.1:80
CLUSTER := $(if $(filter kubernetes,$(ENGINE)),RELEASECLONE_KUBECONFIG=$(KUBECONFIG))
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/pytest -n 2

.PHONY: .engine install demo run check test test-kubernetes bench bench-docker bench-kubernetes bench-many gallery

install: $(VENV)/.installed

# What the product runs on; what tests and checks need comes on top.
$(VENV)/.product: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv is missing. As root: apt-get install -y python3-venv"; exit 1; }
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed: $(VENV)/.product tests/requirements.txt
	$(PIP) -r tests/requirements.txt
	@touch $@

# Before anything is installed or started for a name that is none.
.engine:
	@case " $(ENGINES) " in *" $(ENGINE) "*) ;; *) \
	  echo "There is no engine $(ENGINE) for the demo. Choose one of: $(ENGINES)."; exit 1;; esac

demo: .engine $(VENV)/.product
	$(CLUSTER) RELEASECLONE_LOCAL_REPOSITORIES=1 $(BIN)/python -m releaseclone.run -- \
	  $(BIN)/python manage.py demo --engine $(ENGINE) --registry "$(REGISTRY)" --ingress "$(INGRESS)"

run: $(VENV)/.product
	$(BIN)/python -m releaseclone.run

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --check --lint --quiet
	$(BIN)/python manage.py check
	RELEASECLONE_URL=https://localhost $(BIN)/python manage.py check --deploy --fail-level ERROR
	$(BIN)/python manage.py makemigrations --check --dry-run

# Everything, on SQLite; then, where a PostgreSQL can be had, all that asks the database on that.
test: install
	$(BIN)/python -m tests.debian
	$(PYTEST)
	$(BIN)/python -m tests.postgres -- $(PYTEST) -m database

# On the cluster of KUBECONFIG: makes namespaces there, and deletes them again. Images that tests
# build are pushed to REGISTRY; the cluster's ingress answers at INGRESS (address:port).
test-kubernetes: install
	$(BIN)/python -m tests.debian
	$(BIN)/python -m tests.helm
	RELEASECLONE_TEST_CLUSTER=1 $(PYTEST) -m kubernetes

bench: install
	$(BIN)/python -m benchmarks

# Containers, beside Docker Compose where it is on the PATH.
bench-docker: install
	$(BIN)/python -m benchmarks.containers

# In the cluster of KUBECONFIG, beside kubectl.
bench-kubernetes: install
	$(BIN)/python -m benchmarks.kubernetes

# There, too: COUNTS environments (200, then 1,000) at once. It needs room for their pods.
bench-many: install
	$(BIN)/python -m benchmarks.many

# The pictures of docs/gallery, taken anew.
gallery: install
	$(BIN)/python -m tests.debian
	$(BIN)/python -m tests.browser.gallery
