#!/bin/sh
# Installs what the tests run against (Debian's redis-server, chromium for the console's pages, and the commands ip
# and openssl), unless it is there already.
# Ends with words and exit code 1 on a system that it does not know how to install on.
set -eu

complete=yes
for command in redis-server redis-cli ip openssl; do
  command -v "$command" >/dev/null 2>&1 || complete=no
done
if [ "$complete" = yes ] && [ -x /usr/bin/chromium ]; then
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need redis-server and redis-cli (6 or later), ip and openssl on the PATH, and /usr/bin/chromium. There is no apt-get here:" >&2
  echo "install them with this system's own tool, then go on." >&2
  exit 1
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "The tests need redis-server, chromium, ip and openssl. Installing them takes root:" \
      "apt-get install redis-server chromium iproute2 openssl" >&2
    exit 1
  fi
  as_root=sudo
fi

$as_root apt-get update
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends redis-server redis-tools chromium \
  iproute2 openssl
