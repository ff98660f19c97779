//! What opens something is kept nowhere but with whom it was given to: searched for in all tables and in the log, in
//! every form in which it could be read.

use std::{
    fmt::Write as _,
    io,
    sync::{Arc, Mutex},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use domain::{access::Operator, identity::ops::create_api_token, text::Email};
use http::StatusCode;
use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{
    sign_in::{ask, enter, follow, session_of, token_in},
    world::{World, order_for},
};

/// Something that opens, and every form in which it could be read.
struct Secret {
    name: &'static str,
    forms: Vec<(&'static str, String)>,
}

impl Secret {
    /// `bytes`: what the text stands for.
    fn new(name: &'static str, text: &str, bytes: &[&[u8]]) -> Self {
        let mut forms = vec![("text", text.to_owned())];
        for bytes in [text.as_bytes()].iter().chain(bytes) {
            forms.push(("hexadecimal", hexadecimal(bytes)));
            forms.push(("numbers", format!("{bytes:?}").trim_matches(['[', ']']).to_owned()));
            forms.extend(base64(bytes).map(|part| ("base64", part)));
        }
        Self { name, forms }
    }

    /// What is hexadecimal itself.
    fn of_hexadecimal(name: &'static str, text: &str) -> Self {
        let digits = text.strip_prefix("cat_").unwrap_or(text);
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
        Self::new(name, text, &[&bytes, digits.as_bytes()])
    }

    /// The id in a session's cookie.
    fn of_session(name: &'static str, text: &str) -> Self {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        let backwards: Vec<u8> = bytes.iter().rev().copied().collect();
        let mut secret = Self::new(name, text, &[&bytes, &backwards]);
        let number = i128::from_le_bytes(bytes.try_into().unwrap());
        secret.forms.extend([number, number.swap_bytes()].map(|number| ("number", number.to_string())));
        secret
    }

    /// Six digits. A hash without a key is no better than they are: there are a million.
    fn of_code(text: &str) -> Self {
        let mut secret = Self::new("code", text, &[]);
        let hash = Sha256::digest(text);
        secret.forms.push(("hash", hexadecimal(&hash)));
        secret.forms.extend(base64(&hash).map(|part| ("base64 of the hash", part)));
        secret.forms.push(("halves", format!("{} {}", &text[..3], &text[3..])));
        secret
    }

    fn found_in(&self, place: &Place) -> Option<&'static str> {
        let found = |(form, text): &&(&'static str, String)| match *form {
            "hexadecimal" | "hash" => place.digits.contains(text.as_str()),
            "base64" | "base64 of the hash" => place.joined.contains(text.as_str()),
            _ if text.len() == 6 => alone(&place.text, text),
            _ => place.text.contains(text.as_str()),
        };
        self.forms.iter().find(found).map(|(form, _)| *form)
    }
}

/// Not as a part of a longer number, of a word or of a second's fraction.
fn alone(text: &str, wanted: &str) -> bool {
    text.match_indices(wanted).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + wanted.len()..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '.') && !after.is_some_and(char::is_alphanumeric)
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// What all its base64 has in common, wherever it stands in what was encoded: without what neighbours decide.
fn base64(bytes: &[u8]) -> [String; 6] {
    let part = |engine: &base64::engine::GeneralPurpose, before: usize| {
        let padded = [&vec![0; before], bytes].concat();
        let text = engine.encode(padded);
        let (from, to) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
        text[from..to].to_owned()
    };
    let [a, b, c] = [0, 1, 2].map(|before| part(&STANDARD, before));
    let [d, e, f] = [0, 1, 2].map(|before| part(&URL_SAFE, before));
    [a, b, c, d, e, f]
}

/// Where it is searched for.
struct Place {
    name: String,
    text: String,
    /// Small letters, no hyphens: what is hexadecimal looks alike.
    digits: String,
    /// Without the ends of lines that PostgreSQL puts into base64.
    joined: String,
}

impl Place {
    fn new(name: impl Into<String>, text: String) -> Self {
        let digits = text.to_lowercase().replace(['-', ' ', ':'], "");
        Self { name: name.into(), joined: text.replace('\n', ""), text, digits }
    }
}

/// Every row of every table.
async fn tables(world: &World) -> Vec<Place> {
    let names: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public'")
            .fetch_all(&world.owner)
            .await
            .unwrap();
    assert!(names.len() > 20, "{names:?}");
    let mut places = Vec::new();
    for name in names {
        let rows = format!("select coalesce(string_agg(kept::text, e'\\n'), '') from {name} kept");
        let text = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&world.owner).await.unwrap();
        places.push(Place::new(name, text));
    }
    places
}

