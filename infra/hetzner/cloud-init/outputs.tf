output "user_data" {
  description = "The cloud-config; holds secrets."
  value       = local.user_data
  sensitive   = true

  precondition {
    condition     = length(local.unknown) == 0
    error_message = "The version lock has no address or checksum for: ${join(", ", local.unknown)}. Nothing is installed unchecked: infra/complete-lock reads them from their publishers."
  }

  precondition {
    condition     = local.user_data_bytes <= 32768
    error_message = "user_data has about ${nonsensitive(local.user_data_bytes)} bytes; Hetzner takes 32768."
  }
}
