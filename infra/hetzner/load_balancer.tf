# Made before the servers: its address is in their certificates and in the kubeconfig that they
# return. They become its targets afterwards.
resource "hcloud_load_balancer" "main" {
  name               = "${local.stem}-lb"
  load_balancer_type = var.load_balancer_type
  location           = var.region
  labels             = local.labels

  algorithm {
    type = "round_robin"
  }
}

resource "hcloud_load_balancer_network" "main" {
  load_balancer_id = hcloud_load_balancer.main.id
  subnet_id        = hcloud_network_subnet.main.id
  ip               = local.load_balancer_ip
}

# proxy: the visitor's address goes ahead of each connection. Cilium's Gateway takes no other
# connection (enableProxyProtocol in its values), the Kubernetes API none of these.
locals {
  services = {
    http       = { listen = 80, node = local.gateway_ports.http, proxy = true }
    https      = { listen = 443, node = local.gateway_ports.https, proxy = true }
    kubernetes = { listen = local.kubernetes_api_port, node = local.kubernetes_api_port, proxy = false }
  }
}

# TCP all the way: TLS ends in the Gateway and in the Kubernetes API.
resource "hcloud_load_balancer_service" "main" {
  for_each = local.services

  load_balancer_id = hcloud_load_balancer.main.id
  protocol         = "tcp"
  listen_port      = each.value.listen
  destination_port = each.value.node
  proxyprotocol    = each.value.proxy

  health_check {
    protocol = "tcp"
    port     = each.value.node
    interval = 10
    timeout  = 5
    retries  = 3
  }
}

# Control planes only: they hold the API, and a NodePort answers on each of them.
resource "hcloud_load_balancer_target" "control_plane" {
  count = local.control_plane_count

  type             = "server"
  load_balancer_id = hcloud_load_balancer.main.id
  server_id        = hcloud_server.control_plane[count.index].id
  use_private_ip   = true

  depends_on = [hcloud_load_balancer_network.main]
}
