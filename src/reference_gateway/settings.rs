//! What the reference gateway is told: by its environment (place, node name, switches) and by its own limits.
//!
//! A value that does not parse is an error that names its variable; a variable that is absent or empty is not set.
//! Absent on purpose: flags and files, because a container sets environment and nothing else.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

use super::path::Segment;

/// Everything that one run of the gateway is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `NEMOCLAW_REFERENCE_DATA`: the folder of the volume, which must exist. Default `/data`.
    pub data: PathBuf,
    /// `NEMOCLAW_REFERENCE_LISTEN`: address and port. Default `0.0.0.0:8080`.
    pub listen: SocketAddr,
    /// `NEMOCLAW_REFERENCE_HEALTH_LISTEN`: address and port of a second listener, for `GET /readyz` alone. Default none.
    pub health_listen: Option<SocketAddr>,
    /// `OPENSHELL_NODE_NAME`, else the hostname: the key under which the data is kept and looked for.
    pub node: Segment,
    /// `NEMOCLAW_REFERENCE_WARM_UP`: how long from the start health is answered with 503. Default `0s`.
    pub warm_up: Duration,
    /// `NEMOCLAW_REFERENCE_HEALTH_DELAY`: how much later health is answered. Default `0s`.
    pub health_delay: Duration,
    /// `NEMOCLAW_REFERENCE_CRASH`: the exit code with which to end at once, before anything is touched.
    pub crash: Option<u8>,
    /// `NEMOCLAW_REFERENCE_EXIT_EVERY` as `c:n`: end with exit code c, n seconds after the start.
    pub exit_every: Option<(u8, Duration)>,
    /// `NEMOCLAW_REFERENCE_HANG`: accept connections and never answer.
    pub hang: bool,
    /// `NEMOCLAW_REFERENCE_IGNORE_TERM`: go on after SIGTERM.
    pub ignore_term: bool,
    /// What a client may take up.
    pub limits: Limits,
}

/// What one client, and all of them together, may take up.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one request body.
    pub body_bytes: u64,
    /// Connections served at once, where there are file descriptors for them; a further one takes another's place.
    pub connections: usize,
    /// How long a request may be under way before its connection's place may be taken.
    pub patience: Duration,
    /// For the whole head of a request to arrive, also on a connection that is kept open.
    pub head: Duration,
    /// Between two pieces of a request body.
    pub body_idle: Duration,
    /// How long a connection may begin requests.
    pub connection: Duration,
    /// For the request that is then under way to end, answer included: a client that does not read is cut off.
    pub request: Duration,
    /// For the requests under way to end once the gateway was asked to stop.
    pub drain: Duration,
}

impl Default for Limits {
    /// Roomy for people and tests, small enough that 256 bad clients do no harm.
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            connections: 256,
            patience: Duration::from_secs(10),
            head: Duration::from_secs(10),
            body_idle: Duration::from_secs(30),
            connection: Duration::from_secs(300),
            request: Duration::from_secs(300),
            drain: Duration::from_secs(2),
        }
    }
}

impl Settings {
    /// Reads the settings through `variable`, which is the process environment but in tests.
    ///
    /// # Errors
    ///
    /// The sentence to log when a value does not parse; it names the variable.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, String> {
        let env = Env(variable);
        let node = match env.text("OPENSHELL_NODE_NAME")? {
            Some(name) => name,
            None => rustix::system::uname().nodename().to_string_lossy().into_owned(),
        };
        Ok(Self {
            data: env.text("NEMOCLAW_REFERENCE_DATA")?.map_or_else(|| PathBuf::from("/data"), PathBuf::from),
            listen: env.address("NEMOCLAW_REFERENCE_LISTEN")?.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 8080))),
            health_listen: env.address("NEMOCLAW_REFERENCE_HEALTH_LISTEN")?,
            node: Segment::checked(&node).map_err(|why| format!("node name `{}`: {why}", node.escape_debug()))?,
            warm_up: env.duration("NEMOCLAW_REFERENCE_WARM_UP")?,
            health_delay: env.duration("NEMOCLAW_REFERENCE_HEALTH_DELAY")?,
            crash: env.parsed("NEMOCLAW_REFERENCE_CRASH", "an exit code from 0 to 255", |text| text.parse().ok())?,
            exit_every: env.parsed(
                "NEMOCLAW_REFERENCE_EXIT_EVERY",
                "`c:n`, exit code and seconds",
                code_and_seconds,
            )?,
            hang: env.flag("NEMOCLAW_REFERENCE_HANG")?,
            ignore_term: env.flag("NEMOCLAW_REFERENCE_IGNORE_TERM")?,
            limits: Limits::default(),
        })
    }
}

struct Env<F>(F);

impl<F: Fn(&str) -> Option<OsString>> Env<F> {
    fn address(&self, name: &str) -> Result<Option<SocketAddr>, String> {
        self.parsed(name, "an address like `0.0.0.0:8080`", |text| text.parse().ok())
    }

    fn duration(&self, name: &str) -> Result<Duration, String> {
        let value = self.parsed(name, "a duration like `1500ms`", |text| humantime::parse_duration(text).ok())?;
        Ok(value.unwrap_or_default())
    }

    fn flag(&self, name: &str) -> Result<bool, String> {
        let value = self.parsed(name, "`1` or `0`", |text| match text {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        })?;
        Ok(value.unwrap_or_default())
    }

