resource "hcloud_server" "control_plane" {
  count = local.control_plane_count

  name               = "${local.stem}-cp${count.index + 1}"
  server_type        = var.control_plane_size
  image              = var.server_image
  location           = var.region
  ssh_keys           = [hcloud_ssh_key.main.id]
  firewall_ids       = [hcloud_firewall.main.id]
  placement_group_id = var.ha_enabled ? hcloud_placement_group.control_plane[0].id : null
  user_data          = module.control_plane_init[count.index].user_data
  labels             = local.control_plane_labels

  public_net {
    ipv4_enabled = true
    ipv6_enabled = true
  }

  # alias_ips is said although empty: left out, the provider attaches the network anew each time.
  network {
    network_id = hcloud_network.main.id
    ip         = local.control_plane_ips[count.index]
    alias_ips  = []
  }

  depends_on = [hcloud_network_subnet.main]

  # What a server was born with is not changed afterwards: each of these would replace it, and with
  # it the cluster. From here on Flux and Crossplane are in charge.
  lifecycle {
    ignore_changes = [user_data, image, ssh_keys]
  }
}
