//! How often things may be done, and how long sessions last.

use domain::{
    identity::{ops::SignInLimits, sessions::Durations},
    limits::Limit,
    vouchers::ops::VoucherLimits,
};

use super::reader::{Reader, Variable, variable};

const LIMIT: &str =
    "how often in how long: a number from 1 to 1000000, a slash, and a time of at most 24h; or off";
const TIME: &str = "a time: a number and s, m, h or d, at most 365d";

const LINKS_PER_ADDRESS: Variable = variable("CATALYST_LIMIT_LINKS_PER_ADDRESS", LIMIT, "5/15m");
const LINKS_PER_IP: Variable = variable("CATALYST_LIMIT_LINKS_PER_IP", LIMIT, "20/15m");
const LINKS_IN_ALL: Variable = variable("CATALYST_LIMIT_LINKS_IN_ALL", LIMIT, "600/60s");
const TRIES_PER_IP: Variable = variable("CATALYST_LIMIT_SIGN_IN_TRIES_PER_IP", LIMIT, "10/60s");
const PREVIEWS_PER_IP: Variable = variable("CATALYST_LIMIT_PREVIEWS_PER_IP", LIMIT, "30/60s");
const REDEMPTIONS_PER_IP: Variable = variable("CATALYST_LIMIT_REDEMPTIONS_PER_IP", LIMIT, "60/60s");
const REDEMPTIONS_PER_ACCOUNT: Variable = variable("CATALYST_LIMIT_REDEMPTIONS_PER_ACCOUNT", LIMIT, "10/60s");

const SESSION_LIFETIME: Variable = variable("CATALYST_SESSION_LIFETIME", TIME, "30d");
const SESSION_IDLE: Variable = variable("CATALYST_SESSION_IDLE", TIME, "7d");
const STAFF_SESSION_LIFETIME: Variable = variable("CATALYST_STAFF_SESSION_LIFETIME", TIME, "12h");
const STAFF_SESSION_IDLE: Variable = variable("CATALYST_STAFF_SESSION_IDLE", TIME, "1h");

#[derive(Clone, Debug)]
pub struct Limits {
    pub sign_in: SignInLimits,
    pub vouchers: VoucherLimits,
    pub sessions: Durations,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Limits {
    let sign_in = SignInLimits {
        links_per_address: read_limit(reader, LINKS_PER_ADDRESS),
        links_per_ip: read_limit(reader, LINKS_PER_IP),
        links_in_all: read_limit(reader, LINKS_IN_ALL),
        tries_per_ip: read_limit(reader, TRIES_PER_IP),
    };
    let vouchers = VoucherLimits {
        previews_per_ip: read_limit(reader, PREVIEWS_PER_IP),
        redemptions_per_ip: read_limit(reader, REDEMPTIONS_PER_IP),
        redemptions_per_account: read_limit(reader, REDEMPTIONS_PER_ACCOUNT),
    };
    let sessions = Durations {
        lifetime_seconds: read_time(reader, SESSION_LIFETIME),
        idle_seconds: read_time(reader, SESSION_IDLE),
        staff_lifetime_seconds: read_time(reader, STAFF_SESSION_LIFETIME),
        staff_idle_seconds: read_time(reader, STAFF_SESSION_IDLE),
    };
    Limits { sign_in, vouchers, sessions }
}

/// The example of a limit is its default.
fn read_limit(reader: &mut Reader<'_>, variable: Variable) -> Limit {
    let default = parse_limit(variable.example).unwrap_or(Limit::new(1, 60));
    reader.or(variable, default, parse_limit)
}

fn read_time(reader: &mut Reader<'_>, variable: Variable) -> i32 {
    let default = parse_seconds(variable.example).unwrap_or(3600);
    reader.or(variable, default, parse_seconds)
}

fn parse_limit(text: &str) -> Option<Limit> {
    if text == "off" {
        return Some(Limit::new(0, 60));
    }
    let (times, window) = text.split_once('/')?;
    let times = times.trim().parse().ok().filter(|times| (1..=1_000_000).contains(times))?;
    let seconds = parse_seconds(window.trim()).filter(|seconds| *seconds <= 24 * 3600)?;
    Some(Limit::new(times, seconds))
}

/// `90s`, `15m`, `12h`, `30d`, in seconds.
fn parse_seconds(text: &str) -> Option<i32> {
    let unit = text.chars().last()?;
    let in_seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count: i32 = text[..text.len() - 1].parse().ok().filter(|count| *count > 0)?;
    count.checked_mul(in_seconds).filter(|seconds| *seconds <= 365 * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_times_say_their_units() {
        assert_eq!(parse_limit("30/60s"), Some(Limit::new(30, 60)));
        assert_eq!(parse_limit("5/15m"), Some(Limit::new(5, 900)));
        assert_eq!(parse_limit("off"), Some(Limit::new(0, 60)));
        for bad in ["30", "30/60", "0/60s", "-1/60s", "5/2d", "5/0s", "a/b", "5/é"] {
            assert_eq!(parse_limit(bad), None, "{bad}");
        }
        assert_eq!(parse_seconds("30d"), Some(2_592_000));
        assert_eq!(parse_seconds("366d"), None);
    }

    #[test]
    fn every_default_can_be_written_down() {
        for example in
            [LINKS_PER_ADDRESS, LINKS_PER_IP, LINKS_IN_ALL, TRIES_PER_IP, PREVIEWS_PER_IP, REDEMPTIONS_PER_IP]
        {
            assert!(parse_limit(example.example).is_some(), "{}", example.name);
        }
        for example in [SESSION_LIFETIME, SESSION_IDLE, STAFF_SESSION_LIFETIME, STAFF_SESSION_IDLE] {
            assert!(parse_seconds(example.example).is_some(), "{}", example.name);
        }
    }
}
