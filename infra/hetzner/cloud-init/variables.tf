# What a node has to know. No provider, no resource: the same text for the same words.

variable "role" {
  description = "first: the control plane that makes the cluster. control-plane and worker join it."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["first", "control-plane", "worker"], var.role)
    error_message = "role must be first, control-plane or worker."
  }
}

variable "index" {
  description = "Which of its kind it is, from 0: control planes are counted together, workers apart."
  type        = number
  nullable    = false
}

variable "node_ip" {
  description = "The node's address in the private network."
  type        = string
  nullable    = false
}

variable "sovereign" {
  description = "Whose node this is."
  type = object({
    fqdn          = string
    subdomain     = string
    domain_mode   = string
    pool_domain   = string
    org_name      = string
    org_email     = string
    region        = string
    regions       = list(any)
    project_id    = string
    deployment_id = string
    ha            = bool
    worker_count  = number
    repo_url      = string
    branch        = string
  })
  nullable = false
}

variable "cluster" {
  description = "The cluster's addresses. api_ip is the load balancer's, which the kubeconfig names."
  type = object({
    api_ip       = string
    api_port     = number
    first_ip     = string
    pod_cidr     = string
    service_cidr = string
  })
  nullable = false
}

variable "options" {
  description = "What is installed besides."
  type = object({
    unattended_upgrades = bool
    fail2ban            = bool
  })
  nullable = false
}

variable "versions_file" {
  description = "The version lock. Empty: the repository's."
  type        = string
  nullable    = false
  default     = ""
}

variable "cilium_values_file" {
  description = "Cilium's values. Empty: those of bp-cilium."
  type        = string
  nullable    = false
  default     = ""
}

variable "api_url" {
  description = "Where failures and the kubeconfig are reported. Empty: nowhere."
  type        = string
  nullable    = false
  default     = ""
}

variable "k3s_token" {
  description = "What nodes join with."
  type        = string
  nullable    = false
  sensitive   = true

  validation {
    condition     = length(var.k3s_token) >= 32
    error_message = "k3s_token is too short to be random."
  }
}

variable "api_bearer" {
  description = "Credential for api_url; the same on every node."
  type        = string
  nullable    = false
  sensitive   = true
  default     = ""
}

variable "hcloud_token" {
  description = "For Crossplane; only the first control plane gets it."
  type        = string
  nullable    = false
  sensitive   = true
  default     = ""
}

variable "ghcr_token" {
  description = "For the pull secret; only the first control plane gets it. Empty: the secret names nobody."
  type        = string
  nullable    = false
  sensitive   = true
  default     = ""
}
