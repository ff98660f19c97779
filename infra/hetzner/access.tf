resource "hcloud_ssh_key" "main" {
  name       = local.stem
  public_key = trimspace(var.ssh_public_key)
  labels     = local.labels
}
