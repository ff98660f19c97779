# The node's cloud-config. It is encoded, not templated: no dollar-brace of a script or a manifest
# is ever read as ours, and the result is YAML whatever the values hold.
locals {
  packages = concat(
    ["ca-certificates", "curl", "iptables", "jq"],
    var.role == "first" ? ["git"] : [],
    var.options.fail2ban ? ["fail2ban"] : [],
    var.options.unattended_upgrades ? ["unattended-upgrades", "apt-listchanges"] : [],
  )

  # Quoted for the shell, whatever they hold.
  settings = merge(local.programs, {
    ROLE          = var.role
    NODE_IP       = var.node_ip
    FQDN          = var.sovereign.fqdn
    DEPLOYMENT_ID = var.sovereign.deployment_id
    API_URL       = var.api_url
    K3S_SERVICE   = local.k3s_service
    PACKAGES      = join(" ", local.packages)
    FIRST_API     = "https://${var.cluster.first_ip}:${var.cluster.api_port}"
    PUBLIC_API    = "https://${var.cluster.api_ip}:${var.cluster.api_port}"
  })

  # Comments stay in the repository: user_data may hold 32 KiB.
  scripts = { for name in ["lib.sh", "bootstrap-${var.role == "first" ? "first" : "join"}.sh"] :
    name => replace(replace(file("${path.module}/${name}"), "/(?m)^[ \\t]*#[^!\\n].*\\n/", ""), "/\\n{2,}/", "\n")
  }

  cilium_values = var.cilium_values_file != "" ? var.cilium_values_file : "${path.module}/../../../charts/bp-cilium/cilium-values.yaml"

  files = concat(
    [
      { path = "/etc/catalyst/settings.env", mode = "0600", content = join("", [for name, value in local.settings : "${name}='${replace(value == null ? "" : value, "'", "'\\''")}'\n"]) },
      { path = "/etc/catalyst/api-bearer", mode = "0600", content = var.api_bearer },
      { path = "/etc/rancher/k3s/token", mode = "0600", content = var.k3s_token },
      { path = "/etc/rancher/k3s/config.yaml", mode = "0600", content = yamlencode(local.k3s_config) },
      { path = "/etc/systemd/system/${local.k3s_service}.service", mode = "0644", content = replace(file("${path.module}/k3s.service"), "@MODE@", local.server ? "server" : "agent") },
      { path = "/opt/catalyst/lib.sh", mode = "0700", content = local.scripts["lib.sh"] },
      { path = "/opt/catalyst/bootstrap.sh", mode = "0700", content = local.scripts[var.role == "first" ? "bootstrap-first.sh" : "bootstrap-join.sh"] },
      { path = "/var/lib/catalyst/sovereign.json", mode = "0644", content = jsonencode(local.sovereign_json) },
    ],
    local.hardening_files,
    var.role != "first" ? [] : [
      { path = "/etc/catalyst/downloads", mode = "0644", content = join("", [for file in local.manifests : "${file.name} ${coalesce(file.url, "-")} ${coalesce(file.sum, "-")}\n"]) },
      { path = "/etc/catalyst/cilium-values.yaml", mode = "0644", content = yamlencode(yamldecode(file(local.cilium_values))) },
      { path = "/etc/catalyst/metadata-policy.yaml", mode = "0644", content = local.metadata_policy },
      { path = "/etc/catalyst/namespaces.yaml", mode = "0644", content = local.namespaces },
      { path = "/etc/catalyst/secrets.yaml", mode = "0600", content = local.secret_objects },
      { path = "/etc/catalyst/flux-objects.yaml", mode = "0644", content = local.flux_objects },
    ],
  )

  sovereign_json = {
    sovereignFQDN      = var.sovereign.fqdn
    sovereignSubdomain = var.sovereign.subdomain
    domainMode         = var.sovereign.domain_mode
    poolDomain         = var.sovereign.pool_domain
    orgName            = var.sovereign.org_name
    orgEmail           = var.sovereign.org_email
    region             = var.sovereign.region
    regions            = var.sovereign.regions
    projectID          = var.sovereign.project_id
    deploymentID       = var.sovereign.deployment_id
    haEnabled          = var.sovereign.ha
    workerCount        = var.sovereign.worker_count
    k3sVersion         = local.lock.binaries.k3s.version
    gitopsRepoUrl      = var.sovereign.repo_url
    gitopsBranch       = var.sovereign.branch
  }

  user_data = "#cloud-config\n${yamlencode({
    package_update  = false
    package_upgrade = false
    write_files     = [for file in local.files : { path = file.path, permissions = file.mode, owner = "root:root", content = file.content }]
    runcmd          = [["bash", "/opt/catalyst/bootstrap.sh"]]
  })}"

  user_data_bytes = length(base64encode(local.user_data)) / 4 * 3
}
