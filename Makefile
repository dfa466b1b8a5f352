# The two commands: `make book` and `make test`. `make help` lists the others.
PY := .venv/bin/python
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help book test cover quick lab serve chapter strip travel stills new missing page pdf zip clean setup

help:             ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1|/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

setup:
	@sh book/tools/setup.sh

book: setup       ## execute every notebook and build the site into _build/html
	@$(PY) book/tools/build.py

test: setup       ## every test, with lint and types
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest -n 2 --dist loadfile

cover: setup      ## every test of the package, with the lines and branches that none reaches
	$(PY) -m pytest -n 2 --dist loadfile --ignore tests/book --cov --cov-report=term:skip-covered

quick: setup      ## the fast tests, for every save
	$(PY) -m ruff check .
	$(PY) -m pytest -q -n 2 --dist loadfile -m "not slow"

lab: setup        ## JupyterLab on the notebooks
	@$(PY) -m jupyterlab book

serve: book       ## the built site on http://localhost:8000
	@$(PY) -m http.server --bind localhost --directory _build/html 8000

chapter: setup    ## one chapter, executed and built: make chapter NAME=sequences
	@$(PY) book/tools/build.py --chapter "$(NAME)"

new: setup        ## start a chapter: make new NAME=causal-attention TITLE="Causal attention"
	@$(PY) book/tools/new.py --name "$(NAME)" --title "$(TITLE)"

missing: setup    ## the quick tests of one chapter, which say what it lacks: make missing NAME=sequences
	@$(PY) book/tools/new.py --missing "$(NAME)"

page: book        ## the whole book as one HTML file, in _build/hold
	@$(PY) book/tools/hold.py page

pdf: book         ## the whole book as a PDF, printed by Chromium
	@$(PY) book/tools/hold.py pdf

zip: book         ## the built site as a zip that opens without a network
	@$(PY) book/tools/hold.py zip

strip: setup      ## remove the outputs from the notebooks, before a commit
	@$(PY) book/tools/strip.py book/*.ipynb

travel: book      ## every exported notebook, run with the wheel alone (needs a package index)
	@$(PY) book/tools/try_notebooks.py

stills: setup     ## draw the first frame of each moving figure anew (needs Chromium)
	@$(PY) book/tools/stills.py

clean:            ## remove what was built, keep .venv
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