/// What is logged by this test, at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let lines = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("trace"))
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(lines))
    }

    fn place(&self) -> Place {
        Place::new("the log", String::from_utf8(self.0.lock().unwrap().clone()).unwrap())
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn nowhere(secrets: &[Secret], places: &[Place]) {
    for secret in secrets {
        for place in places {
            let form = secret.found_in(place);
            assert!(form.is_none(), "the {} is in {} as {}", secret.name, place.name, form.unwrap());
        }
    }
}

#[tokio::test]
async fn what_opens_something_is_in_no_table_and_in_no_log() {
    let (log, _guard) = Log::begin();
    let world = World::new().await;
    let mut secrets = Vec::new();

    // By link, after another browser tried it; by code, after a wrong one.
    let (mut one, mut two, mut stranger) = (world.browser(), world.browser(), world.browser());
    let first = ask(&world, &mut one, "sara@example.om").await;
    secrets.push(Secret::of_session("session before signing in", &session_of(&one)));
    let second = ask(&world, &mut two, "ali@example.om").await;
    // Asked for, mailed, and not used yet.
    let waiting = ask(&world, &mut stranger, "huda@example.om").await;
    for mail in [&first, &second, &waiting] {
        secrets.push(Secret::of_hexadecimal("link", &mail.token));
        secrets.push(Secret::of_code(&mail.code));
    }
    nowhere(&secrets, &tables(&world).await);
    one.get(&format!("/sign-in/link?token={}", first.token)).await.expect(StatusCode::OK);
    follow(&mut stranger, &first.token).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    follow(&mut one, &first.token).await.expect(StatusCode::SEE_OTHER);
    let wrong = if second.code == "000000" { "000001" } else { "000000" };
    enter(&mut two, "ali@example.om", wrong).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    enter(&mut two, "ali@example.om", &second.code).await.expect(StatusCode::SEE_OTHER);

    // By token: orders, events, jobs, mails.
    let email = Email::parse("sara@example.om").unwrap();
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    let token = create_api_token(&Operator::at_the_command_line(), &mut conn, &email, &[]).await.unwrap();
    drop(conn);
    world.voucher("WELCOME", "50", 0).await;
    let client = world.with_known_token(&token);
    client.order("key-1", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    world.run_jobs().await;
    two.get("/console").await.expect(StatusCode::OK);
    for (name, browser) in [("session by link", &one), ("session by code", &two)] {
        secrets.push(Secret::of_session(name, &session_of(browser)));
    }
    secrets.push(Secret::of_hexadecimal("token", &token));
    let key = std::fs::read_to_string(&world.app.config.server_key_file).unwrap();
    secrets.push(Secret::of_hexadecimal("server's key", key.trim()));
    nowhere(&secrets, &tables(&world).await);

    // What fails is logged, and with what.
    for table in ["session", "sign_in_link", "api_token", "rate_limit"] {
        world.execute(&format!("alter table {table} rename to away")).await;
        one.get("/console").await;
        follow(&mut stranger, &waiting.token).await;
        enter(&mut stranger, "huda@example.om", &waiting.code).await;
        let failed = client.get("/billing/balance").await;
        assert_eq!(failed.status.is_server_error(), table == "api_token", "{table}: {}", failed.text());
        world.execute(&format!("alter table away rename to {table}")).await;
    }
    let logged = log.place();
    assert!(logged.text.contains("sara@example.om") || logged.text.contains("signed in"), "it logs");
    assert!(logged.text.contains("does not exist"), "what failed is logged");
    nowhere(&secrets, &[logged]);
    nowhere(&secrets, &tables(&world).await);
}

#[tokio::test]
async fn what_is_searched_for_would_be_found() {
    let world = World::new().await;
    let bytes: [u8; 32] = std::array::from_fn(|number| 0xf3_u8.wrapping_mul(number as u8 + 1) ^ 0x5a);
    let token = hexadecimal(&bytes);
    let session = URL_SAFE_NO_PAD.encode(&bytes[..16]);
    let number = i128::from_le_bytes(bytes[..16].try_into().unwrap());
    let raw = format!("decode('{token}', 'hex')");
    let half = format!("decode('{}', 'hex')", &token[..32]);
    let of_token = [
        format!("'{token}'"),
        format!("upper('{token}')"),
        format!("jsonb_build_object('url', 'https://x/?token={token}&y')"),
        raw.clone(),
        format!("'\\x00'::bytea || {raw}"),
        format!("'{token}'::bytea"),
        format!("encode({raw}, 'base64')"),
        format!("encode('{token}'::bytea, 'base64')"),
        format!("jsonb_build_array(encode('a'::bytea || {raw} || 'b'::bytea, 'base64'))"),
        format!("encode('ab{token}'::bytea, 'base64')"),
        format!("translate(encode({raw}, 'base64'), '+/=', '-_')"),
        format!("'{bytes:?}'::jsonb"),
    ];
    let of_session = [
        format!("'{session}'"),
        half.clone(),
        format!("encode({half}, 'hex')::uuid"),
        format!("encode('{session}'::bytea, 'base64')"),
        format!("'{number}'::numeric"),
        format!("'{}'::numeric", number.swap_bytes()),
    ];
    let of_code = [
        "'123456'",
        "'{\"code\": \"123456\"}'::jsonb",
        "123456",
        "'123 456'",
        "'123456'::bytea",
        "encode('the code is 123456'::bytea, 'base64')",
        "sha256('123456')",
        "encode(sha256('123456'), 'base64')",
    ];
    let token = Secret::of_hexadecimal("token", &format!("cat_{token}"));
    let session = Secret::of_session("session", &session);
    let code = Secret::of_code("123456");
    let planted = (of_token.iter().map(|kept| (&token, kept.as_str())))
        .chain(of_session.iter().map(|kept| (&session, kept.as_str())))
        .chain(of_code.iter().map(|kept| (&code, *kept)));
    for (secret, kept) in planted {
        nowhere(std::slice::from_ref(secret), &tables(&world).await);
        world.execute(&format!("create table planted as select {kept} as kept")).await;
        let found = tables(&world).await.iter().find_map(|place| secret.found_in(place));
        assert!(found.is_some(), "{kept}");
        world.execute("drop table planted").await;
    }
}

/// A mail server that reads each mail and then does not take it. Gives what it read.
async fn reads_and_refuses() -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let read = Arc::<Mutex<String>>::default();
    let mails = read.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (from, mut to) = stream.into_split();
            let (mut lines, mut reads) = (BufReader::new(from).lines(), false);
            to.write_all(b"220 mail.example.om\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match line.as_str() {
                    "DATA" => "354 go on",
                    "." => "451 not now",
                    _ if reads => "",
                    _ => "250 fine",
                };
                if reads {
                    writeln!(mails.lock().unwrap(), "{line}").unwrap();
                }
                reads = line == "DATA" || (reads && line != ".");
                if !answer.is_empty() && to.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    (url, read)
}

#[tokio::test]
async fn a_mail_that_was_not_taken_leaves_no_secret_behind() {
    let (log, _guard) = Log::begin();
    let (url, read) = reads_and_refuses().await;
    let mut world = World::with(&[("CATALYST_SMTP_URL", &url)]).await;
    world.browser().post("/sign-in", &[("email", "sara@example.om")]).await.expect(StatusCode::SEE_OTHER);
    world.run_jobs().await;
    let waiting = "select count(*) from job where state = 'queued' and last_error = 'the mail was not sent'";
    assert_eq!(world.number(waiting).await, 1);
    let mail = read.lock().unwrap().replace("=\n", "").replace("=3D", "=");
    let token = token_in(&mail).unwrap_or_else(|| panic!("no link in {mail}"));
    let code = mail.lines().find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()));
    let secrets = [Secret::of_hexadecimal("link", token), Secret::of_code(code.expect("a code"))];
    let logged = log.place();
    assert!(logged.text.contains("a sign-in mail was not sent"), "{}", logged.text);
    nowhere(&secrets, &[logged]);
    nowhere(&secrets, &tables(&world).await);
    world.abandon_jobs();
}