    fn parsed<T>(&self, name: &str, what: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match parse(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("`{name}` is `{}`, which is not {what}", text.escape_debug())),
        }
    }

    fn text(&self, name: &str) -> Result<Option<String>, String> {
        match (self.0)(name) {
            None => Ok(None),
            Some(value) if value.is_empty() => Ok(None),
            Some(value) => value.into_string().map(Some).map_err(|_| format!("`{name}` is not UTF-8")),
        }
    }
}

fn code_and_seconds(text: &str) -> Option<(u8, Duration)> {
    let (code, seconds) = text.split_once(':')?;
    Some((code.parse().ok()?, Duration::from_secs(seconds.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::read(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        let settings = read(&[("NEMOCLAW_REFERENCE_CRASH", "")]).unwrap();
        assert_eq!(settings.data, PathBuf::from("/data"));
        assert_eq!(settings.listen.to_string(), "0.0.0.0:8080");
        assert_eq!(settings.health_listen, None);
        assert_eq!(settings.node.as_str(), rustix::system::uname().nodename().to_str().unwrap());
        assert_eq!((settings.warm_up, settings.health_delay), (Duration::ZERO, Duration::ZERO));
        assert_eq!((settings.crash, settings.exit_every), (None, None));
        assert!(!settings.hang && !settings.ignore_term);
    }

    #[test]
    fn every_switch_is_read() {
        let settings = read(&[
            ("OPENSHELL_NODE_NAME", "openshell-demo"),
            ("NEMOCLAW_REFERENCE_DATA", "/elsewhere"),
            ("NEMOCLAW_REFERENCE_LISTEN", "[::1]:9"),
            ("NEMOCLAW_REFERENCE_HEALTH_LISTEN", "0.0.0.0:8081"),
            ("NEMOCLAW_REFERENCE_WARM_UP", "1500ms"),
            ("NEMOCLAW_REFERENCE_HEALTH_DELAY", "2s"),
            ("NEMOCLAW_REFERENCE_CRASH", "0"),
            ("NEMOCLAW_REFERENCE_EXIT_EVERY", "137:30"),
            ("NEMOCLAW_REFERENCE_HANG", "1"),
            ("NEMOCLAW_REFERENCE_IGNORE_TERM", "1"),
        ])
        .unwrap();
        assert_eq!(settings.node.as_str(), "openshell-demo");
        assert_eq!(settings.data, PathBuf::from("/elsewhere"));
        assert_eq!(settings.listen.to_string(), "[::1]:9");
        assert_eq!(settings.health_listen, Some(SocketAddr::from(([0, 0, 0, 0], 8081))));
        assert_eq!(settings.warm_up, Duration::from_millis(1500));
        assert_eq!(settings.health_delay, Duration::from_secs(2));
        assert_eq!(settings.crash, Some(0));
        assert_eq!(settings.exit_every, Some((137, Duration::from_secs(30))));
        assert!(settings.hang && settings.ignore_term);
    }

    #[test]
    fn a_bad_value_is_an_error_that_names_its_variable() {
        for (name, value) in [
            ("NEMOCLAW_REFERENCE_LISTEN", "8080"),
            ("NEMOCLAW_REFERENCE_HEALTH_LISTEN", "localhost:8081"),
            ("NEMOCLAW_REFERENCE_WARM_UP", "soon"),
            ("NEMOCLAW_REFERENCE_HEALTH_DELAY", "-1s"),
            ("NEMOCLAW_REFERENCE_CRASH", "256"),
            ("NEMOCLAW_REFERENCE_EXIT_EVERY", "1"),
            ("NEMOCLAW_REFERENCE_EXIT_EVERY", "1:2s"),
            ("NEMOCLAW_REFERENCE_HANG", "yes"),
            ("NEMOCLAW_REFERENCE_IGNORE_TERM", "2"),
        ] {
            let why = read(&[(name, value)]).unwrap_err();
            assert!(why.contains(name) && why.contains(value), "{why}");
        }
        for node in ["..", "a/b", "a\0b"] {
            assert!(read(&[("OPENSHELL_NODE_NAME", node)]).unwrap_err().contains("node name"));
        }
    }

    proptest! {
        #[test]
        fn whatever_a_variable_holds_is_read_or_refused_by_its_name(
            text in r"[0-9]{1,25}(ms|s|h|y| )?|[0-9]{0,4}:[0-9]{0,25}|[0-9.]{0,15}:[0-9]{0,6}|\PC{1,20}"
        ) {
            for name in [
                "OPENSHELL_NODE_NAME",
                "NEMOCLAW_REFERENCE_LISTEN",
                "NEMOCLAW_REFERENCE_HEALTH_LISTEN",
                "NEMOCLAW_REFERENCE_WARM_UP",
                "NEMOCLAW_REFERENCE_HEALTH_DELAY",
                "NEMOCLAW_REFERENCE_CRASH",
                "NEMOCLAW_REFERENCE_EXIT_EVERY",
                "NEMOCLAW_REFERENCE_HANG",
                "NEMOCLAW_REFERENCE_IGNORE_TERM",
            ] {
                if let Err(why) = read(&[(name, &text)]) {
                    prop_assert!(why.contains(name) || why.starts_with("node name"), "{why}");
                }
            }
        }
    }
}
