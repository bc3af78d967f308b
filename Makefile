# One verb each. `make demo` and `make test` are all that a fresh machine with Go, Git, make and a C compiler needs.
# Tests called Corpus run on public repositories (LANDWAITER_CORPUS, by default ../shared/corpus) and skip where there
# are none; they run without the race detector, which would take too long there.
GO       ?= go
PACKAGES := ./...
# The plays of the whole App take minutes under the race detector, so that only these few run under it.
RACED    := ^TestServe(Lifecycle|TwoPushes|Commands|MergeQueue)$$

# The program is static: nothing needs C but the race detector.
export CGO_ENABLED ?= 0

.PHONY: build test lint fmt generate fuzz bench act image cross release demo

build: ## the program, into bin/
	$(GO) build -o bin/landwaiter ./cmd/bot

test: lint ## everything that must hold before a change lands
	LANDWAITER_CORPUS=none CGO_ENABLED=1 $(GO) test -race -timeout 20m -skip '^TestServe' $(PACKAGES)
	CGO_ENABLED=1 $(GO) test -race -timeout 10m -run '$(RACED)' ./cmd/bot
	$(GO) test -timeout 20m -run '^TestServe' ./cmd/bot
	$(GO) test -timeout 20m -run Corpus ./internal/...

lint: ## formatting, vet, staticcheck, generated files
	@test -z "$$(gofmt -l cmd internal examples *.go)" || { echo "not formatted, run make fmt:"; gofmt -l cmd internal examples *.go; exit 1; }
	$(GO) vet $(PACKAGES)
	$(GO) tool -modfile=tools/go.mod staticcheck $(PACKAGES)

fmt: ## format the source
	gofmt -w cmd internal *.go

generate: ## the files that are made from others: docs/rules.md, docs/cli.md, the schemas
	$(GO) generate $(PACKAGES)

FUZZTIME ?= 10s
fuzz: ## every fuzz target for FUZZTIME each
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' internal cmd | xargs -n1 dirname | sort -u); do \
	  for target in $$(grep -rhoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' $$dir | sed 's/func //' | sort -u); do \
	    echo "$$dir $$target"; $(GO) test ./$$dir -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s || exit 1; \
	  done; \
	done

bench: build bin/peers/kustomize bin/peers/helm ## the figures of docs/performance.md, as ratios of one run
	LANDWAITER_BIN=$(CURDIR)/bin/landwaiter LANDWAITER_PEERS=$(CURDIR)/bin/peers \
	  $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m ./cmd/bot
	$(GO) test -run '^$$' -bench 'Catalogue|Many' -benchtime 1x -timeout 30m ./internal/review/rules

MACHINE ?= $(shell $(GO) env GOARCH)
image: build ## on Debian: the container image of this machine into out/image, and the tests of it
	deploy/image/base.sh out/base $(MACHINE)
	$(GO) run ./cmd/release image -out out/image -version 0.0.0-dev $(MACHINE)=out/base,bin/landwaiter
	LANDWAITER_BIN=$(CURDIR)/bin/landwaiter $(GO) test -count=1 -run '^TestImage$$' ./cmd/release

bin/peers/kustomize:
	$(GO) build -modfile=tools/peers/go.mod -o $@ sigs.k8s.io/kustomize/kustomize/v5

bin/peers/helm:
	$(GO) build -modfile=tools/peers/go.mod -o $@ helm.sh/helm/v3/cmd/helm

act: bin/act ## the workflows of docs/action.md, run by act without containers beside a GitHub for tests
	LANDWAITER_ACT=$(CURDIR)/bin/act $(GO) test -count=1 -run '^TestActionUnderAct$$' -timeout 20m ./cmd/bot

bin/act:
	$(GO) build -modfile=tools/act/go.mod -o $@ github.com/nektos/act

cross: ## that the other systems of a release can have the program
	for system in darwin windows; do GOOS=$$system CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/bot || exit 1; done

release: bin/goreleaser ## the archives of a release, their digests and bills of materials into dist/, published nowhere
	bin/goreleaser check
	bin/goreleaser release --snapshot --clean --skip=publish

bin/goreleaser:
	$(GO) build -modfile=tools/release/go.mod -o $@ github.com/goreleaser/goreleaser/v2

demo: build ## the App beside a GitHub for tests: the example's pull request, what a reviewer sees, and a correction
	$(GO) run ./cmd/demo bin/landwaiter
