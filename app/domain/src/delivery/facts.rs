//! What each image needs: port, user, environment, data, database. One entry an Application that
//! can be delivered; every other Application is refused.
//!
//! In values, `$(NAME)` is expanded by Kubernetes from the variables that [`super::workload`] puts
//! first: `CATALYST_HOST` and `CATALYST_DATABASE_{HOST,NAME,USER,PASSWORD}`. A password therefore
//! reaches a connection string without ever being in Git; it has to be made of URL-safe characters.

/// A backing service. Each Application has one of its own, so no two share a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Postgres,
    /// PostgreSQL with the `vector` extension.
    PostgresVector,
    Mysql,
    Redis,
}

/// What the engine itself needs. `ram_mb`, `cpu_milli` and `disk_gb` are those of the catalog's service.
pub(super) struct EngineFacts {
    pub(super) slug: &'static str,
    pub(super) image: &'static str,
    pub(super) port: u16,
    pub(super) user: i64,
    pub(super) data_path: &'static str,
    pub(super) ram_mb: i32,
    pub(super) cpu_milli: i32,
    pub(super) disk_gb: i32,
}

impl Engine {
    pub(super) fn facts(self) -> EngineFacts {
        let postgres = EngineFacts {
            slug: "postgres",
            image: "docker.io/library/postgres:17.6-bookworm",
            port: 5432,
            user: 999,
            data_path: "/var/lib/postgresql/data",
            ram_mb: 256,
            cpu_milli: 200,
            disk_gb: 5,
        };
        match self {
            Engine::Postgres => postgres,
            Engine::PostgresVector => {
                EngineFacts { image: "docker.io/pgvector/pgvector:0.8.2-pg17", ..postgres }
            }
            Engine::Mysql => EngineFacts {
                slug: "mysql",
                image: "docker.io/library/mysql:8.4.8",
                port: 3306,
                data_path: "/var/lib/mysql",
                ..postgres
            },
            Engine::Redis => EngineFacts {
                slug: "redis",
                image: "docker.io/valkey/valkey:8.1.10-alpine",
                port: 6379,
                data_path: "/data",
                ram_mb: 128,
                cpu_milli: 100,
                disk_gb: 1,
                ..postgres
            },
        }
    }
}

/// The value of an environment variable.
pub(super) enum Value {
    /// As is; `$(NAME)` is expanded by Kubernetes.
    Text(&'static str),
    /// A key of the Application's Secret.
    Secret(&'static str),
}

/// Where a part of the Application's volume is mounted.
pub(super) struct Mount {
    pub(super) path: &'static str,
    pub(super) sub_path: &'static str,
}

pub(super) struct AppFacts {
    pub(super) slug: &'static str,
    pub(super) image: &'static str,
    pub(super) port: u16,
    /// User id in the image; `None` where the image works only as root (then without capabilities).
    pub(super) user: Option<i64>,
    pub(super) engine: Option<Engine>,
    pub(super) env: &'static [(&'static str, Value)],
    pub(super) mounts: &'static [Mount],
    /// The mounted folder holds files of the image: copy them into the empty volume first.
    pub(super) seed_volume: bool,
    pub(super) command: &'static [&'static str],
    /// Run in order before the container, with its image and environment.
    pub(super) prepare: &'static [(&'static str, &'static [&'static str])],
    /// HTTP path that answers 200 when the app works; empty: the port accepts connections.
    pub(super) health_path: &'static str,
    /// Below this much memory (MB) the process is killed while it starts.
    pub(super) memory_floor_mb: i32,
    /// Reaches any port of the internet, not only web and mail.
    pub(super) any_egress: bool,
}

const PLAIN: AppFacts = AppFacts {
    slug: "",
    image: "",
    port: 0,
    user: None,
    engine: None,
    env: &[],
    mounts: &[],
    seed_volume: false,
    command: &[],
    prepare: &[],
    health_path: "",
    memory_floor_mb: 512,
    any_egress: false,
};

use Value::{Secret, Text};

const POSTGRES_URL: &str = "postgresql://$(CATALYST_DATABASE_USER):$(CATALYST_DATABASE_PASSWORD)@$(CATALYST_DATABASE_HOST):5432/$(CATALYST_DATABASE_NAME)";

