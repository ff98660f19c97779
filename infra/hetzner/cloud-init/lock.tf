# The version lock as environment variables: NAME_VERSION, NAME_URL, NAME_SHA256 for each processor.
locals {
  versions_file = var.versions_file != "" ? var.versions_file : "${path.module}/../../versions.yaml"
  lock          = yamldecode(file(local.versions_file))

  program_names = var.role == "first" ? ["k3s", "helm"] : ["k3s"]
  architectures = ["amd64", "arm64"]

  programs = merge([
    for name in local.program_names : merge([
      for arch in local.architectures : {
        "${upper(name)}_URL_${arch}" = replace(replace(replace(local.lock.binaries[name].url,
          "{version}", replace(local.lock.binaries[name].version, "+", "%2B")),
          "{arch}", arch),
        "{suffix}", try(local.lock.binaries[name].suffix[arch], ""))
        "${upper(name)}_SHA256_${arch}" = local.lock.binaries[name].sha256[arch]
      }
    ]...)
  ]...)

  flux        = local.lock.manifests.flux
  gateway_api = local.lock.manifests["gateway-api"]
  cilium      = try(local.lock.charts.cilium, { version = null, repository = null, digest = null })

  # File names in the order of the addresses and checksums; read by one loop of the script.
  manifests = var.role == "first" ? concat(
    [for file, sum in local.gateway_api.sha256 : {
      name = "gateway-api-${basename(file)}"
      url  = replace(replace(local.gateway_api.url, "{version}", local.gateway_api.version), "{file}", file)
      sum  = sum
    }],
    [{
      name = "flux.yaml"
      url  = replace(local.flux.url, "{version}", local.flux.version)
      sum  = local.flux.sha256
    }],
    [{
      name = "cilium.tgz"
      url  = try("${local.cilium.repository}/cilium-${local.cilium.version}.tgz", null)
      sum  = try(trimprefix(local.cilium.digest, "sha256:"), null)
    }],
  ) : []

  unknown = concat(
    [for name, value in local.programs : name if value == null],
    [for file in local.manifests : file.name if file.sum == null || file.url == null],
  )
}
