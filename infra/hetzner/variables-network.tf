# Sizes and numbers of the network: defaults that fit one Sovereign in one project.

variable "versions_file" {
  description = "The version lock. Empty: ../versions.yaml of this repository. A copy may name mirrors."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.versions_file == "" || can(yamldecode(file(var.versions_file)).binaries)
    error_message = "versions_file must be empty or a version lock that can be read."
  }
}

variable "cilium_values_file" {
  description = "Values for Cilium's first installation. Empty: those of the Blueprint, ../../charts/bp-cilium/cilium-values.yaml."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.cilium_values_file == "" || can(yamldecode(file(var.cilium_values_file)).gatewayAPI)
    error_message = "cilium_values_file must be empty or a file of values for Cilium that can be read."
  }
}

variable "server_image" {
  description = "Operating system of every server. The bootstrap expects Ubuntu with apt and systemd."
  type        = string
  nullable    = false
  default     = "ubuntu-24.04"

  # A name, or the id of an image of one's own.
  validation {
    condition     = can(regex("^(ubuntu-[0-9]{2}\\.04|[0-9]+)$", var.server_image))
    error_message = "server_image must be a release of Ubuntu, e.g. ubuntu-24.04, or the id of an image."
  }
}

variable "network_cidr" {
  description = "Range of the private network, inside 10.0.0.0/8: what forwards from there is believed by the server when it says who the visitor is (charts/catalyst, trustedProxies)."
  type        = string
  nullable    = false
  default     = "10.0.0.0/16"

  validation {
    condition     = try(cidrsubnet(var.network_cidr, 0, 0) == var.network_cidr, false) && can(regex("^10\\..*/([89]|[12][0-9]|30)$", var.network_cidr))
    error_message = "network_cidr must be a network inside 10.0.0.0/8, without host bits."
  }
}

variable "subnet_cidr" {
  description = "Range of the nodes inside network_cidr. Addresses: control planes .2 to .4, load balancer .5, workers from .10."
  type        = string
  nullable    = false
  default     = "10.0.1.0/24"

  validation {
    condition     = try(cidrsubnet(var.subnet_cidr, 0, 0) == var.subnet_cidr && cidrhost(var.subnet_cidr, 60) != "", false) && !strcontains(var.subnet_cidr, ":")
    error_message = "subnet_cidr must be an IPv4 network of at least 64 addresses, without host bits."
  }
}

variable "pod_cidr" {
  description = "Range of the pods, inside 10.0.0.0/8 as network_cidr is; must not meet it or service_cidr."
  type        = string
  nullable    = false
  default     = "10.42.0.0/16"

  validation {
    condition     = try(cidrsubnet(var.pod_cidr, 0, 0) == var.pod_cidr, false) && can(regex("^10\\..*/([89]|[12][0-9]|30)$", var.pod_cidr))
    error_message = "pod_cidr must be a network inside 10.0.0.0/8, without host bits."
  }
}

variable "service_cidr" {
  description = "Range of the Services; must not meet network_cidr or pod_cidr."
  type        = string
  nullable    = false
  default     = "10.43.0.0/16"

  validation {
    condition     = try(cidrsubnet(var.service_cidr, 0, 0) == var.service_cidr, false) && !strcontains(var.service_cidr, ":")
    error_message = "service_cidr must be an IPv4 network, without host bits."
  }
}

variable "load_balancer_type" {
  description = "Size of the load balancer."
  type        = string
  nullable    = false
  default     = "lb11"

  validation {
    condition     = contains(["lb11", "lb21", "lb31"], var.load_balancer_type)
    error_message = "load_balancer_type must be lb11, lb21 or lb31."
  }
}
