# Secrets and the way back to the server that provisions. All end up in this module's state, which
# must therefore be encrypted and kept private.

variable "hcloud_token" {
  description = "API token of the project, read and write. Also becomes the Secret that Crossplane works with on the Sovereign."
  type        = string
  nullable    = false
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9]{64}$", var.hcloud_token))
    error_message = "hcloud_token must be 64 letters and digits."
  }
}

variable "hcloud_project_id" {
  description = "The project's id, for the record."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{0,63}$", var.hcloud_project_id))
    error_message = "hcloud_project_id must hold letters, digits and hyphens only, at most 63."
  }
}

variable "ghcr_pull_token" {
  description = "Token that reads packages from ghcr.io. Empty: nobody signs in there, so the Blueprints and the product's image must be public."
  type        = string
  nullable    = false
  sensitive   = true
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_]*$", var.ghcr_pull_token))
    error_message = "ghcr_pull_token must hold letters, digits and underscores only."
  }
}

variable "deployment_id" {
  description = "The deployment at the server. With bearer and address: kubeconfig and failures are reported there."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{0,63}$", var.deployment_id))
    error_message = "deployment_id must hold letters, digits and hyphens only, at most 63."
  }
}

variable "kubeconfig_bearer_token" {
  description = "Credential for these reports, 64 hexadecimal digits, the same on every node. The server takes one kubeconfig with it, and reports of failures until the deployment's deadline, whether the kubeconfig came or not."
  type        = string
  nullable    = false
  sensitive   = true
  default     = ""

  validation {
    condition     = can(regex("^([0-9a-f]{64})?$", var.kubeconfig_bearer_token))
    error_message = "kubeconfig_bearer_token must be empty or 64 lower-case hexadecimal digits."
  }
}

variable "catalyst_api_url" {
  description = "Address of the server that provisions, without a slash at its end. Empty: nothing is reported. https, because a kubeconfig and its bearer travel there; http is taken for this machine only, where a test stops before any node calls."
  type        = string
  nullable    = false
  default     = "https://console.openova.io/sovereign"

  validation {
    condition     = can(regex("^(https://[^[:space:]]*[^[:space:]/]|http://(127\\.0\\.0\\.1|localhost)(:[0-9]+)?(/[^[:space:]]*[^[:space:]/])?)?$", var.catalyst_api_url))
    error_message = "catalyst_api_url must be empty or an https address without a slash at its end."
  }
}
