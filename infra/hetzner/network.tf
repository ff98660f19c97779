resource "hcloud_network" "main" {
  name     = "${local.stem}-net"
  ip_range = var.network_cidr
  labels   = local.labels
}

resource "hcloud_network_subnet" "main" {
  network_id   = hcloud_network.main.id
  type         = "cloud"
  network_zone = local.network_zones[var.region]
  ip_range     = var.subnet_cidr
}
