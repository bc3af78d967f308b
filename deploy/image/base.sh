#!/usr/bin/env bash
# Fetches what the image has beside the program: Git with the libraries that it needs to speak HTTPS, and the authorities, as
# Debian's packages for a machine, each unpacked into a directory of its own. "go run ./cmd/release image" takes out of them
# what is needed, and no more.
#
#   deploy/image/base.sh DIRECTORY amd64|arm64
#
# It needs apt-get, apt-cache and dpkg-deb, as on Debian; for another machine than this one first
# dpkg --add-architecture arm64 && apt-get update. The packages' signatures are checked by apt.
set -euo pipefail
out=$1 machine=$2
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# Git's scripts in Perl and its manual are not used.
apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "git:$machine" |
  sed -n 's/^\([a-z][a-z0-9.+-]*\)\(:[a-z0-9]*\)\{0,1\}$/\1/p' | grep -E '^(git|zlib1g|lib.*)$' | grep -v perl | sort -u >"$work/names"
grep -qx git "$work/names" || { echo "apt does not know git:$machine: run apt-get update" >&2; exit 1; }
(cd "$work" && sed "s/\$/:$machine/" names | xargs apt-get -qq -o APT::Sandbox::User=root download)
(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download ca-certificates)
for package in "$work"/*.deb; do
  name=$(basename "$package" .deb)
  rm -rf "${out:?}/$name"
  dpkg-deb --raw-extract "$package" "$out/$name"
done
