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

start
prepare_system
wait_for_private_network

# Everything from outside first: what cannot be had fails before a cluster stands.
step downloads
retry 10 15 fetch "$(setting HELM_URL)" "$(setting HELM_SHA256)" "$state/cache/helm.tar.gz"
tar -xzf "$state/cache/helm.tar.gz" -C "$state/cache" "linux-$(architecture)/helm"
install -m 0755 "$state/cache/linux-$(architecture)/helm" "$root/usr/local/bin/helm"
while read -r name address sum; do
  retry 10 15 fetch "$address" "$sum" "$state/cache/$name"
done <"$etc/downloads"

install_k3s

step k3s-ready
healthy() { kubectl get --raw /healthz >/dev/null; }
retry 60 5 healthy

# The object, not its pod: without a network no pod runs yet. And before Flux, whose first volumes
# name no class.
step default-storage-class
class_exists() { kubectl get storageclass local-path >/dev/null; }
retry 90 2 class_exists
kubectl annotate storageclass local-path --overwrite storageclass.kubernetes.io/is-default-class=true
is_default() { [[ "$(kubectl get storageclass local-path -o 'jsonpath={.metadata.annotations.storageclass\.kubernetes\.io/is-default-class}')" == true ]]; }
is_default || die "local-path is not the default StorageClass"

# Its kinds before Cilium, which looks for them once, when it starts.
step gateway-api
for file in "$state"/cache/gateway-api-*.yaml; do
  retry 5 5 apply "$file"
done

# Before Flux, whose pods need a network. Same name, namespace and values as the Blueprint, which
# takes this release over.
step cilium
retry 3 20 helm upgrade --install cilium "$state/cache/cilium.tgz" --namespace kube-system --values "$etc/cilium-values.yaml"
retry 3 10 kubectl --namespace kube-system rollout status daemonset/cilium --timeout=240s
retry 30 5 apply "$etc/metadata-policy.yaml"

step flux
retry 5 10 apply "$state/cache/flux.yaml"
# Without these Helm does not take over what it did not make, and bp-flux would never be installed.
retry 5 5 kubectl label --overwrite -f "$state/cache/flux.yaml" app.kubernetes.io/managed-by=Helm
retry 5 5 kubectl annotate --overwrite -f "$state/cache/flux.yaml" \
  meta.helm.sh/release-name=flux meta.helm.sh/release-namespace=flux-system
retry 3 10 kubectl --namespace flux-system wait --for=condition=Available --timeout=300s deployment --all

# Secrets before what asks for them.
step sovereign
retry 5 5 apply "$etc/namespaces.yaml"
retry 5 5 apply "$etc/secrets.yaml"
retry 5 5 apply "$etc/flux-objects.yaml"

# Last: with it the server takes over watching, and its bearer is used up.
if [[ -n $API_URL && -s $etc/api-header ]]; then
  step kubeconfig
  sed "s|https://127\.0\.0\.1:[0-9]*|$PUBLIC_API|" "$k3s_config" >"$state/kubeconfig"
  # It is taken once. Refused after an answer that got lost means: it was.
  unsure=no
  delivered() {
    local status
    status="$(api PUT kubeconfig application/x-yaml "$state/kubeconfig")" || unsure=yes
    say "kubeconfig: answer $status"
    [[ $status == 2?? || ($status == 403 && $unsure == yes) ]]
  }
  retry 60 10 delivered
fi

finish
