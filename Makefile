# `make` lists the targets. Needs Go 1.26 and git; PostgreSQL's programs for the PostgreSQL tests.

SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test check lint fmt bench clean

export CGO_ENABLED ?= 0
export GOTOOLCHAIN ?= local

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build and start everything on this machine (ARGS="--port 9000" …)
	@bin/ucal dev $(ARGS)

# The first build compiles a Temporal server, which takes minutes: one line shows that it moves. Go names each package it
# compiles; everything else it says is a message and is shown in full. No -trimpath, which only the Dockerfile needs: the tests
# would have to compile the Temporal server once more.
build: ## build bin/ucal
	@mkdir -p bin
	@total=$$(go list -deps ./cmd/ucal | wc -l); \
	go build -v -ldflags '$(LDFLAGS)' -o bin/ucal ./cmd/ucal 2>&1 | awk -v total=$$total ' \
		/^[^ :#]+$$/ { n++; if (n == 1) { printf "  building ucal …"; fflush() } if (n % 20 == 0) { printf "\r  building ucal: %d of at most %d packages (the first time takes minutes)", n, total; fflush() } next } \
		/^go: downloading/ { d++; if (d % 10 == 1) { printf "\r  downloading modules: %d", d; fflush() } next } \
		{ if (n + d) print ""; n = d = 0; print } \
		END { if (n + d) print "" }'

test: bin/.tools ## vet, formatting, determinism of the Temporal workflows and all tests
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	bin/workflowcheck ./workflows/...
	go test -timeout 20m ./...

check: test lint ## all that must pass before a change goes in

lint: bin/.tools ## staticcheck
	bin/staticcheck ./...

bin/.tools: internal/tools/go.mod internal/tools/go.sum
	@mkdir -p bin
	cd internal/tools && GOBIN='$(CURDIR)/bin' go install tool
	@touch $@

fmt: ## format the code
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go')

bench: ## measure the main job against a plain Temporal program (takes minutes)
	go run ./bench $(ARGS)

clean: ## remove what was built, keep the data
	rm -rf bin
