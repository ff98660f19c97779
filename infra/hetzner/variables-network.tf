# Sizes and numbers of the network: defaults that fit one Sovereign in one project.

variable "versions_file" {
  description = "The version lock. Empty: ../versions.yaml of this repository. A copy may name mirrors."
  type        = string
  nullable    = false
  default     = ""
}

variable "cilium_values_file" {
  description = "Values for Cilium's first installation. Empty: those of the Blueprint, ../../charts/bp-cilium/cilium-values.yaml."
  type        = string
  nullable    = false
  default     = ""
}

variable "server_image" {
  description = "Operating system of every server. The bootstrap expects Ubuntu with apt and systemd."
  type        = string
  nullable    = false
  default     = "ubuntu-24.04"
}

variable "network_cidr" {
  description = "Range of the private network."
  type        = string
  nullable    = false
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrhost(var.network_cidr, 1)) && !strcontains(var.network_cidr, ":")
    error_message = "network_cidr must be an IPv4 network."
  }
}

variable "subnet_cidr" {
  description = "Range of the nodes inside network_cidr. Addresses: control planes .2 to .4, load balancer .5, workers from .10."
  type        = string
  nullable    = false
  default     = "10.0.1.0/24"

  validation {
    condition     = can(cidrhost(var.subnet_cidr, 60)) && !strcontains(var.subnet_cidr, ":")
    error_message = "subnet_cidr must be an IPv4 network of at least 64 addresses."
  }
}

variable "pod_cidr" {
  description = "Range of the pods; must not meet network_cidr."
  type        = string
  nullable    = false
  default     = "10.42.0.0/16"

  validation {
    condition     = can(cidrhost(var.pod_cidr, 1))
    error_message = "pod_cidr must be a network."
  }
}

variable "service_cidr" {
  description = "Range of the Services; must not meet network_cidr."
  type        = string
  nullable    = false
  default     = "10.43.0.0/16"

  validation {
    condition     = can(cidrhost(var.service_cidr, 1))
    error_message = "service_cidr must be a network."
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

variable "gateway_http_port" {
  description = "NodePort of the Gateway for HTTP. The Gateway's chart and the load balancer must agree."
  type        = number
  nullable    = false
  default     = 31080

  validation {
    condition     = var.gateway_http_port >= 30000 && var.gateway_http_port <= 32767
    error_message = "gateway_http_port must be a NodePort, 30000 to 32767."
  }
}

variable "gateway_https_port" {
  description = "NodePort of the Gateway for HTTPS."
  type        = number
  nullable    = false
  default     = 31443

  validation {
    condition     = var.gateway_https_port >= 30000 && var.gateway_https_port <= 32767
    error_message = "gateway_https_port must be a NodePort, 30000 to 32767."
  }
}
