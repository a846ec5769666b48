# Two commands do everything: `make demo` and `make test`. Each does its own set-up.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check install --quiet --no-compile --require-hashes
WORKERS ?= $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN)) # one more than processors: tests wait, too

.PHONY: demo test soak lint format lock wheel install uninstall deb clean

demo: $(VENV)/runtime.stamp ## the main job on the sandbox, with SQLite
	$(RUN) -m syncd demo

test: $(VENV)/development.stamp ## all tests: sandbox, third-party SCIM servers and PostgreSQL included
	$(RUN) -m pytest -n $(WORKERS) --dist worksteal

soak: $(VENV)/development.stamp ## thousands of random histories with every fault; HISTORIES=n, FROM=seed
	$(RUN) bench/sim.py --histories $(or $(HISTORIES),5000) --from $(or $(FROM),1)

lint: $(VENV)/development.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/deptry .

format: $(VENV)/development.stamp
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# Lock files: every version with its hashes, for all supported Pythons, and no registry named.
lock: $(VENV)/development.stamp
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml --group dev --group servers -c requirements.lock -o requirements-dev.lock

# --- installing ------------------------------------------------------------------------------------------------------
# make install            everything under /opt/syncd, units, manual and completion under /usr/local
#   DESTDIR=folder        into another root, as packagers do
#   SHARE=/usr            where units, manual and completion go
#   PACKAGE=file.whl      what is installed; the tree by default
#   SITE=folder           take the dependencies from there instead of installing those of the lock file
DESTDIR ?=
SHARE ?= /usr/local
PACKAGE ?= .
SITE ?=
BUILD ?= $(PYTHON) -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .
HOME_ := /opt/syncd
ROOT = $(abspath $(DESTDIR)/)$(HOME_)
INTO = $(PYTHON) -m pip --disable-pip-version-check --python $(ROOT)/bin/python
TO = $(abspath $(DESTDIR)/)$(SHARE)
PAGES = $(filter-out %.head.md,$(wildcard docs/*.md))
INSTALLED = $(SHARE)/bin/syncd $(SHARE)/lib/systemd/system/syncd.service $(SHARE)/lib/systemd/system/syncd-sync.service \
  $(SHARE)/lib/systemd/system/syncd-sync.timer $(SHARE)/share/man/man1/syncd.1 \
  $(SHARE)/share/bash-completion/completions/syncd $(SHARE)/share/zsh/site-functions/_syncd \
  $(SHARE)/share/fish/vendor_completions.d/syncd.fish $(SHARE)/share/doc/syncd

wheel: ## dist/syncd-*.whl
	rm -rf build
	$(BUILD)

install:
	rm -rf build $(ROOT)
	$(PYTHON) -m venv --without-pip $(ROOT)
ifeq ($(SITE),)
	$(INTO) install --quiet --no-compile --require-hashes -r requirements.lock
else
	echo $(abspath $(SITE)) > $$($(ROOT)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/site.pth
endif
	$(INTO) install --quiet --no-compile --no-deps --ignore-installed $(PACKAGE)
	rm -rf build/lib build/bdist.* syncd.egg-info $(ROOT)/lib/python3*/site-packages/syncd-*.dist-info/direct_url.json
	rmdir build 2>/dev/null || true
	# The service may not write there; and no path of the building machine stays. What does not compile is nobody's import.
	-$(ROOT)/bin/python -m compileall -q -j 0 $(if $(DESTDIR),-s $(abspath $(DESTDIR)) -p /) -x '/_py2\.py$$' $(ROOT)/lib
	install -d $(abspath $(DESTDIR)/)/etc/syncd $(TO)/bin $(TO)/share/zsh/site-functions $(TO)/share/fish/vendor_completions.d
	ln -sfn $(HOME_)/bin/syncd $(TO)/bin/syncd
	install -D -m 644 -t $(TO)/lib/systemd/system systemd/syncd.service systemd/syncd-sync.service systemd/syncd-sync.timer
	install -D -m 644 -t $(TO)/share/doc/syncd config.example.toml README.md CHANGELOG.md LICENSE $(PAGES)
	install -d $(TO)/share/man/man1 $(TO)/share/bash-completion/completions
	$(ROOT)/bin/python -I -m syncd.cli.manual > $(TO)/share/man/man1/syncd.1
	_SYNCD_COMPLETE=source_bash $(ROOT)/bin/syncd > $(TO)/share/bash-completion/completions/syncd
	_SYNCD_COMPLETE=source_zsh $(ROOT)/bin/syncd > $(TO)/share/zsh/site-functions/_syncd
	_SYNCD_COMPLETE=source_fish $(ROOT)/bin/syncd > $(TO)/share/fish/vendor_completions.d/syncd.fish
ifneq ($(DESTDIR),)
	# Scripts name the folder that they will stand in.
	grep -rIlF -- '$(abspath $(DESTDIR))/' $(ROOT)/bin $(ROOT)/pyvenv.cfg | xargs -r sed -i 's|$(abspath $(DESTDIR))/|/|g'
endif

# Configuration (/etc/syncd) and state (/var/lib/syncd) stay; folders in which others may install stay as well, unless they
# are a packager's own.
uninstall:
	rm -rf $(ROOT) $(addprefix $(abspath $(DESTDIR)/),$(INSTALLED))
	rmdir $(abspath $(DESTDIR)/)/etc/syncd 2>/dev/null || true
ifneq ($(DESTDIR),)
	find $(abspath $(DESTDIR)) -depth -type d -empty -delete
endif

deb: ## dist/syncd_*.deb for this machine's Python and architecture
	rm -rf build/deb
	$(MAKE) install DESTDIR=build/deb SHARE=/usr
	install -d build/deb/DEBIAN dist
	install -m 755 systemd/deb/postinst systemd/deb/prerm systemd/deb/postrm build/deb/DEBIAN
	sed -e "s/@VERSION@/$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' syncd/__init__.py)/" \
	  -e "s/@ARCHITECTURE@/$$(dpkg --print-architecture)/" \
	  -e "s/@SIZE@/$$(du -sk build/deb | cut -f1)/" \
	  -e "s/@PYTHON@/$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')/" \
	  -e "s/@NEXT@/$$($(PYTHON) -c 'import sys; print("%d.%d" % (sys.version_info[0], sys.version_info[1] + 1))')/" \
	  systemd/deb/control > build/deb/DEBIAN/control
	dpkg-deb --root-owner-group --build build/deb dist

# --- what the others need ----------------------------------------------------------------------------------------------
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements.lock | $(VENV)/bin/python
	$(PIP) -r requirements.lock
	touch $@

$(VENV)/development.stamp: requirements-dev.lock | $(VENV)/bin/python
	$(PIP) -r requirements-dev.lock
	touch $@ $(VENV)/runtime.stamp

clean:
	rm -rf $(VENV) .cache build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
