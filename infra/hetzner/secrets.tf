# The token that nodes join with. Random, made once, kept in the state: uuid() draws from the
# system's generator, and its later draws are ignored. Two of them, because six bits of each are
# fixed. (The provider `random` would do the same with one more thing to trust and to mirror.)
# New token: `tofu apply -replace=terraform_data.k3s_token`, before any server stands.
resource "terraform_data" "k3s_token" {
  # Not `input`: a plan would show its copy, `output`, which nothing marks as sensitive.
  triggers_replace = sensitive("${replace(uuid(), "-", "")}${replace(uuid(), "-", "")}")

  lifecycle {
    ignore_changes = [triggers_replace]
  }
}

locals {
  k3s_token = sensitive(terraform_data.k3s_token.triggers_replace)
}
