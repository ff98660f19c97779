# Done once, at the very first start, with a root token that OpenBao revokes at the end: afterwards there is no
# root token and no recovery key. What is wanted of a running OpenBao is asked for by its administrator (README).

initialize "secrets" {
  request "mount-kv" {
    operation = "update"
    path      = "sys/mounts/secret"
    data = {
      type    = "kv"
      options = { version = "2" }
    }
  }
}

initialize "policies" {
  request "external-secrets" {
    operation = "update"
    path      = "sys/policies/acl/external-secrets"
    data = {
      policy = <<EOP
path "secret/data/*" {
  capabilities = ["read"]
}
path "secret/metadata/*" {
  capabilities = ["read", "list"]
}
EOP
    }
  }
  request "sovereign-admin" {
    operation = "update"
    path      = "sys/policies/acl/sovereign-admin"
    data = {
      policy = <<EOP
path "*" {
  capabilities = ["create", "read", "update", "delete", "list", "sudo"]
}
EOP
    }
  }
}

initialize "identity" {
  request "mount-kubernetes" {
    operation = "update"
    path      = "sys/auth/kubernetes"
    data = {
      type = "kubernetes"
    }
  }
  request "configure-kubernetes" {
    operation = "update"
    path      = "auth/kubernetes/config"
    data = {
      kubernetes_host = "https://kubernetes.default.svc"
    }
  }
  request "external-secrets" {
    operation = "update"
    path      = "auth/kubernetes/role/external-secrets"
    data = {
      bound_service_account_names      = ["external-secrets"]
      bound_service_account_namespaces = ["external-secrets-system"]
      token_policies                   = ["external-secrets"]
      token_ttl                        = "1h"
    }
  }
  request "sovereign-admin" {
    operation = "update"
    path      = "auth/kubernetes/role/sovereign-admin"
    data = {
      bound_service_account_names      = ["openbao-admin"]
      bound_service_account_namespaces = ["openbao"]
      token_policies                   = ["sovereign-admin"]
      token_ttl                        = "15m"
    }
  }
}
