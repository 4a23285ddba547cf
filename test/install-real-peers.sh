#!/bin/sh
# Unpacks Debian's Postfix and Exim into a folder of the tests' own and prints its path; nothing is installed,
# configured or started on this machine, where the two packages would exclude each other. Does nothing when
# they are there already. Ends with words and exit code 3 on a system without Debian's packages, 1 when they
# could not be fetched.
set -eu

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
  echo "Debian's Postfix and Exim can't be had here: there is no apt-get." >&2
  exit 3
fi

# Below the system's temporary folder, because the servers give up root and must still find their files.
folder=${TMPDIR:-/tmp}/enforce-tls-real-peers-$(id -un)
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

# libnss-wrapper gives the servers their user accounts, which this machine does not have.
packages='postfix exim4-base exim4-daemon-light libnss-wrapper'

# Shared libraries that the packages need and this machine does not have.
missing_libraries() {
  for package in postfix exim4-daemon-light; do
    apt-get install --simulate --no-install-recommends "$package" | sed -n 's/^Inst \(lib[^ ]*\) .*/\1/p'
  done | sort -u
}

if [ "$(id -u)" -eq 0 ]; then
  apt-get update >&2
fi

unfinished=$folder/unfinished
rm -rf "$unfinished"
mkdir -p "$unfinished/postfix" "$unfinished/exim" "$unfinished/archives"
cd "$unfinished/archives"
libraries=$(missing_libraries)
# shellcheck disable=SC2086 # both are lists of names
if ! apt-get -o APT::Sandbox::User=root download $packages $libraries >&2; then
  echo "Debian's Postfix and Exim could not be downloaded." >&2
  exit 1
fi
for archive in *.deb; do
  case $archive in
    postfix_*) dpkg -x "$archive" "$unfinished/postfix" ;;
    exim4-*) dpkg -x "$archive" "$unfinished/exim" ;;
    *) dpkg -x "$archive" "$unfinished/postfix" && dpkg -x "$archive" "$unfinished/exim" ;;
  esac
done
cd "$folder"
rm -rf postfix exim "$unfinished/archives"
mv "$unfinished/postfix" "$unfinished/exim" .
rmdir "$unfinished"
touch complete
echo "$folder"
