#!/usr/bin/env bash
# Puts landwaiter into $RUNNER_TEMP/landwaiter-bin. Used at a release tag it takes that release's binary, which has to have the
# digest that this checkout of the action carries; used at anything else it builds from this checkout with Go.
set -euo pipefail

bin="$RUNNER_TEMP/landwaiter-bin"
mkdir -p "$bin"

system() {
  case "$(uname -s)" in
  Linux) echo linux ;;
  Darwin) echo darwin ;;
  MINGW* | MSYS* | CYGWIN*) echo windows ;;
  *) echo "landwaiter: there is no binary for $(uname -s)" >&2 && return 1 ;;
  esac
}

machine() {
  case "$(uname -m)" in
  x86_64 | amd64) echo amd64 ;;
  aarch64 | arm64) echo arm64 ;;
  *) echo "landwaiter: there is no binary for $(uname -m)" >&2 && return 1 ;;
  esac
}

digest() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }

build() {
  command -v go >/dev/null || { echo "landwaiter: the action is used at ${ACTION_REF:-a path}, which is no release, so it is built; set Go up before it (actions/setup-go), or use a release tag" >&2; exit 1; }
  (cd "$ACTION_PATH" && go build -trimpath -o "$bin/landwaiter" ./cmd/bot)
}

download() {
  local version=$1 archive want
  archive="landwaiter_${version#v}_$(system)_$(machine).tar.gz"
  want=$(awk -v file="$archive" '$2 == file { print $1 }' "$ACTION_PATH/deploy/action/checksums.txt")
  [ -n "$want" ] || { echo "landwaiter: this release of the action has no digest for $archive" >&2; exit 1; }
  curl --fail --silent --show-error --location --retry 3 --output "$bin/$archive" \
    "https://github.com/landwaiter/landwaiter/releases/download/$version/$archive"
  if [ "$(digest "$bin/$archive")" != "$want" ]; then
    rm -f "$bin/$archive"
    echo "landwaiter: $archive is not what was released: its digest is another one than that in deploy/action/checksums.txt" >&2
    exit 1
  fi
  if command -v gh >/dev/null && gh attestation --help >/dev/null 2>&1; then
    gh attestation verify "$bin/$archive" --repo landwaiter/landwaiter ||
      { echo "landwaiter: the attestation of $archive could not be verified" >&2; exit 1; }
  fi
  tar -xzf "$bin/$archive" -C "$bin"
}

case "${ACTION_REF:-}" in
v[0-9]*.[0-9]*.[0-9]*) download "$ACTION_REF" ;;
*) build ;;
esac
