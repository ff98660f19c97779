output "control_plane_ip" {
  description = "Public IPv4 address of the first control plane."
  value       = hcloud_server.control_plane[0].ipv4_address
}

output "control_plane_ips" {
  description = "Public IPv4 addresses of all control planes."
  value       = hcloud_server.control_plane[*].ipv4_address
}

output "load_balancer_ip" {
  description = "Public IPv4 address that the Sovereign's names point to."
  value       = hcloud_load_balancer.main.ipv4
}

output "kubernetes_api_url" {
  description = "What the returned kubeconfig connects to."
  value       = "https://${hcloud_load_balancer.main.ipv4}:${local.kubernetes_api_port}"
}

output "sovereign_fqdn" {
  description = "As given."
  value       = var.sovereign_fqdn
}

output "console_url" {
  description = "Where people sign in."
  value       = "https://console.${var.sovereign_fqdn}"
}

output "gitops_repo_url" {
  description = "Repository that Flux follows."
  value       = var.gitops_repo_url
}
