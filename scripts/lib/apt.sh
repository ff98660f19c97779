# shellcheck shell=bash
# Packages of the system: collected first, installed at once.

wanted_packages=()
wanted_for=()

# want WHAT PACKAGE…: what is missing, and the Debian packages that bring it
want() {
  wanted_for+=("$1")
  shift
  wanted_packages+=("$@")
}

install_wanted() {
  [[ ${#wanted_packages[@]} -gt 0 ]] || return 0
  title "missing: $(printf '%s; ' "${wanted_for[@]}" | sed 's/; $//')"
  local command=(apt-get install -y --no-install-recommends "${wanted_packages[@]}")
  has apt-get || fail "this system has no apt-get. Install by its own means: $(printf '%s; ' "${wanted_for[@]}")(Debian calls them: ${wanted_packages[*]})"
  local as=()
  if [[ $(id -u) -ne 0 ]]; then
    if has sudo && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
      as=(sudo)
    else
      fail "installing needs root. Run this as root, then again this script:

  apt-get update && ${command[*]}"
    fi
  fi
  say "${as[*]} ${command[*]}"
  "${as[@]}" apt-get update -qq || fail "apt-get update failed; is there a network?"
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive "${command[@]}" >"$tools/apt.log" 2>&1 || {
    tail -n 15 "$tools/apt.log" >&2
    fail "this did not work (all of it: .tools/apt.log): ${command[*]}"
  }
}

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif has sudo; then
    sudo "$@"
  else
    fail "this needs root: $*"
  fi
}

# lld of the system's own version, or of whichever version it has
debian_lld() {
  local newest
  newest="$(apt-cache search --names-only '^lld-[0-9]+$' 2>/dev/null | sed 's/ .*//' | sort -t- -k2n | tail -n1)"
  echo "${newest:-lld}"
}

# ld.lld on PATH: as it is, or a versioned one under its plain name
link_lld() {
  has ld.lld && return 0
  local found
  found="$(compgen -c ld.lld- | sort -t- -k2n | tail -n1)"
  [[ -n $found ]] || return 1
  ln -sf "$(command -v "$found")" "$tools/bin/ld.lld"
}
