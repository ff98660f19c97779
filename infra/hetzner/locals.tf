locals {
  stem = "catalyst-${replace(var.sovereign_fqdn, ".", "-")}"

  control_plane_count = var.ha_enabled ? 3 : 1

  # The load balancer has an address of its own: taken from the pool it would get the first
  # control plane's, being there before it.
  control_plane_ips = [for i in range(local.control_plane_count) : cidrhost(var.subnet_cidr, 2 + i)]
  load_balancer_ip  = cidrhost(var.subnet_cidr, 5)
  worker_ips        = [for i in range(var.worker_count) : cidrhost(var.subnet_cidr, 10 + i)]

  catalogue     = yamldecode(file("${path.module}/catalogue.yaml"))
  network_zones = local.catalogue.locations

  # Not a variable: one above it k3s puts the node's own way to the API, which Cilium's shared
  # values name (6444).
  kubernetes_api_port = 6443

  # Nor these: Envoy listens on the nodes where the shared chart bp-gateway says.
  gateway_ports = { http = 31080, https = 31443 }

  # Everything that can carry labels carries these: what is found by them can be removed by them.
  labels = merge(
    { "catalyst.openova.io/sovereign" = var.sovereign_fqdn },
    var.deployment_id == "" ? {} : { "catalyst.openova.io/deployment-id" = var.deployment_id },
  )
  control_plane_labels = merge(local.labels, { "catalyst.openova.io/role" = "control-plane" })
  worker_labels        = merge(local.labels, { "catalyst.openova.io/role" = "worker" })
}
