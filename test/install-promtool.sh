#!/bin/sh
# Prints the path of promtool, which reads metrics and alerts as Prometheus does: the one that is installed, or that of
# Debian's package prometheus, unpacked into a folder of the tests' own. Nothing is installed or started. Ends with
# words and exit code 3 where it can't be had.
set -eu

if command -v promtool; then
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
  echo "promtool is not installed, and there is no apt-get that could fetch it." >&2
  exit 3
fi

folder=${TMPDIR:-/tmp}/enforce-tls-promtool-$(id -un)
mkdir -p "$folder"
if ! [ -O "$folder" ]; then
  echo "$folder belongs to somebody else; what is in it will not be run." >&2
  exit 3
fi
chmod 700 "$folder"

exec 9>"$folder/lock"
flock 9
if ! [ -x "$folder/promtool" ]; then
  unfinished=$folder/unfinished
  rm -rf "$unfinished"
  mkdir "$unfinished"
  cd "$unfinished"
  if ! apt-get -o APT::Sandbox::User=root download prometheus >&2; then
    echo "Debian's package prometheus could not be downloaded." >&2
    exit 3
  fi
  dpkg -x prometheus_*.deb .
  mv usr/bin/promtool "$folder/promtool"
  cd "$folder"
  rm -rf "$unfinished"
fi
echo "$folder/promtool"
