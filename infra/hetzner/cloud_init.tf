# What each server is told at birth. The texts are made by ./cloud-init, which needs no provider
# and can be rendered and read on its own.
locals {
  reports = var.deployment_id != "" && var.kubeconfig_bearer_token != "" && var.catalyst_api_url != ""

  sovereign = {
    fqdn          = var.sovereign_fqdn
    subdomain     = var.sovereign_subdomain
    domain_mode   = var.domain_mode
    pool_domain   = var.pool_domain
    org_name      = var.org_name
    org_email     = var.org_email
    region        = var.region
    regions       = var.regions
    project_id    = var.hcloud_project_id
    deployment_id = var.deployment_id
    ha            = var.ha_enabled
    worker_count  = var.worker_count
    repo_url      = var.gitops_repo_url
    branch        = var.gitops_branch
  }

  cluster = {
    api_ip       = hcloud_load_balancer.main.ipv4
    api_port     = local.kubernetes_api_port
    first_ip     = local.control_plane_ips[0]
    pod_cidr     = var.pod_cidr
    service_cidr = var.service_cidr
  }

  options = {
    unattended_upgrades = var.enable_unattended_upgrades
    fail2ban            = var.enable_fail2ban
  }
}

module "control_plane_init" {
  source = "./cloud-init"
  count  = local.control_plane_count

  role               = count.index == 0 ? "first" : "control-plane"
  index              = count.index
  node_ip            = local.control_plane_ips[count.index]
  sovereign          = local.sovereign
  cluster            = local.cluster
  options            = local.options
  versions_file      = var.versions_file
  cilium_values_file = var.cilium_values_file
  api_url            = local.reports ? var.catalyst_api_url : ""
  k3s_token          = local.k3s_token
  api_bearer         = local.reports ? var.kubeconfig_bearer_token : ""
  hcloud_token       = var.hcloud_token
  ghcr_token         = var.ghcr_pull_token
}

module "worker_init" {
  source = "./cloud-init"
  count  = var.worker_count

  role          = "worker"
  index         = count.index
  node_ip       = local.worker_ips[count.index]
  sovereign     = local.sovereign
  cluster       = local.cluster
  options       = local.options
  versions_file = var.versions_file
  api_url       = local.reports ? var.catalyst_api_url : ""
  k3s_token     = local.k3s_token
  api_bearer    = local.reports ? var.kubeconfig_bearer_token : ""
}
