//! `catalyst backup`: the whole product into one folder, out of which `catalyst restore` reads it: the database by `pg_dump`, the repositories as Git
//! bundles, the key, and a manifest with checksums and with what has to be equal afterwards.
//!
//! The database comes first, at one moment. What is delivered to Git after that moment is ahead of it and does no
//! harm: the same order gives the same commits.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, File, Permissions},
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use adapters::git::LOCAL;
use anyhow::{Context as _, Result, bail, ensure};
use domain::{
    backup::{Contents, contents, delivered_repositories, export_snapshot},
    organizations::Repository,
};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection};
use time::OffsetDateTime;
use url::Url;

use crate::{Config, database::Database};

pub(super) const FORMAT: u32 = 2;
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const DATABASE: &str = "database.dump";
pub(super) const KEY: &str = "server.key";
pub(super) const REPOSITORIES: &str = "git";

#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) version: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) made_at: OffsetDateTime,
    pub(super) contents: Contents,
    pub(super) repositories: usize,
    pub(super) files: Vec<StoredFile>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredFile {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
}

/// Writes a backup into a folder that is made for it. It holds secrets: only its owner may read it.
pub async fn make(config: &Config, folder: &Path) -> Result<()> {
    let holds_something = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    ensure!(!holds_something, "{} holds something already; name a folder that is new", folder.display());
    private_folder(folder)?;
    // One that was there already has whatever mode it had.
    fs::set_permissions(folder, Permissions::from_mode(0o700))
        .with_context(|| format!("{} cannot be kept from others", folder.display()))?;
    let database = Database::open(config).await?;
    let made = write(config, &database, folder).await;
    database.close().await?;
    println!("backed up to {}: {}", folder.display(), said(&made?));
    Ok(())
}

async fn write(config: &Config, database: &Database, folder: &Path) -> Result<Manifest> {
    let key = fs::read(&config.server_key_file)
        .with_context(|| format!("the server's key, {}, cannot be read", config.server_key_file.display()))?;
    let mut conn =
        PgConnection::connect(database.owner_url()).await.context("the database cannot be reached")?;
    let mut moment = conn.begin().await?;
    let snapshot = export_snapshot(&mut moment).await?;
    let contents = contents(&mut moment).await?;
    let repositories = repositories(&config.git_root)?;
    expect_delivered(&delivered_repositories(&mut moment, LOCAL).await?, &repositories, &config.git_root)?;
    let mut dump = postgres("pg_dump", database.owner_url())?;
    dump.args(["--format=custom", "--no-owner", "--snapshot", &snapshot]);
    dump.stdout(private(&folder.join(DATABASE))?);
    succeed(dump).await?;
    moment.rollback().await?;
    conn.close().await?;

    private(&folder.join(KEY))?.write_all(&key)?;
    let mut files = vec![PathBuf::from(DATABASE), PathBuf::from(KEY)];
    for repository in &repositories {
        let path = Path::new(REPOSITORIES).join(repository).with_extension("bundle");
        let target = folder.join(&path);
        private_folder(target.parent().unwrap_or(folder))?;
        let mut bundle = Command::new("git");
        bundle.arg("-C").arg(config.git_root.join(repository));
        bundle.args(["bundle", "create", "--quiet", "-", "--all"]).stdout(private(&target)?);
        succeed(bundle).await?;
        files.push(path);
    }
    let files = files
        .into_iter()
        .map(|path| Ok(StoredFile { sha256: checksum(&folder.join(&path))?, path }))
        .collect::<Result<_>>()?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let made_at = OffsetDateTime::now_utc();
    let repositories = repositories.len();
    let manifest = Manifest { format: FORMAT, version, made_at, contents, repositories, files };
    // Last: a folder without it is not a backup.
    private(&folder.join(MANIFEST))?.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    Ok(manifest)
}

/// `<organization>/<app>.git` below the root, in order.
pub(super) fn repositories(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let organizations = match fs::read_dir(root) {
        // It is made with the first delivery.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        organizations => organizations.with_context(|| format!("{} cannot be read", root.display()))?,
    };
    let slug = |name: &OsStr| {
        name.as_encoded_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    for organization in organizations {
        let organization = organization?;
        // A volume of its own has a folder lost+found, which nobody but root may read.
        if !organization.path().is_dir() || !slug(&organization.file_name()) {
            continue;
        }
        for repository in fs::read_dir(organization.path())? {
            let path = Path::new(&organization.file_name()).join(repository?.file_name());
            if path.extension().is_some_and(|extension| extension == "git") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What was delivered has its repository, or this is not the folder that the workers write to.
pub(super) fn expect_delivered(delivered: &[Repository], found: &[PathBuf], root: &Path) -> Result<()> {
    let missing = delivered.iter().map(ToString::to_string);
    let missing: Vec<String> =
        missing.filter(|one| found.binary_search(&PathBuf::from(one)).is_err()).collect();
    ensure!(
        missing.is_empty(),
        "{} does not hold these repositories: {}. CATALYST_GIT_ROOT has to be the folder that the workers write to",
        root.display(),
        missing.join(", ")
    );
    Ok(())
}

/// A program of PostgreSQL on this database. The password goes by the environment: others can read a command line.
pub(super) fn postgres(program: &str, url: &str) -> Result<Command> {
    let mut url = Url::parse(url).context("the database's URL is not understood")?;
    let mut command = Command::new(local_postgres::program(program));
    if let Some(password) = url.password() {
        command.env("PGPASSWORD", percent_decode_str(password).decode_utf8_lossy().into_owned());
    }
    if url.set_password(None).is_err() {
        bail!("the database's URL is not understood");
    }
    command.arg("--dbname").arg(url.as_str());
    Ok(command)
}

pub(super) async fn succeed(command: Command) -> Result<Output> {
    succeed_with(command, String::new()).await
}

/// With something to read.
pub(super) async fn succeed_with(mut command: Command, input: String) -> Result<Output> {
    let program = command.get_program().to_owned();
    let run = move || -> std::io::Result<Output> {
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ended before it read says why by itself.
            stdin.write_all(input.as_bytes()).ok();
        }
        child.wait_with_output()
    };
    let output = tokio::task::spawn_blocking(run).await?;
    let output = output.with_context(|| format!("{} could not be started", program.display()))?;
    if !output.status.success() {
        bail!("{}: {}", program.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output)
}

fn private_folder(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("{} could not be made", path.display()))
}

pub(super) fn private(path: &Path) -> Result<File> {
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| format!("{} could not be written", path.display()))
}

pub(super) fn checksum(path: &Path) -> Result<String> {
    let mut file = File::open(path).with_context(|| format!("{} could not be read", path.display()))?;
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(format!("{:x}", digest.finalize()));
        }
        digest.update(&buffer[..read]);
    }
}

pub(super) fn said(manifest: &Manifest) -> String {
    let contents = &manifest.contents;
    let entries: i64 = contents.ledger.iter().map(|total| total.entries).sum();
    format!(
        "{} accounts, {} Organizations, {} Applications in {} repositories, {} orders, {} vouchers, {entries} ledger \
         entries",
        contents.accounts,
        contents.organizations,
        contents.applications,
        manifest.repositories,
        contents.orders,
        contents.vouchers
    )
}
