resource "hcloud_server" "worker" {
  count = var.worker_count

  name               = "${local.stem}-w${count.index + 1}"
  server_type        = var.worker_size
  image              = var.server_image
  location           = var.region
  ssh_keys           = [hcloud_ssh_key.main.id]
  firewall_ids       = [hcloud_firewall.main.id]
  placement_group_id = hcloud_placement_group.worker[floor(count.index / 10)].id
  user_data          = module.worker_init[count.index].user_data
  labels             = local.worker_labels

  public_net {
    ipv4_enabled = true
    ipv6_enabled = true
  }

  network {
    network_id = hcloud_network.main.id
    ip         = local.worker_ips[count.index]
    alias_ips  = []
  }

  depends_on = [hcloud_network_subnet.main, hcloud_server.control_plane]

  lifecycle {
    ignore_changes = [user_data, image, ssh_keys]
  }
}
