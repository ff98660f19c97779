# shellcheck shell=bash
# A Rust toolchain that compiles for this machine and for wasm32-unknown-unknown, in this order:
# one that already does; rustup's, completed by rustup; Debian's, completed by building its own
# standard library for wasm32 once.

rust_minor=95 # rust-version of Cargo.toml: 1.95
wasm=wasm32-unknown-unknown
debian_rust_packages=(rustc-web cargo-web rustfmt-web rust-web-clippy rust-web-src lld-22)
debian_path='export PATH="/usr/bin:$PATH"; unset RUSTUP_TOOLCHAIN # rust'
rust_env="" # the lines of .tools/env that choose the toolchain

recent() { # recent "$(… --version)"
  local minor
  minor="$(sed -n 's/^[a-z]* 1\.\([0-9]*\)\..*/\1/p' <<<"$1")"
  [[ ${minor:-0} -ge $rust_minor ]]
}

# Whether this environment's cargo runs, is recent, and its compiler finds a wasm32 library that
# it can read. A rustup proxy without a toolchain fails here like a missing program.
rust_works() {
  recent "$(cargo --version 2>/dev/null || true)" || return 1
  recent "$(rustc --version 2>/dev/null || true)" || return 1
  echo 'pub fn probe() {}' |
    rustc --target $wasm --crate-type lib --crate-name probe --emit=metadata -o "$tools/probe.rmeta" - >/dev/null 2>&1
}

rust_works_with() { # rust_works_with 'lines of shell'
  (
    eval "$1"
    rust_works
  )
}

rustup_runs() { has rustup && rustup toolchain list >/dev/null 2>&1; }

find_rust() {
  export RUSTUP_AUTO_INSTALL=0
  local last lines toolchain
  if [[ -f $tools/env ]]; then
    last="$(sed -n '/# rust$/p' "$tools/env")"
    if [[ -n $last && -z ${RUSTUP_TOOLCHAIN:-} ]] && rust_works_with "$last"; then
      rust_env="$last"
      return 0
    fi
  fi
  if rust_works; then
    rust_env="${RUSTUP_TOOLCHAIN:+export RUSTUP_TOOLCHAIN=$RUSTUP_TOOLCHAIN }# rust"
    return 0
  fi
  if rustup_runs; then
    while read -r toolchain _; do
      [[ $toolchain != *nightly* && $toolchain != *beta* && -n $toolchain && $toolchain != no ]] || continue
      lines="export RUSTUP_TOOLCHAIN=$toolchain # rust"
      if rust_works_with "$lines"; then
        rust_env="$lines"
        return 0
      fi
    done < <(rustup toolchain list)
  fi
  if rust_works_with "$debian_path"; then
    prefer_debian_rust
    return 0
  fi
  ! rustup_runs || complete_with_rustup || return 1
  [[ -n $rust_env ]]
}

complete_with_rustup() {
  title "Rust's wasm32 target (rustup)"
  if recent "$(cargo --version 2>/dev/null || true)"; then
    timeout 900 rustup target add $wasm 2>"$tools/rustup.log" || true
    if rust_works; then
      rust_env="${RUSTUP_TOOLCHAIN:+export RUSTUP_TOOLCHAIN=$RUSTUP_TOOLCHAIN }# rust"
      return 0
    fi
  else
    timeout 900 rustup toolchain install stable --profile minimal -c clippy -c rustfmt -t $wasm \
      2>"$tools/rustup.log" || true
    if rust_works_with "export RUSTUP_TOOLCHAIN=stable"; then
      rust_env="export RUSTUP_TOOLCHAIN=stable # rust"
      return 0
    fi
  fi
  say "rustup could not (.tools/rustup.log): $(tail -n1 "$tools/rustup.log")"
  return 1
}

# Debian's compiler is complete but for the wasm32 library, whose sources it packages.
use_debian_rust() {
  local library host work deps file
  recent "$(/usr/bin/cargo --version 2>/dev/null || true)" ||
    fail "Rust 1.$rust_minor or newer is missing. Install rustup (https://rustup.rs), then: rustup target add $wasm"
  if ! rust_works_with "$debian_path"; then
    title "the standard library for $wasm, built once (about a minute)"
    host="$(/usr/bin/rustc -vV | sed -n 's/^host: //p')"
    work="$(mktemp -d)"
    mkdir "$work/src"
    printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n' >"$work/Cargo.toml"
    : >"$work/src/lib.rs"
    (
      eval "$debian_path"
      cd "$work"
      env -u CARGO_TARGET_DIR -u RUSTFLAGS RUSTC_BOOTSTRAP=1 /usr/bin/cargo build --quiet --release \
        --target $wasm -Zbuild-std=std,panic_abort,proc_macro
    ) || fail "the standard library for $wasm could not be built. Debian's sources of it: apt-get install rust-web-src"
    library="/usr/lib/rustlib/$wasm/lib"
    deps=()
    for file in "$work/target/$wasm/release/deps/"*.rlib; do
      [[ $(basename "$file") == libempty* ]] || deps+=("$file")
    done
    as_root mkdir -p "$library" "/usr/lib/rustlib/$host/bin"
    as_root find "$library" -name '*.rlib' -delete
    as_root cp "${deps[@]}" "$library/"
    rm -rf "$work"
  fi
  host="$(/usr/bin/rustc -vV | sed -n 's/^host: //p')"
  if [[ ! -e /usr/lib/rustlib/$host/bin/rust-lld ]]; then
    file="$(compgen -c lld- | grep -E '^lld-[0-9]+$' | sort -t- -k2n | tail -n1 || true)"
    [[ -n $file ]] || fail "the linker lld is missing. Install it with: apt-get install lld-22"
    as_root ln -sf "$(command -v "$file")" "/usr/lib/rustlib/$host/bin/rust-lld"
  fi
  rust_works_with "$debian_path" ||
    fail "/usr/bin/rustc does not compile for $wasm. See: /usr/bin/rustc --print target-libdir --target $wasm"
  prefer_debian_rust
}

# /usr/bin first, or as a toolchain of rustup's: cargo would prefer rustup's cargo-clippy and
# cargo-fmt to those on PATH, and they belong to another compiler.
prefer_debian_rust() {
  rust_env="$debian_path"
  if rustup_runs && rustup toolchain link catalyst /usr 2>/dev/null; then
    rust_env="export RUSTUP_TOOLCHAIN=catalyst # rust"
  fi
}

write_env() {
  {
    echo '# Written by scripts/setup: the tools that it found. scripts/with-tools reads it.'
    echo "$rust_env"
    echo "export PATH=\"$tools/bin:\$PATH\""
    if [[ $mode == test || -d $tools/venv ]]; then
      echo "export CATALYST_KUBERNETES_VALIDATE=\"$tools/venv/bin/kubernetes-validate\""
      echo "export CATALYST_CHROMIUM=\"$(find_browser)\""
    fi
  } >"$tools/env.new"
  cmp -s "$tools/env.new" "$tools/env" || cp "$tools/env.new" "$tools/env"
  rm -f "$tools/env.new"
}
