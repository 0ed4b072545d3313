#!/usr/bin/env bash
# Puts the pinned source of SQLite3 Multiple Ciphers into the cache and prints the directory.
#
# The npm package is only the carrier: its deps/sqlite3 holds the amalgamation, and nothing else
# of it is kept. Runs once; afterwards it needs no network. Progress goes to stderr.
#
#   SATCHEL_CACHE         where to keep it (default: ~/.cache/satchel, or under XDG_CACHE_HOME)
#   SATCHEL_NPM_REGISTRY  where to get it when npm is absent (default: registry.npmjs.org)
set -euo pipefail

readonly name=better-sqlite3-multiple-ciphers
readonly version=12.11.1 # SQLite3 Multiple Ciphers 2.3.5 on SQLite 3.53.2
# The registry shows the same hash in base64, as "integrity".
readonly sha512=a46ef6fb7564522a67998c782f042aa0e5cd1b6089d479660eb96faa0afbc501\
e0b04f9ccf9ac064489a2479d42931da19f1a27e0800fc2d12bfda99954adfa3
readonly registry=${SATCHEL_NPM_REGISTRY:-https://registry.npmjs.org}
readonly cache=${SATCHEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/satchel}
readonly target=$cache/sqlite3mc-$version

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "fetch-sqlite: $1"
    say "  $2"
    exit 1
}

download() {
    if command -v npm >/dev/null; then
        npm pack --silent "$name@$version" >/dev/null
    elif command -v curl >/dev/null; then
        curl --fail --silent --show-error --location --retry 2 \
            --remote-name "$registry/$name/-/$name-$version.tgz"
    else
        fail "neither npm nor curl is here." "Install one of them: ./dev setup does."
    fi
}

if [[ -e $target ]]; then
    echo "$target"
    exit 0
fi

mkdir -p "$cache" || fail "cannot write to $cache." "Set SATCHEL_CACHE to a directory you own."
work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

say "Fetching the SQLite source ($name $version, 3 MB)"
download || fail "the download failed." \
    "Connect to the network once and run it again, or build with -DSATCHEL_SYSTEM_SQLITE=ON."

archive=$name-$version.tgz
sha512sum --check --status <<<"$sha512  $archive" || fail "the archive is not the pinned one." \
    "Do not use it; find out what the registry or a proxy in between has changed."

mkdir source
tar -xzf "$archive" -C source --strip-components=3 \
    package/deps/sqlite3/sqlite3.c package/deps/sqlite3/sqlite3.h package/deps/sqlite3/sqlite3ext.h
# A rival that was faster leaves the same files there, and -T keeps ours from landing inside.
mv -T source "$target" 2>/dev/null || [[ -e $target/sqlite3.c ]]
echo "$target"
