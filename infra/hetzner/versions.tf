# OpenTofu 1.8 or newer; Terraform of the same age reads it too. One provider, no provisioners.
# The provider's version stands in ../versions.yaml; a check keeps the two equal.
terraform {
  required_version = ">= 1.8.0"

  required_providers {
    hcloud = {
      source  = "hetznercloud/hcloud"
      version = "1.69.0"
    }
  }
}

provider "hcloud" {
  token = var.hcloud_token
}
