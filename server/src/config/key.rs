//! The file of the installation's secret: made once, readable by its owner only, never printed. One that is to take
//! its place is put into a line above it; what the older one made stays good.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use domain::{identity::ops::random_token, server_key::ServerKey};

const BYTES: usize = 32;

/// Reads the key, or makes it. Two programs that start at once end with the same key.
pub fn load(path: &Path) -> Result<ServerKey> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))?;
    }
    if !path.exists() {
        create(path)?;
    }
    let metadata = fs::metadata(path).with_context(|| format!("{} could not be read", path.display()))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        bail!("{0} can be read by others. Run: chmod 600 {0}", path.display());
    }
    let text = fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))?;
    let secrets: Option<Vec<_>> = text.split_whitespace().map(parse).collect();
    match secrets.as_deref() {
        Some([current, older @ ..]) => Ok(ServerKey::new(*current, older.iter().copied())),
        _ => bail!(
            "{} does not hold a key: {} hexadecimal digits a line. Make one: openssl rand -hex {BYTES}",
            path.display(),
            2 * BYTES
        ),
    }
}

/// Written beside its place and linked there whole, so that nobody reads half a key.
fn create(path: &Path) -> Result<()> {
    let key = random_token::<BYTES>()?;
    let draft = path.with_extension(format!("{}.new", random_token::<8>()?));
    let mut file = fs::File::options().create_new(true).write(true).mode(0o600).open(&draft)?;
    file.write_all(format!("{key}\n").as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("{} could not be made", path.display()))
        }
        _ => Ok(()),
    }
}

fn parse(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != 2 * BYTES || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use domain::server_key::Purpose;

    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("catalyst-key-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        folder
    }

    #[test]
    fn the_key_is_made_once_and_private() {
        let path = folder("once").join("server.key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| load(&path).map(|key| key.id()))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic").expect("a key")).collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let folder = path.parent().expect("a folder");
        assert_eq!(fs::read_dir(folder).expect("it is there").count(), 1, "drafts are removed");
    }

    #[test]
    fn a_new_secret_stands_above_the_one_whose_place_it_takes() {
        let path = folder("rotated").join("server.key");
        let before = load(&path).expect("a key");
        let older = fs::read_to_string(&path).expect("a file");
        fs::write(&path, format!("{}\n{older}", "ab".repeat(BYTES))).expect("ours");
        let after = load(&path).expect("two secrets");
        assert_ne!(after.id(), before.id());
        let made = before.hash(Purpose::Session, &[b"id"]).to_vec();
        assert!(after.hashes(Purpose::Session, &[b"id"]).contains(&made));
        for bad in ["", "ab", &format!("{older}\nno key")] {
            fs::write(&path, bad).expect("ours");
            assert!(load(&path).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let path = folder("open").join("server.key");
        load(&path).expect("a key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
        let error = load(&path).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