/// The Applications that can be delivered, without the services.
pub(super) const APPS: &[AppFacts] = &[
    AppFacts {
        slug: "wordpress",
        image: "docker.io/library/wordpress:6.8.3-php8.3-apache",
        port: 80,
        user: Some(33),
        engine: Some(Engine::Mysql),
        env: &[
            ("WORDPRESS_DB_HOST", Text("$(CATALYST_DATABASE_HOST)")),
            ("WORDPRESS_DB_NAME", Text("$(CATALYST_DATABASE_NAME)")),
            ("WORDPRESS_DB_USER", Text("$(CATALYST_DATABASE_USER)")),
            ("WORDPRESS_DB_PASSWORD", Text("$(CATALYST_DATABASE_PASSWORD)")),
        ],
        mounts: &[Mount { path: "/var/www/html", sub_path: "html" }],
        ..PLAIN
    },
    AppFacts {
        slug: "ghost",
        image: "docker.io/library/ghost:6.62.0-alpine",
        port: 2368,
        user: Some(1000),
        engine: Some(Engine::Mysql),
        env: &[
            ("url", Text("https://$(CATALYST_HOST)")),
            ("database__client", Text("mysql")),
            ("database__connection__host", Text("$(CATALYST_DATABASE_HOST)")),
            ("database__connection__database", Text("$(CATALYST_DATABASE_NAME)")),
            ("database__connection__user", Text("$(CATALYST_DATABASE_USER)")),
            ("database__connection__password", Text("$(CATALYST_DATABASE_PASSWORD)")),
        ],
        mounts: &[Mount { path: "/var/lib/ghost/content", sub_path: "content" }],
        ..PLAIN
    },
    AppFacts {
        slug: "nextcloud",
        image: "docker.io/library/nextcloud:31.0.14-apache",
        port: 80,
        user: Some(33),
        engine: Some(Engine::Postgres),
        env: &[
            ("POSTGRES_HOST", Text("$(CATALYST_DATABASE_HOST)")),
            ("POSTGRES_DB", Text("$(CATALYST_DATABASE_NAME)")),
            ("POSTGRES_USER", Text("$(CATALYST_DATABASE_USER)")),
            ("POSTGRES_PASSWORD", Text("$(CATALYST_DATABASE_PASSWORD)")),
            ("NEXTCLOUD_ADMIN_USER", Text("admin")),
            ("NEXTCLOUD_ADMIN_PASSWORD", Secret("admin-password")),
            ("NEXTCLOUD_TRUSTED_DOMAINS", Text("$(CATALYST_HOST)")),
            ("OVERWRITECLIURL", Text("https://$(CATALYST_HOST)")),
            ("OVERWRITEPROTOCOL", Text("https")),
        ],
        mounts: &[Mount { path: "/var/www/html", sub_path: "html" }],
        memory_floor_mb: 1024,
        ..PLAIN
    },
    AppFacts {
        slug: "bookstack",
        image: "docker.io/solidnerd/bookstack:25.2.1",
        port: 8080,
        user: Some(33),
        engine: Some(Engine::Mysql),
        env: &[
            ("APP_URL", Text("https://$(CATALYST_HOST)")),
            ("APP_KEY", Secret("app-key")),
            ("DB_HOST", Text("$(CATALYST_DATABASE_HOST):3306")),
            ("DB_DATABASE", Text("$(CATALYST_DATABASE_NAME)")),
            ("DB_USERNAME", Text("$(CATALYST_DATABASE_USER)")),
            ("DB_PASSWORD", Text("$(CATALYST_DATABASE_PASSWORD)")),
        ],
        mounts: &[
            Mount { path: "/var/www/bookstack/public/uploads", sub_path: "public-uploads" },
            Mount { path: "/var/www/bookstack/storage/uploads", sub_path: "storage-uploads" },
        ],
        ..PLAIN
    },
    AppFacts {
        slug: "uptime-kuma",
        image: "docker.io/louislam/uptime-kuma:2.0.2-slim-rootless",
        port: 3001,
        user: Some(1000),
        env: &[("UPTIME_KUMA_DB_TYPE", Text("sqlite"))],
        mounts: &[Mount { path: "/app/data", sub_path: "data" }],
        any_egress: true,
        ..PLAIN
    },
    AppFacts {
        slug: "gitea",
        image: "docker.io/gitea/gitea:1.25.4-rootless",
        port: 3000,
        user: Some(1000),
        engine: Some(Engine::Postgres),
        env: &[
            ("GITEA__server__ROOT_URL", Text("https://$(CATALYST_HOST)/")),
            ("GITEA__server__DOMAIN", Text("$(CATALYST_HOST)")),
            ("GITEA__server__DISABLE_SSH", Text("true")),
            ("GITEA__security__INSTALL_LOCK", Text("true")),
            ("GITEA__security__SECRET_KEY", Secret("secret-key")),
            ("GITEA__database__DB_TYPE", Text("postgres")),
            ("GITEA__database__HOST", Text("$(CATALYST_DATABASE_HOST):5432")),
            ("GITEA__database__NAME", Text("$(CATALYST_DATABASE_NAME)")),
            ("GITEA__database__USER", Text("$(CATALYST_DATABASE_USER)")),
            ("GITEA__database__PASSWD", Text("$(CATALYST_DATABASE_PASSWORD)")),
        ],
        mounts: &[
            Mount { path: "/var/lib/gitea", sub_path: "data" },
            Mount { path: "/etc/gitea", sub_path: "config" },
        ],
        health_path: "/api/healthz",
        ..PLAIN
    },
    AppFacts {
        slug: "vaultwarden",
        image: "docker.io/vaultwarden/server:1.36.0",
        port: 8080,
        user: Some(1000),
        env: &[
            ("ROCKET_PORT", Text("8080")),
            ("DOMAIN", Text("https://$(CATALYST_HOST)")),
            ("SIGNUPS_ALLOWED", Text("false")),
            ("ADMIN_TOKEN", Secret("admin-token")),
        ],
        mounts: &[Mount { path: "/data", sub_path: "data" }],
        health_path: "/alive",
        memory_floor_mb: 128,
        ..PLAIN
    },
    AppFacts {
        slug: "umami",
        image: "ghcr.io/umami-software/umami:postgresql-v2.19.0",
        port: 3000,
        user: Some(1001),
        engine: Some(Engine::Postgres),
        env: &[
            ("DATABASE_URL", Text(POSTGRES_URL)),
            ("APP_SECRET", Secret("app-secret")),
            ("DISABLE_TELEMETRY", Text("1")),
        ],
        health_path: "/api/heartbeat",
        ..PLAIN
    },
    AppFacts {
        slug: "nocodb",
        image: "docker.io/nocodb/nocodb:0.263.8",
        port: 8080,
        engine: Some(Engine::Postgres),
        env: &[
            (
                "NC_DB",
                Text(
                    "pg://$(CATALYST_DATABASE_HOST):5432?u=$(CATALYST_DATABASE_USER)&p=$(CATALYST_DATABASE_PASSWORD)&d=$(CATALYST_DATABASE_NAME)",
                ),
            ),
            ("NC_AUTH_JWT_SECRET", Secret("jwt-secret")),
            ("NC_PUBLIC_URL", Text("https://$(CATALYST_HOST)")),
            ("NC_DISABLE_TELE", Text("true")),
        ],
        mounts: &[Mount { path: "/usr/app/data", sub_path: "data" }],
        health_path: "/api/v1/health",
        ..PLAIN
    },
    AppFacts {
        slug: "cal-com",
        image: "docker.io/calcom/cal.com:v6.2.0",
        port: 3000,
        engine: Some(Engine::Postgres),
        env: &[
            ("DATABASE_URL", Text(POSTGRES_URL)),
            ("DATABASE_DIRECT_URL", Text(POSTGRES_URL)),
            ("NEXT_PUBLIC_WEBAPP_URL", Text("https://$(CATALYST_HOST)")),
            ("NEXTAUTH_URL", Text("https://$(CATALYST_HOST)/api/auth")),
            ("NEXTAUTH_SECRET", Secret("session-secret")),
            ("CALENDSO_ENCRYPTION_KEY", Secret("encryption-key")),
            ("CALCOM_TELEMETRY_DISABLED", Text("1")),
        ],
        memory_floor_mb: 1536,
        ..PLAIN
    },
    AppFacts {
        slug: "invoiceshelf",
        image: "docker.io/invoiceshelf/invoiceshelf:2.4.6",
        port: 8080,
        user: Some(82),
        engine: Some(Engine::Mysql),
        env: &[
            ("APP_ENV", Text("production")),
            ("APP_DEBUG", Text("false")),
            ("APP_URL", Text("https://$(CATALYST_HOST)")),
            ("APP_KEY", Secret("app-key")),
            ("SESSION_DOMAIN", Text("$(CATALYST_HOST)")),
            ("SANCTUM_STATEFUL_DOMAINS", Text("$(CATALYST_HOST)")),
            ("DB_CONNECTION", Text("mysql")),
            ("DB_HOST", Text("$(CATALYST_DATABASE_HOST)")),
            ("DB_PORT", Text("3306")),
            ("DB_DATABASE", Text("$(CATALYST_DATABASE_NAME)")),
            ("DB_USERNAME", Text("$(CATALYST_DATABASE_USER)")),
            ("DB_PASSWORD", Text("$(CATALYST_DATABASE_PASSWORD)")),
        ],
        mounts: &[Mount { path: "/var/www/html/storage", sub_path: "storage" }],
        seed_volume: true,
        ..PLAIN
    },
    AppFacts {
        slug: "formbricks",
        image: "ghcr.io/formbricks/formbricks:v3.16.1",
        port: 3000,
        user: Some(1001),
        engine: Some(Engine::PostgresVector),
        env: &[
            ("DATABASE_URL", Text(POSTGRES_URL)),
            ("WEBAPP_URL", Text("https://$(CATALYST_HOST)")),
            ("NEXTAUTH_URL", Text("https://$(CATALYST_HOST)")),
            ("NEXTAUTH_SECRET", Secret("session-secret")),
            ("ENCRYPTION_KEY", Secret("encryption-key")),
            ("CRON_SECRET", Secret("cron-secret")),
            ("EMAIL_VERIFICATION_DISABLED", Text("1")),
        ],
        mounts: &[Mount { path: "/home/nextjs/apps/web/uploads", sub_path: "uploads" }],
        health_path: "/health",
        memory_floor_mb: 1024,
        ..PLAIN
    },
    AppFacts {
        slug: "listmonk",
        image: "docker.io/listmonk/listmonk:v5.1.0",
        port: 9000,
        user: Some(1000),
        engine: Some(Engine::Postgres),
        env: &[
            ("LISTMONK_app__address", Text("0.0.0.0:9000")),
            ("LISTMONK_db__host", Text("$(CATALYST_DATABASE_HOST)")),
            ("LISTMONK_db__port", Text("5432")),
            ("LISTMONK_db__database", Text("$(CATALYST_DATABASE_NAME)")),
            ("LISTMONK_db__user", Text("$(CATALYST_DATABASE_USER)")),
            ("LISTMONK_db__password", Text("$(CATALYST_DATABASE_PASSWORD)")),
            ("LISTMONK_db__ssl_mode", Text("disable")),
            ("LISTMONK_ADMIN_USER", Text("admin")),
            ("LISTMONK_ADMIN_PASSWORD", Secret("admin-password")),
        ],
        mounts: &[Mount { path: "/listmonk/uploads", sub_path: "uploads" }],
        command: &["./listmonk", "--config", ""],
        prepare: &[
            ("install", &["./listmonk", "--install", "--idempotent", "--yes", "--config", ""]),
            ("upgrade", &["./listmonk", "--upgrade", "--yes", "--config", ""]),
        ],
        health_path: "/health",
        memory_floor_mb: 256,
        ..PLAIN
    },
];

/// The services that can be delivered as an Application of their own.
pub(super) const SERVICES: &[Engine] = &[Engine::Postgres, Engine::Mysql, Engine::Redis];
