# What must fit together. A variable's own rule may read nothing but that variable, so these are asked
# here, in the plan, before anything is made.
locals {
  offered = flatten([
    for group in local.catalogue.serverTypes : keys(group.memory) if contains(group.locations, var.region)
  ])
  sizes = { control_plane_size = var.control_plane_size, worker_size = var.worker_size }
  not_offered = [
    for name, size in local.sizes : "${name} = ${size}" if size != "" && !contains(local.offered, size)
  ]

  ranges = { network_cidr = var.network_cidr, pod_cidr = var.pod_cidr, service_cidr = var.service_cidr }
  prefix = { for name, range in local.ranges : name => tonumber(split("/", range)[1]) }
  # Two ranges meet if they are one as soon as both are as long as the longer.
  meeting = [
    for pair in [["network_cidr", "pod_cidr"], ["network_cidr", "service_cidr"], ["pod_cidr", "service_cidr"]] :
    join(" and ", pair) if length(distinct([
      for name in pair :
      cidrhost("${split("/", local.ranges[name])[0]}/${min([for one in pair : local.prefix[one]]...)}", 0)
    ])) == 1
  ]
  subnet_inside = (
    tonumber(split("/", var.subnet_cidr)[1]) >= local.prefix.network_cidr &&
    cidrhost("${split("/", var.subnet_cidr)[0]}/${local.prefix.network_cidr}", 0) == cidrhost(var.network_cidr, 0)
  )
}

resource "terraform_data" "rules" {
  lifecycle {
    precondition {
      condition     = length(local.not_offered) == 0
      error_message = "${var.region} does not offer ${join(", ", local.not_offered)}. It offers ${join(", ", local.offered)}."
    }

    precondition {
      condition     = var.worker_count == 0 || var.worker_size != ""
      error_message = "worker_size is required when worker_count is above 0."
    }

    precondition {
      condition     = var.domain_mode != "pool" || (var.pool_domain != "" && var.sovereign_fqdn == "${var.sovereign_subdomain}.${var.pool_domain}")
      error_message = "In domain_mode pool, sovereign_fqdn is sovereign_subdomain, a dot and pool_domain; none of them may be empty."
    }

    precondition {
      condition     = local.subnet_inside
      error_message = "subnet_cidr must lie inside network_cidr."
    }

    precondition {
      condition     = length(local.meeting) == 0
      error_message = "Ranges must not meet: ${join("; ", local.meeting)}."
    }
  }
}
