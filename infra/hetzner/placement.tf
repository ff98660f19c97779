# Spread: no two servers of a group on one host. A group takes ten.
resource "hcloud_placement_group" "control_plane" {
  count = var.ha_enabled ? 1 : 0

  name   = "${local.stem}-cp"
  type   = "spread"
  labels = local.control_plane_labels
}

resource "hcloud_placement_group" "worker" {
  count = ceil(var.worker_count / 10)

  name   = "${local.stem}-w${count.index + 1}"
  type   = "spread"
  labels = local.worker_labels
}
