#!/bin/sh
# Unpacks Debian's servers into a folder of the tests' own and prints its path: Postfix and Exim, or with the
# argument `dns` NSD, Unbound and ldns' tools, or with `web` nginx. Nothing is installed, configured or started on
# this machine, where some of them would exclude each other. Does nothing when they are there already. Ends with
# words and exit code 3 on a system without Debian's packages, 1 when they could not be fetched.
set -eu

case ${1:-mail} in
  mail)
    names='Postfix and Exim'
    name=real-peers
    folders='postfix exim'
    servers='postfix exim4-daemon-light'
    # libnss-wrapper gives the servers their user accounts, which this machine does not have.
    packages="$servers exim4-base libnss-wrapper"
    ;;
  dns)
    names='NSD and Unbound'
    name=dns-servers
    folders='dns'
    servers='nsd unbound ldnsutils'
    packages=$servers
    ;;
  web)
    names=nginx
    name=web-server
    folders='web'
    servers='nginx'
    packages=$servers
    ;;
  *)
    echo "$1 is none of mail, dns and web." >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
  echo "Debian's $names can't be had here: there is no apt-get." >&2
  exit 3
fi

# Below the system's temporary folder, because the servers give up root and must still find their files.
folder=${TMPDIR:-/tmp}/enforce-tls-$name-$(id -un)
mkdir -p "$folder"
if ! [ -O "$folder" ]; then
  echo "$folder belongs to somebody else; what is in it will not be run." >&2
  exit 1
fi
chmod 755 "$folder"

exec 9>"$folder/lock"
flock 9
if [ -e "$folder/complete" ]; then
  echo "$folder"
  exit 0
fi

# Shared libraries that the packages need and this machine does not have.
missing_libraries() {
  for package in $servers; do
    apt-get install --simulate --no-install-recommends "$package" | sed -n 's/^Inst \(lib[^ ]*\) .*/\1/p'
  done | sort -u
}

if [ "$(id -u)" -eq 0 ]; then
  apt-get update >&2
fi

unfinished=$folder/unfinished
rm -rf "$unfinished"
mkdir -p "$unfinished/archives"
cd "$unfinished/archives"
libraries=$(missing_libraries)
# shellcheck disable=SC2086 # both are lists of names
if ! apt-get -o APT::Sandbox::User=root download $packages $libraries >&2; then
  echo "Debian's $names could not be downloaded." >&2
  exit 1
fi
for archive in *.deb; do
  # A server's own folder has no other server in it.
  case $archive in
    postfix_*) targets=postfix ;;
    exim4-*) targets=exim ;;
    *) targets=$folders ;;
  esac
  for target in $targets; do
    mkdir -p "$unfinished/$target"
    dpkg -x "$archive" "$unfinished/$target"
  done
done
cd "$folder"
for target in $folders; do
  rm -rf "$target"
  mv "$unfinished/$target" .
done
rm -rf "$unfinished"
touch complete
echo "$folder"
