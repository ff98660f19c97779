//! The verbs of identity.

use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};
use time::{Duration, OffsetDateTime};

use super::{
    LINK_MINUTES, WRONG_CODES, local_path,
    store::{self, NewLink},
};
use crate::{
    access::{Account, Actor, Operator, Origin, PlatformRole, Scope, Via, Worker},
    audit::{self, Action},
    error::{Error, Problem, Refusal, Result},
    ids::{AccountId, SignInLinkId},
    jobs::{self, SignInMail},
    limits::{self, Limit},
    server_key::{Purpose, ServerKey},
    text::{Email, Locale},
};

/// How often links may be asked for and codes tried.
#[derive(Clone, Debug)]
pub struct SignInLimits {
    pub links_per_address: Limit,
    pub links_per_ip: Limit,
    pub links_in_all: Limit,
    pub tries_per_ip: Limit,
}

/// Random bytes from the operating system, in lower-case hexadecimal.
pub fn random_token<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "no random bytes");
        Error::Internal
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// SHA-256, enough for what already has 256 random bits.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Who acts by a session that says who signed in with it, and when.
pub async fn by_session(
    origin: Origin,
    conn: &mut PgConnection,
    id: AccountId,
    signed_in_at: OffsetDateTime,
) -> Result<Actor> {
    let account = store::account(conn, id).await?.ok_or(Error::SignedOut)?;
    Ok(Actor::new(account, Via::Session { signed_in_at }, origin))
}

/// Asks for a link. Whether the address is known makes no difference to the answer or to the work.
/// `browser` is the secret of the asking browser's session; the link works there only.
pub async fn request_link(
    origin: &Origin,
    conn: &mut PgConnection,
    limits: &SignInLimits,
    email: &Email,
    browser: &str,
    return_to: &str,
    locale: Locale,
) -> Result<()> {
    limits::count(conn, "links", limits.links_in_all).await?;
    limits::count(conn, &format!("links:ip:{}", origin.ip), limits.links_per_ip).await?;
    limits::count(conn, &format!("links:to:{email}"), limits.links_per_address).await?;
    let id = SignInLinkId::new();
    let mut tx = conn.begin().await?;
    store::insert_link(
        &mut tx,
        &NewLink {
            id,
            email,
            browser_hash: &token_hash(browser),
            return_to: local_path(return_to),
            locale: locale.tag(),
            expires_at: OffsetDateTime::now_utc() + Duration::minutes(LINK_MINUTES),
        },
    )
    .await?;
    jobs::enqueue(&mut tx, &SignInMail { sign_in_link_id: id }, &id.to_string(), origin.request_id).await?;
    tx.commit().await?;
    Ok(())
}

/// What a sign-in mail holds; exists only while it is being sent.
pub struct LinkMail {
    pub email: Email,
    pub locale: Locale,
    pub token: String,
    pub code: String,
}

/// Mints token and code for a link that waits to be mailed. A repeat mints anew and the older mail is void.
pub async fn mint_link(
    _: &Worker,
    conn: &mut PgConnection,
    key: &ServerKey,
    id: SignInLinkId,
) -> Result<Option<LinkMail>> {
    let token = random_token::<32>()?;
    let code = six_digits()?;
    let code_hash = key.hash(Purpose::SignInCode, &[id.0.as_bytes(), code.as_bytes()]);
    let link = store::arm_link(conn, id, &token_hash(&token), &code_hash).await?;
    Ok(link.map(|link| LinkMail {
        email: link.email,
        locale: Locale::from_tag(&link.locale).unwrap_or_default(),
        token,
        code,
    }))
}

fn six_digits() -> Result<String> {
    loop {
        let mut bytes = [0_u8; 4];
        getrandom::fill(&mut bytes).map_err(|_| Error::Internal)?;
        let value = u32::from_be_bytes(bytes);
        // The largest multiple of a million below 2^32: above it, small codes would be likelier.
        if value < 4_294_000_000 {
            return Ok(format!("{:06}", value % 1_000_000));
        }
    }
}

/// Who came in, and where to go next.
pub struct Arrival {
    pub account: Account,
    pub return_to: String,
}

/// Whose address an opened link signs in, for the page with the button. It uses nothing up, and
/// says no more to another browser than `consume_link` does. Nobody guesses 256 bits, so it is not counted.
pub async fn look_at_link(conn: &mut PgConnection, token: &str, browser: &str) -> Result<Email> {
    let hash = token_hash(token);
    match store::address_of_link(conn, &hash, &token_hash(browser)).await? {
        Some(email) => Ok(email),
        None if store::link_is_live(conn, &hash).await? => Err(Refusal::LinkElsewhere.into()),
        None => Err(Refusal::LinkInvalid.into()),
    }
}

