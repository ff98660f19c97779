#!/usr/bin/env bash
# The control plane that makes the cluster: k3s, then the network, then Flux, which does the rest.
# May be run again; does nothing once it has succeeded.
set -euo pipefail

# shellcheck source=infra/hetzner/cloud-init/lib.sh
. "${CATALYST_ROOT:-}/opt/catalyst/lib.sh"

k3s_config="$root/etc/rancher/k3s/k3s.yaml"
export KUBECONFIG="$k3s_config"
kubectl() { "$root/usr/local/bin/k3s" kubectl "$@"; }
helm() { "$root/usr/local/bin/helm" "$@"; }
apply() { kubectl apply --server-side --force-conflicts --field-manager=catalyst-bootstrap -f "$1"; }

download() {
  retry 10 15 fetch "$(setting HELM_URL)" "$(setting HELM_SHA256)" "$state/cache/helm.tar.gz"
  tar -xzf "$state/cache/helm.tar.gz" -C "$state/cache" "linux-$(architecture)/helm"
  install -m 0755 "$state/cache/linux-$(architecture)/helm" "$root/usr/local/bin/helm"
  local name address sum
  while read -r name address sum; do
    retry 10 15 fetch "$address" "$sum" "$state/cache/$name"
  done <"$etc/downloads"
}

healthy() { kubectl get --raw /healthz --request-timeout=10s >/dev/null; }

# The object, not its pod: without a network no pod runs yet. And before Flux, whose first volumes
# name no class.
class_exists() { kubectl get storageclass local-path >/dev/null; }
is_default() { [[ "$(kubectl get storageclass local-path -o 'jsonpath={.metadata.annotations.storageclass\.kubernetes\.io/is-default-class}')" == true ]]; }
set_storage_class() {
  retry 90 2 class_exists
  retry 5 5 kubectl annotate storageclass local-path --overwrite storageclass.kubernetes.io/is-default-class=true
  retry 5 5 is_default || die "local-path is not the default StorageClass"
}

# Its kinds before Cilium, which looks for them once, when it starts.
apply_gateway_api() {
  local file
  for file in "$state"/cache/gateway-api-*.yaml; do
    retry 5 5 apply "$file"
  done
}

# Before Flux, whose pods need a network. Same name, namespace and values as the Blueprint, which
# takes this release over.
install_cilium() {
  retry 3 20 helm upgrade --install cilium "$state/cache/cilium.tgz" --namespace kube-system --values "$etc/cilium-values.yaml"
  retry 3 10 kubectl --namespace kube-system rollout status daemonset/cilium --timeout=240s
  retry 30 5 apply "$etc/metadata-policy.yaml"
}

# Without label and annotations Helm does not take over what it did not make, and bp-flux would never
# be installed.
install_flux() {
  retry 5 10 apply "$state/cache/flux.yaml"
  retry 5 5 kubectl label --overwrite -f "$state/cache/flux.yaml" app.kubernetes.io/managed-by=Helm
  retry 5 5 kubectl annotate --overwrite -f "$state/cache/flux.yaml" \
    meta.helm.sh/release-name=flux meta.helm.sh/release-namespace=flux-system
  retry 3 10 kubectl --namespace flux-system wait --for=condition=Available --timeout=300s deployment --all
}

# Secrets before what asks for them.
hand_over() {
  retry 5 5 apply "$etc/namespaces.yaml"
  retry 5 5 apply "$etc/secrets.yaml"
  retry 5 5 apply "$etc/flux-objects.yaml"
}

# It is taken once. Refused after an answer that got lost means: it was.
delivered() {
  local status
  status="$(api PUT kubeconfig application/x-yaml "$state/kubeconfig")" || : >"$state/kubeconfig-unsure"
  say "kubeconfig: answer $status"
  [[ $status == 2?? || ($status == 403 && -e $state/kubeconfig-unsure) ]]
}
return_kubeconfig() {
  sed "s|https://127\.0\.0\.1:[0-9]*|$PUBLIC_API|" "$k3s_config" >"$state/kubeconfig"
  retry 60 10 delivered
}

start
prepare_system
wait_for_private_network
once downloads download # everything from outside first: what cannot be had fails before a cluster stands
install_k3s
once k3s-ready retry 60 5 healthy
once default-storage-class set_storage_class
once gateway-api apply_gateway_api
once cilium install_cilium
once flux install_flux
once sovereign hand_over
# Last: with it the server takes over watching.
if [[ -n $API_URL && -s $etc/api-header ]]; then
  once kubeconfig return_kubeconfig
fi
finish
