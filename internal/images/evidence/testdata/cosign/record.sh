#!/bin/sh
# Records anew what cosign leaves in a registry, and what it says of it. It needs cosign 3 on the path, and no network:
# the registry is one of ours, on the loopback interface. Only public keys are kept.
set -eu
cd "$(dirname "$0")/../.."
go test -run TestCosign -count=1 . -args -cosign "$(command -v cosign)"
