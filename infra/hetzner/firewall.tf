# From outside: the Gateway, the Kubernetes API, ping, and SSH only where asked for. etcd, kubelet
# and the overlay stay inside the private network, which firewalls do not filter. Everything may
# leave.
locals {
  open_ports = ["80", "443", tostring(local.kubernetes_api_port)]
  anywhere   = ["0.0.0.0/0", "::/0"]
}

resource "hcloud_firewall" "main" {
  name   = "${local.stem}-fw"
  labels = local.labels

  dynamic "rule" {
    for_each = local.open_ports
    content {
      direction  = "in"
      protocol   = "tcp"
      port       = rule.value
      source_ips = local.anywhere
    }
  }

  rule {
    direction  = "in"
    protocol   = "icmp"
    source_ips = local.anywhere
  }

  dynamic "rule" {
    for_each = length(var.ssh_allowed_cidrs) > 0 ? [1] : []
    content {
      direction  = "in"
      protocol   = "tcp"
      port       = "22"
      source_ips = var.ssh_allowed_cidrs
    }
  }
}
