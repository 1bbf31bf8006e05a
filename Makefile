# `make X` is `./manage.py X`, and `make X ARGUMENTS="..."` hands it more. GNU make 3.81 will do.

# The first Python that runs at all: a version manager's python3 may refuse to. manage.py then looks for the newest.
python := $(or $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c '' 2>/dev/null && echo $$each && break; done),python3)
once := $(if $(filter-out 0,$(ONCE)),--once)

.PHONY: help install demo test faults bench up check

help:
	@echo 'make demo      a sample shop, a first sync, and a console to look at (ONCE=1: the sync alone)'
	@echo 'make up        web, worker and dispatcher, until Ctrl-C'
	@echo 'make test      all tests'
	@echo 'make faults    60 mixed faults while flows run, every promise by itself, the mutants (N=300 SEED=7)'
	@echo 'make bench     all benchmarks, into docs/benchmarks (ONLY=bytes,rows ROWS=100000 ROUNDS=5 PEERS=1)'
	@echo 'make check     looks at the settings'
	@echo 'make install   only what the others begin with: .venv with the locked packages (ARGUMENTS=snowflake: an extra too)'

install test bench up check:
	@$(python) manage.py $@ $(ARGUMENTS)

faults:
	@FAULTS=$(N) SEED=$(SEED) $(python) manage.py faults $(ARGUMENTS)

demo:
	@$(python) manage.py demo $(once) $(ARGUMENTS)
