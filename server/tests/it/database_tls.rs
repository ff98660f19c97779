//! The way to a database elsewhere is encrypted, and its name is verified, as .env.example says.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use local_postgres::{Durability, LocalPostgres};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

/// Loopback, but not where another server on this machine listens.
const HOST: &str = "127.0.0.77";

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A certificate for `HOST` and the authority that signed it.
fn certificates(folder: &Path) -> PathBuf {
    fs::write(folder.join("names"), format!("subjectAltName=IP:{HOST}\n")).unwrap();
    for arguments in [
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        "req -newkey rsa:2048 -nodes -subj /CN=database -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt",
    ] {
        openssl(folder, arguments);
    }
    folder.join("ca.pem")
}

#[tokio::test]
async fn a_database_elsewhere_is_spoken_to_over_verified_tls() {
    let folder = std::env::temp_dir().join(format!("catalyst-tls-{}", Uuid::now_v7()));
    let made = folder.join("certificates");
    fs::create_dir_all(&made).unwrap();
    let authority = certificates(&made);
    let cluster = folder.join("postgres");
    let server = LocalPostgres::start(&cluster, Durability::Test).unwrap();
    let data = cluster.join("data");
    for name in ["server.key", "server.crt"] {
        fs::copy(made.join(name), data.join(name)).unwrap();
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        let owned = Command::new("chown").arg("--reference").arg(&data).arg(data.join(name)).status();
        assert!(owned.unwrap().success());
    }
    let mut conn = PgConnection::connect(&server.url("postgres")).await.unwrap();
    for setting in ["listen_addresses = '127.0.0.77'", "ssl = on"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("alter system set {setting}")))
            .execute(&mut conn)
            .await
            .unwrap();
    }
    conn.close().await.unwrap();
    server.stop().unwrap();
    let server = LocalPostgres::start(&cluster, Durability::Test).unwrap();

    let url = format!("postgres://catalyst@{HOST}/postgres?sslmode=verify-full");
    let stranger = PgConnection::connect(&url).await.unwrap_err();
    assert!(stranger.to_string().contains("certificate"), "{stranger}");
    let trusted = format!("{url}&sslrootcert={}", authority.display());
    let mut conn = PgConnection::connect(&trusted).await.unwrap();
    let encrypted: bool = sqlx::query_scalar("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(encrypted);
    conn.close().await.unwrap();
    server.stop().unwrap();
    fs::remove_dir_all(folder).unwrap();
}
