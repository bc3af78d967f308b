#!/bin/sh
# Builds a Git repository from examples/repository, applies examples/pull-request.patch on a branch, and reviews it.
# usage: examples/demo.sh PROGRAM [REVIEW FLAGS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@example.com GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@example.com
cp -R "$here/repository/." "$work"
cd "$work"
git init -q -b main
git add -A
git commit -q -m "Infrastructure as it runs"
git checkout -q -b pull-request
git apply --whitespace=nowarn "$here/pull-request.patch"
git add -A
git commit -q -m "Debug the uploads"
echo "\$ git diff --stat main"
git diff --stat main
echo
echo "\$ landwaiter review --base main"
code=0
"$program" review --base main "$@" || code=$?
echo
case $code in
3) echo "exit code 3: the pull request has findings that fail the check, as it should" ;;
*) echo "exit code $code: the demo's pull request ought to fail the check with 3" >&2 && exit 1 ;;
esac
