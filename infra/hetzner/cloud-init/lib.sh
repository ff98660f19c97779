#!/usr/bin/env bash
# What both bootstraps share. Sourced after `set -euo pipefail`.
#
# CATALYST_ROOT stands before every path, so that a test can run all of it in a folder of its own.

root="${CATALYST_ROOT:-}"
etc="$root/etc/catalyst"
state="$root/var/lib/catalyst"
log="$state/bootstrap.log"
marker="$state/cloud-init-complete"
step=start

mkdir -p "$state/cache" "$state/past" "$root/usr/local/bin"
chmod 0700 "$state/cache"
# shellcheck source=/dev/null
. "$etc/settings.env"

say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*"; }
step() {
  step="$1"
  say "== $1"
}
die() {
  say "$*" >&2
  exit 1
}

# once STEP COMMAND…: not again when an earlier run came past it. What Flux has taken over by then is
# Flux's, and a cluster that works is not stopped.
once() {
  [[ ! -e $state/past/$1 ]] || return 0
  step "$1"
  "${@:2}"
  : >"$state/past/$1"
}

# retry TIMES SECONDS COMMAND…: until it works. A function given here must chain its commands with
# &&, because bash does not leave a function at its first failure while somebody asks for its result.
retry() {
  local times="$1" seconds="$2" try
  shift 2
  for ((try = 1; try <= times; try++)); do
    "$@" && return 0
    say "attempt $try of $times failed: $1"
    ((try == times)) || sleep "$seconds"
  done
  return 1
}

# fetch ADDRESS SHA256 FILE: nothing stays under its name that has another checksum.
fetch() {
  local part="$3.part"
  if [[ -f $3 ]] && matches "$2" "$3"; then return 0; fi
  curl --fail --silent --show-error --location --proto '=https' --connect-timeout 20 --max-time 600 \
    --output "$part" "$1" &&
    { matches "$2" "$part" || { say "another checksum than expected: $1" && rm -f "$part" && return 1; }; } &&
    mv "$part" "$3"
}
matches() { [[ "$(sha256sum "$2" | cut -d' ' -f1)" == "$1" ]]; }

architecture() {
  case "$(uname -m)" in
    x86_64) echo amd64 ;;
    aarch64 | arm64) echo arm64 ;;
    *) die "no program is known for the processor $(uname -m)" ;;
  esac
}
setting() { # setting NAME: the value for this processor
  local name
  name="$1_$(architecture)"
  printf '%s' "${!name}"
}

# Everything that must not leave this node in a message: whatever is long in the files of secrets.
secrets() {
  local file
  for file in "$etc/api-bearer" "$root/etc/rancher/k3s/token" "$etc/secrets.yaml"; do
    [[ ! -s $file ]] || grep -oE '[A-Za-z0-9_+/=-]{20,}' "$file" || true
  done
}
redact() {
  local text secret
  text="$(cat)"
  while read -r secret; do
    text="${text//"$secret"/<redacted>}"
  done < <(secrets)
  printf '%s' "$text" | sed -E 's/K10[0-9a-f]+::[a-z]+:[^ "]+/<redacted>/g'
}
json_text() { LC_ALL=C tr -cd '\11\12\40-\176' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/\\t/g' | awk '{ printf "%s\\n", $0 }'; }

# The bearer is read from a file: arguments are seen by every process.
api() { # api METHOD PATH TYPE FILE: prints the status
  curl --silent --show-error --proto '=https' --max-time 60 --output /dev/null --write-out '%{http_code}' \
    --request "$1" --header "@$etc/api-header" --header "Content-Type: $3" --data-binary "@$4" \
    "$API_URL/api/v1/deployments/$DEPLOYMENT_ID/$2"
}

api_succeeds() {
  local status
  status="$(api "$@")" || true
  [[ $status == 2?? ]] || { say "$1 $2: answer $status" && return 1; }
}

report_failure() {
  local code=$?
  trap - EXIT
  ((code != 0)) || exit 0
  say "failed in step $step (exit $code)"
  if [[ -n $API_URL && -s $etc/api-header ]]; then
    printf '{"step":"%s","node":"%s","exitCode":%d,"log":"%s"}' "$step" "$ROLE-$NODE_IP" "$code" \
      "$(tail -n 40 "$log" | redact | json_text)" >"$state/failure.json"
    retry 5 5 api_succeeds POST failure application/json "$state/failure.json" || say "the failure could not be reported"
  fi
  exit "$code"
}

start() {
  umask 077
  [[ ! -e $marker ]] || { say "already done" && exit 0; }
  exec >>"$log" 2>&1 # not through tee: its last lines would come too late for the report
  if [[ -n $API_URL && -s $etc/api-bearer ]]; then
    printf 'Authorization: Bearer %s\n' "$(<"$etc/api-bearer")" >"$etc/api-header"
  fi
  trap report_failure EXIT
}

prepare_system() {
  once packages retry 5 20 install_packages
  step swap
  swapoff -a
  sed -i '/\sswap\s/d' "$root/etc/fstab"
  step hardening
  systemctl try-reload-or-restart ssh # where a socket starts it, it may not be running
  local unit
  for unit in fail2ban unattended-upgrades; do
    [[ " $PACKAGES " != *" $unit "* ]] || systemctl enable --now "$unit"
  done
}
install_packages() {
  local list
  read -ra list <<<"$PACKAGES"
  DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${list[@]}"
}

# Nodes talk to one another in the private network only; its card may come a little later.
wait_for_private_network() {
  step private-network
  retry 60 5 has_address
}
has_address() { ip -4 -o addr show | grep -F " $NODE_IP/" >/dev/null; }

# k3s says itself when it is up and may take forever: nobody waits inside of systemd, which starts it
# again whenever it ends (of two that join at once, one may have to).
install_k3s() {
  once k3s-download retry 10 15 fetch "$(setting K3S_URL)" "$(setting K3S_SHA256)" "$state/cache/k3s"
  once k3s-start start_k3s
}
start_k3s() {
  install -m 0755 "$state/cache/k3s" "$root/usr/local/bin/k3s"
  systemctl daemon-reload
  systemctl enable "$K3S_SERVICE"
  systemctl restart --no-block "$K3S_SERVICE"
  retry 90 10 systemctl is-active --quiet "$K3S_SERVICE"
}

# What was only needed once goes, in our folders and in cloud-init's; it will not run again. From now
# on the node may restart by itself.
finish() {
  step cleanup
  rm -f "$etc/secrets.yaml" "$etc/api-bearer" "$state"/{failure.json,kubeconfig,kubeconfig-unsure}
  rm -rf "$state/cache"
  : >"$root/etc/cloud/cloud-init.disabled"
  find "$root/var/lib/cloud/instances" -type f \( -name 'user-data*' -o -name 'obj.pkl' -o -name 'cloud-config.txt' -o -path '*/scripts/*' \) -delete
  rm -f "$root"/run/cloud-init/{combined-cloud-config,instance-data-sensitive}.json
  [[ ! -e $etc/reboot.conf ]] || mv "$etc/reboot.conf" "$root/etc/apt/apt.conf.d/53catalyst-reboot"
  date -u +%FT%TZ >"$marker"
  rm -f "$etc/api-header"
  say "done"
}
