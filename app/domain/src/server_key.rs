//! The installation's secret. Nothing uses it as it is: each purpose has a key of its own, derived by HKDF-SHA256
//! (RFC 5869). A secret that took another's place is kept beside it, for what the older one made.

use std::{fmt, sync::Arc};

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What a key is used for. A new purpose is a new name: what one made means nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Ids of sessions, as the database knows them.
    Session,
    /// Six-digit sign-in codes, which are worth nothing without it.
    SignInCode,
}

impl Purpose {
    const ALL: [Self; 2] = [Self::Session, Self::SignInCode];

    const fn info(self) -> &'static str {
        match self {
            Self::Session => "catalyst session v1",
            Self::SignInCode => "catalyst sign-in code v1",
        }
    }

    /// Before purposes had keys of their own, their names went into the hash.
    const fn before_derivation(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::SignInCode => "code",
        }
    }
}

/// Names a secret without telling anything of it: what is made with it says by which.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

struct Secret {
    id: KeyId,
    bytes: [u8; 32],
    /// In the order of `Purpose::ALL`.
    derived: [[u8; 32]; Purpose::ALL.len()],
}

impl Secret {
    fn new(bytes: [u8; 32]) -> Self {
        let derive = |info: &str| {
            let mut key = [0; 32];
            Hkdf::<Sha256>::new(None, &bytes)
                .expand(info.as_bytes(), &mut key)
                .unwrap_or_else(|_| unreachable!("32 bytes are within HKDF's bounds"));
            key
        };
        let [a, b, c, d, ..] = derive("catalyst key id");
        Self { id: KeyId([a, b, c, d]), derived: Purpose::ALL.map(|purpose| derive(purpose.info())), bytes }
    }
}

/// The secrets, the current one first. Cheap to clone, never printed.
#[derive(Clone)]
pub struct ServerKey(Arc<[Secret]>);

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|secret| secret.id)).finish()
    }
}

impl ServerKey {
    /// `older` are those whose place `current` took.
    pub fn new(current: [u8; 32], older: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self(std::iter::once(current).chain(older).map(Secret::new).collect())
    }

    /// The id of the current secret.
    pub fn id(&self) -> KeyId {
        self.0[0].id
    }

    /// HMAC-SHA256 of `parts` under the purpose's current key.
    pub fn hash(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.0[0].derived[purpose as usize], parts)
    }

    /// The same under each key that may have made it, the current one first.
    pub fn hashes(&self, purpose: Purpose, parts: &[&[u8]]) -> Vec<Vec<u8>> {
        let named: Vec<&[u8]> =
            std::iter::once(purpose.before_derivation().as_bytes()).chain(parts.iter().copied()).collect();
        let derived = self.0.iter().map(|secret| mac(&secret.derived[purpose as usize], parts));
        derived.chain(self.0.iter().map(|secret| mac(&secret.bytes, &named))).map(Vec::from).collect()
    }
}

/// A zero byte keeps each part apart from the next.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes any key length"));
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            mac.update(&[0]);
        }
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: [u8; 32] = [1; 32];
    const NEW: [u8; 32] = [2; 32];

    #[test]
    fn each_purpose_and_each_secret_has_a_key_of_its_own() {
        let (old, new) = (ServerKey::new(OLD, []), ServerKey::new(NEW, []));
        let of = |key: &ServerKey, purpose| key.hash(purpose, &[b"the same"]);
        let hashes = [&old, &new].map(|key| Purpose::ALL.map(|purpose| of(key, purpose))).concat();
        for (position, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..position].contains(hash), "{position}");
        }
        assert_ne!(old.id(), new.id());
        assert_ne!(
            of(&old, Purpose::Session),
            mac(&OLD, &[b"the same"]),
            "the secret itself is used for nothing"
        );
    }

    #[test]
    fn what_an_older_secret_made_is_found_after_another_took_its_place() {
        let before = ServerKey::new(OLD, []).hash(Purpose::Session, &[b"id"]);
        let after = ServerKey::new(NEW, [OLD]);
        assert_ne!(after.hash(Purpose::Session, &[b"id"]), before);
        assert!(after.hashes(Purpose::Session, &[b"id"]).contains(&before.to_vec()));
    }

    #[test]
    fn parts_are_kept_apart_and_the_key_is_not_printed() {
        let key = ServerKey::new(OLD, []);
        assert_ne!(key.hash(Purpose::Session, &[b"ab", b"c"]), key.hash(Purpose::Session, &[b"a", b"bc"]));
        assert_eq!(format!("{key:?}").len(), "[12345678]".len());
    }
}
