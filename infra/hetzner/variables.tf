# What the caller says of one Sovereign. Everything has a type and, unless it is a bool, a rule;
# nothing may be null: a null from the caller takes the default. What must fit together: rules.tf.

variable "sovereign_fqdn" {
  description = "Domain of the Sovereign, e.g. acme.example.org. Also a label and part of each server's name, hence its length."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)+$", var.sovereign_fqdn)) && length(var.sovereign_fqdn) <= 50
    error_message = "sovereign_fqdn must be a lower-case domain of at least two labels, each starting with a letter, of at most 50 characters."
  }
}

variable "sovereign_subdomain" {
  description = "In mode pool: the label below pool_domain."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.sovereign_subdomain == "" || can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.sovereign_subdomain))
    error_message = "sovereign_subdomain must be empty or a DNS label that starts with a letter."
  }
}

variable "domain_mode" {
  description = "pool: the domain is a label of one of our own domains. byo: the Organization brings its own."
  type        = string
  nullable    = false
  default     = "pool"

  validation {
    condition     = contains(["pool", "byo"], var.domain_mode)
    error_message = "domain_mode must be pool or byo."
  }
}

variable "pool_domain" {
  description = "In mode pool: the domain that sovereign_subdomain belongs to."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+)?$", var.pool_domain))
    error_message = "pool_domain must be empty or a lower-case domain of at least two labels."
  }
}

variable "org_name" {
  description = "Name of the Organization that runs the Sovereign."
  type        = string
  nullable    = false

  validation {
    condition     = trimspace(var.org_name) != ""
    error_message = "org_name must not be empty."
  }
}

variable "org_email" {
  description = "Address for notices of the Sovereign, certificates among them."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@[:space:]]+@[^@[:space:]]+\\.[^@[:space:]]+$", var.org_email))
    error_message = "org_email must be an e-mail address."
  }
}

variable "region" {
  description = "Location of every server and of the load balancer."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["fsn1", "nbg1", "hel1", "ash", "hil"], var.region)
    error_message = "region must be fsn1, nbg1, hel1, ash or hil."
  }
}

variable "regions" {
  description = "All regions that were asked for. This module makes the one in `region`; the others are claims to Crossplane once the Sovereign stands. Written to sovereign.json."
  type = list(object({
    provider         = string
    cloudRegion      = string
    controlPlaneSize = optional(string, "")
    workerSize       = optional(string, "")
    workerCount      = optional(number, 0)
  }))
  nullable = false
  default  = []

  validation {
    condition     = alltrue([for r in var.regions : contains(["hetzner", "huawei", "oci", "aws", "azure"], r.provider)])
    error_message = "regions[].provider must be hetzner, huawei, oci, aws or azure."
  }

  validation {
    condition     = length(var.regions) == 0 || try(var.regions[0].provider, "hetzner") == "hetzner"
    error_message = "the first of regions is made by this module, so its provider must be hetzner."
  }
}

variable "ha_enabled" {
  description = "Three control planes instead of one."
  type        = bool
  nullable    = false
  default     = false
}

variable "control_plane_size" {
  description = "Server type of each control plane, of those that catalogue.yaml offers in region."
  type        = string
  nullable    = false
  default     = "cx43"

  # The pattern of catalogue.yaml: a validation may read nothing but its own variable.
  validation {
    condition     = can(regex("^(cx|cpx|ccx)[0-9]{2,3}$", var.control_plane_size))
    error_message = "control_plane_size must be a Hetzner server type of the families cx, cpx or ccx, e.g. cx43."
  }
}

variable "worker_count" {
  description = "Number of workers."
  type        = number
  nullable    = false
  default     = 0

  validation {
    condition     = var.worker_count >= 0 && var.worker_count <= 50 && floor(var.worker_count) == var.worker_count
    error_message = "worker_count must be a whole number from 0 to 50."
  }
}

variable "worker_size" {
  description = "Server type of each worker, of those that catalogue.yaml offers in region; not needed without workers."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.worker_size == "" || can(regex("^(cx|cpx|ccx)[0-9]{2,3}$", var.worker_size))
    error_message = "worker_size must be empty or a Hetzner server type of the families cx, cpx or ccx, e.g. cx33."
  }
}

variable "ssh_public_key" {
  description = "Key for root on every server. Port 22 stays closed unless ssh_allowed_cidrs says otherwise."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp256) [A-Za-z0-9+/]+=*( [^\\n]*)?\\n?$", var.ssh_public_key))
    error_message = "ssh_public_key must be one line of type ssh-rsa, ssh-ed25519 or ecdsa-sha2-nistp256."
  }
}

variable "ssh_allowed_cidrs" {
  description = "Networks that may reach port 22."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for cidr in var.ssh_allowed_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "ssh_allowed_cidrs must hold networks in their shortest form, without host bits, e.g. 203.0.113.0/24."
  }
}

variable "gitops_repo_url" {
  description = "Repository that Flux follows."
  type        = string
  nullable    = false
  default     = "https://github.com/openova-io/openova"

  validation {
    condition     = can(regex("^https://[^[:space:]]+$", var.gitops_repo_url))
    error_message = "gitops_repo_url must be an https address."
  }
}

variable "gitops_branch" {
  description = "Branch of gitops_repo_url."
  type        = string
  nullable    = false
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.gitops_branch))
    error_message = "gitops_branch must be the name of a branch."
  }
}

variable "enable_unattended_upgrades" {
  description = "Install security updates by themselves, rebooting at 02:30 where one asks for it."
  type        = bool
  nullable    = false
  default     = true
}

variable "enable_fail2ban" {
  description = "Ban addresses that guess at SSH."
  type        = bool
  nullable    = false
  default     = true
}
