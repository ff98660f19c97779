# shellcheck shell=bash
# What only the tests need.

# shellcheck source=scripts/lib/pins.sh
. "$root/scripts/lib/pins.sh"

node_for_tests=20
node_major() { node --version | sed 's/v\([0-9]*\).*/\1/'; }
find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome || true; }

want_for_tests() {
  has openssl || want "openssl" openssl
  [[ -n $(find_browser) ]] || want "a browser (Chromium)" chromium
  if [[ -e /etc/debian_version ]]; then
    [[ -n $(compgen -G '/usr/share/fonts/truetype/dejavu/*.ttf') ]] || want "Latin fonts" fonts-dejavu-core
    [[ -n $(compgen -G '/usr/share/fonts/truetype/noto/NotoSansArabic*') ]] || want "Arabic fonts" fonts-noto-core
  fi
  python3 -c 'import ensurepip, venv' 2>/dev/null || want "Python 3 with venv" python3 python3-venv
}

# Into .tools/venv, once.
python_package() {
  [[ ! -f $tools/venv/$1 ]] || return 0
  title "$1 (Python, .tools/venv)"
  [[ -x $tools/venv/bin/pip ]] || python3 -m venv "$tools/venv" ||
    fail "Python could not make .tools/venv. Install it with: apt-get install python3-venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check "$1" ||
    fail "the Python package $1 could not be installed. By hand: .tools/venv/bin/pip install '$1'"
  touch "$tools/venv/$1"
}

set_up_tests() {
  if rustup_runs && ! cargo clippy --version >/dev/null 2>&1; then
    title "clippy and rustfmt (rustup)"
    rustup component add clippy rustfmt || fail "clippy or rustfmt is missing. By hand: rustup component add clippy rustfmt"
  fi

  local package
  for package in "${python_packages[@]}"; do
    python_package "$package"
  done

  # Playwright needs a newer Node than Debian 12 has.
  if [[ $(node_major) -lt $node_for_tests ]]; then
    local node_package
    node_package="node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
    title "Node.js (npm package $node_package@$node_package_version)"
    npm install --prefix "$tools" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
      "binaryen@$binaryen" "$node_package@$node_package_version" ||
      fail "Node.js $node_for_tests or newer is missing, and npm's $node_package@$node_package_version could not be installed"
    ln -sf "$tools/node_modules/$node_package/bin/node" "$tools/bin/node"
    hash -r
  fi

  local folder="$root/end2end"
  if [[ -f $folder/package-lock.json && ! $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ]]; then
    title "the browser tests' packages (npm ci in end2end)"
    (cd "$folder" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
      fail "the browser tests' packages could not be installed. By hand: cd end2end && npm ci"
    touch "$folder/node_modules/.package-lock.json"
  fi
}
