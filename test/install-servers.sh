#!/bin/sh
# Installs what the tests run against (Debian's redis-server, and chromium for the console's pages), unless it is
# there already.
# Ends with words and exit code 1 on a system that it does not know how to install on.
set -eu

if command -v redis-server >/dev/null 2>&1 && command -v redis-cli >/dev/null 2>&1 && [ -x /usr/bin/chromium ]; then
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need redis-server and redis-cli (6 or later) on the PATH, and /usr/bin/chromium. There is no apt-get here:" >&2
  echo "install them with this system's own tool, then go on." >&2
  exit 1
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "The tests need redis-server and chromium. Installing them takes root: apt-get install redis-server chromium" >&2
    exit 1
  fi
  as_root=sudo
fi

$as_root apt-get update
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends redis-server redis-tools chromium
