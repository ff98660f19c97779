# k3s' own configuration file; its keys are the names of its flags.
locals {
  server = var.role != "worker"

  k3s_common = {
    "node-ip"    = var.node_ip
    "token-file" = "/etc/rancher/k3s/token"
    "node-label" = ["catalyst.openova.io/role=${local.server ? "control-plane" : "worker"}"]
  }

  # Cilium does the networking, the network policies and what kube-proxy would do; the Gateway and
  # Hetzner's load balancer do what Traefik and servicelb would. local-path stays: the first
  # volumes come from it.
  k3s_server = {
    "flannel-backend"        = "none"
    "disable-network-policy" = true
    "disable-kube-proxy"     = true
    "disable"                = ["traefik", "servicelb"]
    "secrets-encryption"     = true
    "cluster-cidr"           = var.cluster.pod_cidr
    "service-cidr"           = var.cluster.service_cidr
    "https-listen-port"      = var.cluster.api_port
    "write-kubeconfig-mode"  = "0600"
    "tls-san"                = [var.sovereign.fqdn, var.cluster.api_ip, var.cluster.first_ip]
  }

  # The first makes the cluster, the others join it. lb-server-port: the node's own way to the API;
  # servers have it one above their port by themselves.
  k3s_role = {
    "cluster-init"   = var.role == "first" ? true : null
    "server"         = var.role == "first" ? null : "https://${var.cluster.first_ip}:${var.cluster.api_port}"
    "lb-server-port" = local.server ? null : var.cluster.api_port + 1
  }

  k3s_config = merge(
    local.k3s_common,
    { for key, value in local.k3s_server : key => value if local.server },
    { for key, value in local.k3s_role : key => value if value != null },
  )

  k3s_service = local.server ? "k3s" : "k3s-agent"
}
