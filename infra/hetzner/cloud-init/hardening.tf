# On every node: how one may sign in, what updates by itself, who is banned. The same but for the
# minute of a restart: nobody drains a node before it, so two control planes must never be away at once.
locals {
  reboot_minute = var.role == "worker" ? 150 + var.index * 4 : 60 + var.index * 30
  reboot_time   = format("%02d:%02d", floor(local.reboot_minute / 60), local.reboot_minute % 60)

  hardening_files = concat(
    [{
      # Before cloud-init's 50-cloud-init.conf: sshd takes what it reads first.
      path    = "/etc/ssh/sshd_config.d/01-catalyst-hardening.conf"
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
          Unattended-Upgrade::Remove-Unused-Kernel-Packages "true";
        EOT
      },
      # Moved to apt's folder when the bootstrap is done: a restart in its middle would end it.
      {
        path    = "/etc/catalyst/reboot.conf"
        mode    = "0644"
        content = <<-EOT
          Unattended-Upgrade::Automatic-Reboot "true";
          Unattended-Upgrade::Automatic-Reboot-Time "${local.reboot_time}";
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