/// Uses a link up, in the browser that asked for it. Only links that open nothing count against the limit:
/// customers of one operator come from few addresses.
pub async fn consume_link(
    origin: &Origin,
    conn: &mut PgConnection,
    limits: &SignInLimits,
    token: &str,
    browser: &str,
) -> Result<Arrival> {
    let hash = token_hash(token);
    let mut tx = conn.begin().await?;
    let Some(consumed) = store::consume_by_token(&mut tx, &hash, &token_hash(browser)).await? else {
        tx.rollback().await?;
        limits::count(conn, &format!("tries:ip:{}", origin.ip), limits.tries_per_ip).await?;
        let refusal = if store::link_is_live(conn, &hash).await? {
            Refusal::LinkElsewhere
        } else {
            Refusal::LinkInvalid
        };
        return Err(refusal.into());
    };
    let account = store::find_or_create(&mut tx, &consumed.email).await?;
    tx.commit().await?;
    Ok(Arrival { account, return_to: consumed.return_to })
}

/// Uses a six-digit code up, in any browser. Five wrong ones for an address close it until the window
/// ends; asking for another code does not open it.
pub async fn consume_code(
    origin: &Origin,
    conn: &mut PgConnection,
    limits: &SignInLimits,
    key: &ServerKey,
    email: &Email,
    code: &str,
) -> Result<Arrival> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::invalid("code", Problem::NotSixDigits));
    }
    limits::count(conn, &format!("tries:ip:{}", origin.ip), limits.tries_per_ip).await?;
    // Counted before the comparison, so that parallel guesses cannot all slip in below the limit.
    let window = i32::try_from(LINK_MINUTES * 60).unwrap_or(600);
    limits::count(conn, &format!("codes:{email}"), Limit::new(WRONG_CODES, window)).await?;
    let mut tx = conn.begin().await?;
    let codes = store::live_codes(&mut tx, email).await?;
    let found = codes.iter().find(|live| {
        let hashes = key.hashes(Purpose::SignInCode, &[live.id.as_bytes(), code.as_bytes()]);
        hashes.iter().any(|hash| same_bytes(hash, &live.code_hash))
    });
    let consumed = match found {
        Some(live) => store::consume_by_id(&mut tx, live.id).await?,
        None => None,
    };
    let consumed = consumed.ok_or(Refusal::CodeWrong)?;
    let account = store::find_or_create(&mut tx, &consumed.email).await?;
    limits::forget(&mut tx, &format!("codes:{email}")).await?;
    tx.commit().await?;
    Ok(Arrival { account, return_to: consumed.return_to })
}

fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

/// Gives an address a platform role, making the account if there is none, and ends its sessions, so
/// that what they were allowed ends with the role they had.
pub async fn grant_role(
    operator: &Operator,
    conn: &mut PgConnection,
    email: &Email,
    role: PlatformRole,
) -> Result<Account> {
    let mut tx = conn.begin().await?;
    let mut account = store::find_or_create(&mut tx, email).await?;
    if account.role != role {
        store::set_role(&mut tx, account.account_id, role).await?;
        store::end_sessions(&mut tx, account.account_id).await?;
        audit::record(operator, &mut tx, Action::GrantRole { email, from: account.role, to: role }).await?;
        account.role = role;
    }
    tx.commit().await?;
    Ok(account)
}

/// Makes an API token for an address (and the account, if there is none). The token is shown once.
pub async fn create_api_token(
    operator: &Operator,
    conn: &mut PgConnection,
    email: &Email,
    scopes: &[Scope],
) -> Result<String> {
    let token = format!("cat_{}", random_token::<32>()?);
    let scopes: Vec<String> = scopes.iter().map(|scope| scope.name().to_owned()).collect();
    let mut tx = conn.begin().await?;
    let account = store::find_or_create(&mut tx, email).await?;
    store::insert_api_token(&mut tx, account.account_id, &token_hash(&token), &scopes).await?;
    audit::record(operator, &mut tx, Action::CreateToken { email, scopes: &scopes }).await?;
    tx.commit().await?;
    Ok(token)
}

/// Who acts by an API token. An unknown one is nobody's.
pub async fn by_api_token(origin: Origin, conn: &mut PgConnection, token: &str) -> Result<Actor> {
    let found = store::use_api_token(conn, &token_hash(token)).await?.ok_or(Error::SignedOut)?;
    // A scope that this program does not know opens nothing, and does not open everything either.
    let known = |name: &String| Scope::ALL.into_iter().find(|scope| scope.name() == name);
    let scopes: Vec<Scope> = found.scopes.iter().filter_map(known).collect();
    if scopes.is_empty() && !found.scopes.is_empty() {
        return Err(Error::Forbidden);
    }
    let via = Via::Token { api_token_id: found.api_token_id, created_at: found.created_at, scopes };
    Ok(Actor::new(found.account, via, origin))
}
