#!/usr/bin/env bash
# Makes every generated file of the samples again. See README.md for what it needs.
#   ./regenerate.sh        the small samples
#   ./regenerate.sh large  those and large/
#   CARGO2NIX, CRATE2NIX   the two generators (found on PATH unless named)
# The Cargo.lock files are inputs: a missing one is resolved anew, with newer crates.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD

need() {
  command -v "$1" || { echo "$0: no $1 here, see README.md" >&2; exit 1; }
}
CARGO2NIX=$(need "${CARGO2NIX:-cargo2nix}")
CRATE2NIX=$(need "${CRATE2NIX:-crate2nix}")
need nix-prefetch-git >/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Nothing of the caller's configuration, and nothing of this in the caller's caches.
export GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_NOSYSTEM=1
export CARGO_HOME=$work/cargo CARGO_TARGET_DIR=$work/target
export CARGO_NET_GIT_FETCH_WITH_CLI=true
export CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global url."file://$work/greet".insteadOf https://example.com/greet.git

# The git dependency: two commits with the same version, at fixed times, so that their names never change.
greet() {
  mkdir -p "$work/greet/src" "$work/greet/words/src"
  cd "$work/greet"
  git init -q --object-format=sha1
  cat >Cargo.toml <<'EOF'
[package]
name = "greet"
version = "0.1.0"
edition = "2021"

[features]
loud = []

[workspace]
members = ["words"]

[dependencies]
greet-words = { path = "words" }
EOF
  cat >src/lib.rs <<'EOF'
pub fn greet(name: &str) -> String {
    let text = format!("{}, {name}", greet_words::HELLO);
    if cfg!(feature = "loud") { text.to_uppercase() } else { text }
}
EOF
  cat >words/Cargo.toml <<'EOF'
[package]
name = "greet-words"
version = "0.1.0"
edition = "2021"
EOF
  echo 'pub const HELLO: &str = "Hello";' >words/src/lib.rs
  commit "2025-01-01T12:00:00Z" "Greet"
  git tag v0.1.0
  echo 'pub const HELLO: &str = "Good day";' >words/src/lib.rs
  commit "2025-02-01T12:00:00Z" "Be polite"
  old=$(git rev-parse v0.1.0)
  new=$(git rev-parse main)
  cd "$here"
}

commit() {
  git add -A
  GIT_AUTHOR_NAME=Greeter GIT_AUTHOR_EMAIL=greeter@example.com GIT_AUTHOR_DATE=$1 \
    GIT_COMMITTER_NAME=Greeter GIT_COMMITTER_EMAIL=greeter@example.com GIT_COMMITTER_DATE=$1 \
    git commit -q -m "$2"
}

lock() {
  [ -f Cargo.lock ] || cargo generate-lockfile
  cargo metadata --locked --format-version 1 >/dev/null
}

# -l: cargo2nix does not touch Cargo.lock. It writes its file for the owner alone (0600).
with_cargo2nix() {
  "$CARGO2NIX" -o -l -f Cargo.nix
  chmod 644 Cargo.nix
}

# crate2nix believes an existing crate-hashes.json: away with it first.
with_crate2nix() {
  rm -f crate-hashes.json
  "$CRATE2NIX" generate "$@"
}

greet

cd "$here/cargo2nix-basic"
lock
with_cargo2nix

cd "$here/crate2nix-basic"
lock
with_crate2nix

cd "$here/mixed-git-path"
lock
with_cargo2nix
with_crate2nix -o crate2.nix -h crate-hashes.json

# The same project later: tally-core lost cfg-if and gained fastrand (by hand, in its Cargo.toml), cargo moved semver on.
cd "$here/drifted"
cp ../cargo2nix-basic/{Cargo.lock,Cargo.nix,flake.nix,flake.lock} .
cargo update -q --workspace
cargo update -q -p fastrand --precise 2.3.0
cargo update -q -p semver --precise 1.0.27
cargo metadata --locked --format-version 1 >/dev/null

# Generated at the first commit; then cargo went to the second one.
cd "$here/drifted-crate2nix"
[ -f Cargo.lock ] || cargo generate-lockfile
cargo update -q -p greet --precise "$old"
with_crate2nix
cargo update -q -p greet --precise "$new"

# 1024 packages: the two big files are stored compressed.
if [ "${1-}" = large ]; then
  cp -r "$here/large" "$work/large"
  cd "$work/large"
  [ ! -f Cargo.lock.gz ] || gunzip Cargo.lock.gz
  lock
  with_cargo2nix
  for file in Cargo.lock Cargo.nix; do
    gunzip -c "$here/large/$file.gz" 2>/dev/null | cmp -s - "$file" || gzip -9nc "$file" >"$here/large/$file.gz"
  done
fi

echo "done: greet is $old, then $new"
