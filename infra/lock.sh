# shellcheck shell=bash
# Reads the version lock: locked SECTION NAME KEY. A null or a missing value ends the script: what was not read
# from its publisher is not used.

lock_file="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/versions.yaml"

locked() {
  local value
  value="$(awk -v section="$1" -v name="$2" -v key="$3" '
    function clean(text) { sub(/ +#.*$/, "", text); gsub(/^[ "]+|[ "]+$/, "", text); return text }
    /^[a-z]/ { in_section = ($0 ~ "^" section ":"); in_name = 0; next }
    in_section && /^  [a-z]/ {
      in_name = ($0 ~ "^  " name ":")
      # name: { key: value, key: value }
      if (in_name && match($0, /\{.*\}/)) {
        count = split(substr($0, RSTART + 1, RLENGTH - 2), pairs, ",")
        for (i = 1; i <= count; i++) if (match(pairs[i], "^ *" key ": ")) { print clean(substr(pairs[i], RLENGTH + 1)); exit }
      }
      next
    }
    in_name && match($0, "^ +" key ": ") { print clean(substr($0, RLENGTH + 1)); exit }
  ' "$lock_file")"
  if [[ -z $value || $value == null ]]; then
    printf 'error: infra/versions.yaml has no %s.%s.%s yet. infra/complete-lock reads it.\n' "$1" "$2" "$3" >&2
    return 1
  fi
  printf '%s' "$value"
}

# As checksums of the lock are named.
locked_architecture() {
  uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/'
}

# The address of a program for this machine: locked_address NAME
locked_address() {
  local version architecture address
  version="$(locked binaries "$1" version)" || return
  address="$(locked binaries "$1" url)" || return
  architecture="$(locked_architecture)"
  sed "s/{version}/$version/g; s/{arch}/$architecture/g" <<<"$address"
}
