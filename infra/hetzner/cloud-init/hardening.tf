# The same on every node: how one may sign in, what updates by itself, who is banned.
locals {
  hardening_files = concat(
    [{
      path    = "/etc/ssh/sshd_config.d/99-catalyst-hardening.conf"
      mode    = "0644"
      content = <<-EOT
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PermitRootLogin prohibit-password
        AllowTcpForwarding no
        AllowAgentForwarding no
        X11Forwarding no
        MaxAuthTries 3
        LoginGraceTime 30
        ClientAliveInterval 300
        ClientAliveCountMax 2
      EOT
    }],
    var.options.unattended_upgrades ? [
      {
        path    = "/etc/apt/apt.conf.d/20auto-upgrades"
        mode    = "0644"
        content = "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n"
      },
      {
        path    = "/etc/apt/apt.conf.d/52unattended-upgrades-catalyst"
        mode    = "0644"
        content = <<-EOT
          Unattended-Upgrade::Allowed-Origins { "$${distro_id}:$${distro_codename}-security"; };
          Unattended-Upgrade::Automatic-Reboot "true";
          Unattended-Upgrade::Automatic-Reboot-Time "02:30";
          Unattended-Upgrade::Remove-Unused-Kernel-Packages "true";
        EOT
      },
    ] : [],
    var.options.fail2ban ? [{
      path    = "/etc/fail2ban/jail.d/catalyst.conf"
      mode    = "0644"
      content = <<-EOT
        [sshd]
        enabled = true
        backend = systemd
        maxretry = 5
        findtime = 10m
        bantime = 1h
      EOT
    }] : [],
  )
}
