#!/usr/bin/env bash
# Puts landwaiter into $RUNNER_TEMP/landwaiter-bin. Of a release, whose checksums.txt has the digests of its archives, it takes
# the archive for this system, which has to have that digest; it is kept in the runner's tool cache, where others may write, and
# so is held to its digest each time. Of anything else (a branch, whose checksums.txt is empty) it is built with Go.
#
# It reads ACTION_PATH, ACTION_REF, RUNNER_TEMP, RUNNER_TOOL_CACHE, GITHUB_SERVER_URL and GH_TOKEN.
set -euo pipefail

fail() {
  echo "landwaiter: $*" >&2
  exit 1
}

# On Windows the shell is that of Git, whose programs take C:\ for a host.
native() { if command -v cygpath >/dev/null; then cygpath -u "$1"; else printf '%s' "$1"; fi; }

system() {
  case "$(uname -s)" in
  Linux) echo linux ;;
  Darwin) echo darwin ;;
  MINGW* | MSYS* | CYGWIN*) echo windows ;;
  *) fail "there is no binary for $(uname -s)" ;;
  esac
}

machine() {
  case "$(uname -m)" in
  x86_64 | amd64) echo amd64 ;;
  aarch64 | arm64) echo arm64 ;;
  *) fail "there is no binary for $(uname -m)" ;;
  esac
}

digest() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }

build() {
  command -v go >/dev/null ||
    fail "the action is used at ${ACTION_REF:-a path}, which is no release, so it is built: set Go up before it (actions/setup-go), or use a release"
  (cd "$action" && go build -o "$bin/landwaiter$exe" ./cmd/bot)
}

# attested holds an archive to the attestation of its build, where gh is there and this is the GitHub that has it.
attested() {
  if [ "${GITHUB_SERVER_URL:-}" != https://github.com ] || [ -z "${GH_TOKEN:-}" ] || ! command -v gh >/dev/null || ! gh attestation --help >/dev/null 2>&1; then
    echo "landwaiter: the digest of $1 is right; its attestation cannot be asked for here"
    return
  fi
  gh attestation verify "$bin/$1" --repo landwaiter/landwaiter --signer-workflow landwaiter/landwaiter/.github/workflows/release.yaml ||
    fail "the attestation of $1 could not be verified"
}

is() { [ -f "$1" ] && [ "$(digest "$1")" = "$2" ]; }

# download works on a copy that is this job's own: what others may write to between two looks is looked at once.
download() {
  local archive=$1 want=$2 version
  version=${archive#landwaiter_} version=v${version%"_${os}_${cpu}.tar.gz"}
  if ! { [ -f "$cache/$archive" ] && cp -f "$cache/$archive" "$bin/$archive" 2>/dev/null && is "$bin/$archive" "$want"; }; then
    rm -f "$bin/$archive"
    curl --fail --silent --show-error --location --proto '=https' --tlsv1.2 --retry 3 --connect-timeout 30 --max-time 600 --output "$bin/$archive" \
      "https://github.com/landwaiter/landwaiter/releases/download/$version/$archive" || fail "$archive could not be downloaded"
    is "$bin/$archive" "$want" || fail "$archive is not what was released: its digest is another one than that in deploy/action/checksums.txt"
    keep "$archive" || echo "landwaiter: $archive is not kept for other jobs: nothing can be written to $cache"
  fi
  attested "$archive"
  (cd "$bin" && tar -xzf "$archive" -O "landwaiter$exe") >"$bin/landwaiter$exe"
  chmod 755 "$bin/landwaiter$exe"
  rm -f "$bin/$archive"
}

# keep writes under a name that nobody could foresee, where a link would lead elsewhere.
keep() {
  local part
  mkdir -p "$cache" && part=$(mktemp "$cache/.$1.XXXXXXXX") || return
  cp -f "$bin/$1" "$part" && chmod 644 "$part" && mv -f "$part" "$cache/$1" || { rm -f "$part"; return 1; }
} 2>/dev/null

os=$(system)
cpu=$(machine)
exe=
[ "$os" != windows ] || exe=.exe
action=$(native "$ACTION_PATH")
bin=$(native "$RUNNER_TEMP")/landwaiter-bin
cache=$(native "${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}")/landwaiter
rm -rf "$bin"
mkdir -p "$bin"

# A line is DIGEST  landwaiter_VERSION_SYSTEM_MACHINE.tar.gz
line=$(awk -v end="_${os}_${cpu}.tar.gz" '$2 ~ /^landwaiter_[0-9][0-9A-Za-z.+-]*_/ && substr($2, length($2) - length(end) + 1) == end { print $1, $2; exit }' "$action/deploy/action/checksums.txt")
if [ -n "$line" ]; then
  download "${line#* }" "${line%% *}"
else
  case "${ACTION_REF:-}" in
  v[0-9]*) fail "this release of the action has no digest for ${os}_${cpu}" ;;
  *) build ;;
  esac
fi
