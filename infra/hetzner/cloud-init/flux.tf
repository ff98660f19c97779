# What Flux finds when it starts: the Sovereign's facts, the repository, and one Kustomization for
# each tier of infra/clusters/_template.
locals {
  part_of = {
    "app.kubernetes.io/part-of"     = "catalyst"
    "catalyst.openova.io/sovereign" = var.sovereign.fqdn
  }

  # after: the tier whose objects must work first. wait: those that others build on. apps waits for
  # nobody's sake, so that no application holds up what is below it. Nobody comes after
  # infrastructure, and it after no data: neither holds the other up.
  tiers = {
    versions       = { after = [], wait = true, timeout = "2m" }
    crds           = { after = ["versions"], wait = true, timeout = "10m" }
    core           = { after = ["crds"], wait = true, timeout = "20m" }
    infrastructure = { after = ["core"], wait = true, timeout = "20m" }
    data           = { after = ["core"], wait = true, timeout = "20m" }
    platform       = { after = ["data"], wait = true, timeout = "30m" }
    apps           = { after = ["platform"], wait = false, timeout = "10m" }
  }

  flux_sovereign = {
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "sovereign", namespace = "flux-system", labels = local.part_of }
    data = {
      SOVEREIGN_FQDN     = var.sovereign.fqdn
      SOVEREIGN_TOPOLOGY = var.sovereign.ha ? "ha" : "solo"
      SOVEREIGN_EMAIL    = var.sovereign.org_email
    }
  }

  flux_repository = {
    apiVersion = "source.toolkit.fluxcd.io/v1"
    kind       = "GitRepository"
    metadata   = { name = "openova", namespace = "flux-system", labels = local.part_of }
    spec = {
      interval = "1m"
      url      = var.sovereign.repo_url
      ref      = { branch = var.sovereign.branch }
      ignore   = "/*\n!/infra/\n/infra/*\n!/infra/clusters/\n/infra/clusters/*\n!/infra/clusters/_template/\n"
    }
  }

  flux_tiers = [for name, tier in local.tiers : {
    apiVersion = "kustomize.toolkit.fluxcd.io/v1"
    kind       = "Kustomization"
    metadata   = { name = name, namespace = "flux-system", labels = local.part_of }
    spec = merge(
      {
        interval      = "5m"
        retryInterval = "1m"
        timeout       = tier.timeout
        wait          = tier.wait
        prune         = true
        path          = "./infra/clusters/_template/${name}"
        sourceRef     = { kind = "GitRepository", name = "openova" }
        # A file that leaves the tree takes its objects along, but never a namespace or a kind of
        # object: with them would go what people keep in them.
        patches = [for kind in ["Namespace", "CustomResourceDefinition"] : {
          target = { kind = kind }
          # Merged, not a JSON patch: that one fails where no annotation stands yet.
          patch = yamlencode({
            apiVersion = kind == "Namespace" ? "v1" : "apiextensions.k8s.io/v1"
            kind       = kind
            metadata   = { name = "any", annotations = { "kustomize.toolkit.fluxcd.io/prune" = "disabled" } }
          })
        }]
        postBuild = { substituteFrom = [for map in(name == "versions" ? ["sovereign"] : ["sovereign", "versions"]) : { kind = "ConfigMap", name = map }] }
      },
      { for key, value in { dependsOn = [for other in tier.after : { name = other }] } : key => value if length(value) > 0 },
    )
  }]

  flux_objects = join("---\n", [for object in concat([local.flux_sovereign, local.flux_repository], local.flux_tiers) : yamlencode(object)])

  # A Secret is seen in its own namespace only: Flux fetches Blueprints, Kyverno reads their images'
  # signatures, the product's pods come from the same registry.
  pull_secret_namespaces = ["flux-system", "kyverno", "catalyst-system"]

  # Without a token the Secret is there all the same, because what names it stops where it is missing.
  # An empty entry for the host is what Flux reads as "nobody signs in"; without the entry it stops, too.
  pull_credentials = var.ghcr_token == "" ? jsonencode({ auths = { "ghcr.io" = {} } }) : jsonencode({
    auths = { "ghcr.io" = {
      username = "openova-bot"
      password = var.ghcr_token
      auth     = base64encode("openova-bot:${var.ghcr_token}")
    } }
  })

  namespaces = join("---\n", [for name in concat(local.pull_secret_namespaces, ["crossplane-system"]) : yamlencode({
    apiVersion = "v1"
    kind       = "Namespace"
    metadata   = { name = name, labels = local.part_of }
  })])

  # Hetzner's metadata service hands out user_data, which holds secrets, to whoever asks from a
  # node. The node itself needs it (for its private network, at each start); pods do not.
  metadata_policy = yamlencode({
    apiVersion = "cilium.io/v2"
    kind       = "CiliumClusterwideNetworkPolicy"
    metadata   = { name = "no-metadata-service", labels = local.part_of }
    spec = {
      endpointSelector  = {}
      enableDefaultDeny = { ingress = false, egress = false }
      egressDeny        = [{ toCIDR = ["169.254.169.254/32"] }]
    }
  })

  # Secrets that the tree needs and must not hold.
  secret_objects = join("---\n", [for object in concat(
    [{
      apiVersion = "v1"
      kind       = "Secret"
      type       = "Opaque"
      metadata   = { name = "hcloud-credentials", namespace = "crossplane-system", labels = local.part_of }
      stringData = { credentials = jsonencode({ token = var.hcloud_token }) }
    }],
    [for namespace in local.pull_secret_namespaces : {
      apiVersion = "v1"
      kind       = "Secret"
      type       = "kubernetes.io/dockerconfigjson"
      metadata   = { name = "ghcr-pull", namespace = namespace, labels = local.part_of }
      stringData = { ".dockerconfigjson" = local.pull_credentials }
    }],
  ) : yamlencode(object)])
}
