//! From what was typed to an intent: every text is checked here, before Docker is asked anything. Absent on purpose: any
//! look at Docker, the network or the registry.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use adapters::{Address, Credentials, Settings, StateDir};
use engine::{
    BUILT_IN, BadPreset, Consent, DEFAULT_PRESET, GatewayName, GatewaySpec, ImageRef, ImageSource, Intent, Preset,
    Purpose, Typed, VolumeName, check_docker_name,
};

use crate::again::Again;
use crate::args::{GatewayArgs, OnboardArgs, StatusArgs};
use crate::bad_input::BadInput;

/// The gateway's name where none is typed.
const DEFAULT_GATEWAY: &str = "nemoclaw";

/// The gateway of `--demo`.
const DEMO_GATEWAY: &str = "demo";

/// The preset of `--demo`.
const DEMO_PRESET: &str = "reference";

/// What the default time limit leaves for all but two warm-ups.
const TIME_BESIDE_WARM_UP: Duration = Duration::from_secs(60);

/// The longest time limit: a week. Whoever types more has mistyped it.
const TIMEOUT_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The largest spec file that is read. A preset has some 1 KiB.
const SPEC_FILE_MAX_BYTES: u64 = 1024 * 1024;

/// What a run needs to know.
#[derive(Debug)]
pub struct Request {
    /// What was asked for.
    pub intent: Intent,
    /// Where, and for how long.
    pub settings: Settings,
    /// What a further command has to repeat.
    pub again: Again,
}

/// The request of `onboard`.
///
/// # Errors
/// The first text that cannot be used.
pub fn onboard(
    args: &OnboardArgs,
    host: Option<&str>,
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Request, BadInput> {
    let purpose = if args.dry_run { Purpose::Look } else { Purpose::Onboard };
    let mut request = looked_for(&args.gateway, purpose, args.timeout.as_deref(), host, env)?;
    let (intent, flags) = (&mut request.intent, &mut request.again.flags);
    if let Some(text) = &args.image {
        let image = ImageRef::parse(text).map_err(|bad| BadInput::flag("--image", text, bad.at, bad.problem))?;
        if image != intent.spec.image {
            intent.spec.image_source = ImageSource::Registry;
        }
        intent.spec.image = image;
        intent.typed.image = true;
        flags.push(("--image", Some(text.clone())));
    }
    if let Some(text) = &args.port {
        intent.spec.port.host = port(text)?;
        intent.typed.port = true;
        flags.push(("--port", Some(text.clone())));
    }
    if let Some(text) = &args.adopt {
        check_docker_name(text).map_err(|bad| BadInput::flag("--adopt", text, bad.at, bad.problem))?;
        intent.adopt = Some(VolumeName::new(text.as_str()));
        flags.push(("--adopt", Some(text.clone())));
    }
    if args.accept_daemon {
        intent.accept_daemon = true;
        flags.push(("--accept-daemon", None));
    }
    if let Some(text) = &args.confirm {
        let consent = Consent::typed(&intent.gateway, text).map_err(|refused| {
            BadInput::flag("--confirm", text, whole(text), refused.to_string())
                .with_help("a reset needs the gateway's own name, typed once more by its owner")
        })?;
        intent.reset = Some(consent);
    }
    intent.wait_for_lock = !args.no_wait;
    Ok(request)
}

/// The request of `status`.
///
/// # Errors
/// The first text that cannot be used.
pub fn status(
    args: &StatusArgs,
    host: Option<&str>,
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Request, BadInput> {
    looked_for(&args.gateway, Purpose::Look, args.timeout.as_deref(), host, env)
}

/// The request that names a gateway and asks for nothing in particular.
fn looked_for(
    args: &GatewayArgs,
    purpose: Purpose,
    timeout: Option<&str>,
    host: Option<&str>,
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Request, BadInput> {
    let default = if args.demo { DEMO_GATEWAY } else { DEFAULT_GATEWAY };
    let name = args.gateway.as_deref().unwrap_or(default);
    let gateway = GatewayName::parse(name).map_err(|bad| BadInput::flag("--gateway", name, bad.at, bad.problem))?;
    let mut flags = Vec::new();
    let spec = match (&args.spec, &args.preset) {
        (Some(path), _) => {
            flags.push(("--spec", Some(path.display().to_string())));
            from_file(path, &gateway)?
        }
        (None, Some(preset)) => {
            flags.push(("--preset", Some(preset.clone())));
            built_in(preset, &gateway)?
        }
        (None, None) => built_in(if args.demo { DEMO_PRESET } else { DEFAULT_PRESET }, &gateway)?,
    };
    let time_limit = match timeout {
        Some(text) => duration(text)?,
        None => 2 * Duration::from_millis(spec.warm_up_ms) + TIME_BESIDE_WARM_UP,
    };
    let found = Address::find(host, env).and_then(|address| address.check().map(|()| address));
    let address = found.map_err(|bad| match host {
        Some(host) => BadInput::flag("--host", host, whole(host), bad.to_string()),
        None => BadInput::plain(format!("Docker's address cannot be used: {bad}")),
    })?;
    let state = StateDir::find(env).map_err(|bad| BadInput::plain(bad.to_string()))?;
    let typed =
        Typed { preset: args.preset.is_some() || args.demo, spec: args.spec.is_some(), image: false, port: false };
    let intent = Intent {
        gateway,
        purpose,
        spec,
        typed,
        replace: None,
        leave_behind: false,
        carry: Vec::new(),
        reset: None,
        adopt: None,
        accept_daemon: false,
        wait_for_lock: false,
    };
    let again = Again { host: host.map(str::to_owned), demo: args.demo, flags };
    Ok(Request {
        intent,
        settings: Settings { address, state, credentials: Credentials::find(env), time_limit },
        again,
    })
}

fn built_in(name: &str, gateway: &GatewayName) -> Result<GatewaySpec, BadInput> {
    let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = BUILT_IN.iter().map(|(known, _)| format!("`{known}`")).collect();
        let help = format!("built in: {}; others come from a file: --spec FILE", known.join(", "));
        return Err(BadInput::flag("--preset", name, whole(name), "there is no such preset").with_help(help));
    };
    resolved(name, text, gateway)
}

fn from_file(path: &Path, gateway: &GatewayName) -> Result<GatewaySpec, BadInput> {
    let name = path.display().to_string();
    let unreadable = |why: String| BadInput::flag("--spec", &name, whole(&name), why);
    let mut text = String::new();
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    file.take(SPEC_FILE_MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > SPEC_FILE_MAX_BYTES {
        return Err(unreadable(format!("a spec file has at most {SPEC_FILE_MAX_BYTES} bytes")));
    }
    resolved(&name, &text, gateway)
}

fn resolved(name: &str, text: &str, gateway: &GatewayName) -> Result<GatewaySpec, BadInput> {
    let bad = |bad: BadPreset| BadInput::file(name, text, bad.at, &bad.problem);
    Preset::parse(text).and_then(|preset| preset.resolve(gateway)).map_err(bad)
}

fn port(text: &str) -> Result<u16, BadInput> {
    let problem = "a port is a number from 1 to 65535";
    let port = text.parse().map_err(|_| BadInput::flag("--port", text, whole(text), problem))?;
    if port == 0 { Err(BadInput::flag("--port", text, whole(text), problem)) } else { Ok(port) }
}

fn duration(text: &str) -> Result<Duration, BadInput> {
    use humantime::DurationError;
    let bad = |at: Range<usize>, problem: &str| BadInput::flag("--timeout", text, at, problem);
    let time = humantime::parse_duration(text).map_err(|error| match error {
        DurationError::InvalidCharacter(at) => bad(character(text, at), "a time is a number and a unit: `90s`, `5m`"),
        DurationError::NumberExpected(at) => bad(character(text, at), "a number is expected here"),
        DurationError::UnknownUnit { unit, .. } if unit.is_empty() => {
            bad(whole(text), "a time is a number and a unit: `90s`, `5m`")
        }
        DurationError::UnknownUnit { start, end, .. } => bad(start..end, "the units are `ms`, `s`, `m` and `h`"),
        DurationError::NumberOverflow => bad(whole(text), "this is longer than any time"),
        DurationError::Empty => bad(whole(text), "a time is a number and a unit: `90s`, `5m`"),
    })?;
    if time.is_zero() {
        return Err(bad(whole(text), "no time at all is too short to look"));
    }
    if time > TIMEOUT_MAX { Err(bad(whole(text), "the longest time limit is 7 days")) } else { Ok(time) }
}

fn whole(text: &str) -> Range<usize> {
    0..text.len()
}

/// The character that begins at that byte.
fn character(text: &str, at: usize) -> Range<usize> {
    at..at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Args, Job};
    use clap::Parser;

    fn request(typed: &str) -> Request {
        let args = Args::try_parse_from(["nemoclaw"].into_iter().chain(typed.split(' '))).unwrap();
        let env = |name: &str| (name == "NEMOCLAW_HOME").then(|| "/nonexistent".to_owned());
        match &args.job {
            Job::Onboard(typed) => onboard(typed, args.host.as_deref(), &env),
            Job::Status(typed) => status(typed, args.host.as_deref(), &env),
            Job::ReferenceGateway => panic!("no request"),
        }
        .unwrap()
    }

    #[test]
    fn nothing_typed_is_the_default_gateway_and_preset() {
        let Request { intent, settings, .. } = request("onboard");
        assert_eq!(intent.gateway.as_str(), "nemoclaw");
        assert_eq!(intent.spec.preset.as_str(), DEFAULT_PRESET);
        assert_eq!((intent.purpose, intent.typed), (Purpose::Onboard, Typed::default()));
        assert!(intent.wait_for_lock && intent.reset.is_none() && !intent.accept_daemon);
        let warm_up = Duration::from_millis(intent.spec.warm_up_ms);
        assert_eq!(settings.time_limit, warm_up * 2 + Duration::from_secs(60));
    }

    #[test]
    fn a_demo_is_the_reference_preset_under_another_name() {
        let Request { intent, again, .. } = request("onboard --demo");
        assert_eq!((intent.gateway.as_str(), intent.spec.preset.as_str()), ("demo", "reference"));
        assert!(intent.typed.preset);
        assert_eq!(again.onboard(&intent.gateway), "nemoclaw onboard --demo");
        assert_eq!(request("status --demo --gateway mine").intent.gateway.as_str(), "mine");
    }

    #[test]
    fn what_was_typed_is_marked_as_typed() {
        let Request { intent, settings, again } =
            request("onboard --port 9000 --image x:1 --adopt old --accept-daemon --no-wait --timeout 5m");
        assert_eq!(intent.spec.port.host, 9000);
        assert_eq!((intent.spec.image.as_str(), intent.spec.image_source), ("x:1", ImageSource::Registry));
        assert!(intent.typed.port && intent.typed.image && !intent.typed.preset && !intent.wait_for_lock);
        assert_eq!(settings.time_limit, Duration::from_secs(300));
        assert_eq!(
            again.onboard(&intent.gateway),
            "nemoclaw onboard --gateway nemoclaw --image x:1 --port 9000 --adopt old --accept-daemon"
        );
    }

    #[test]
    fn the_presets_own_image_keeps_its_source() {
        let image = request("onboard").intent.spec.image;
        let intent = request(&format!("onboard --image {image}")).intent;
        assert!(intent.typed.image);
        assert_eq!(intent.spec.image_source, ImageSource::Executable);
    }

    #[test]
    fn consent_is_for_the_gateway_typed_and_never_repeated() {
        let Request { intent, again, .. } = request("onboard --gateway prod --reset --confirm prod");
        assert_eq!(intent.reset.map(|consent| consent.gateway().to_string()), Some("prod".to_owned()));
        assert_eq!(again.onboard(&intent.gateway), "nemoclaw onboard --gateway prod");
    }

    #[test]
    fn looks_are_looks() {
        assert_eq!(request("status").intent.purpose, Purpose::Look);
        assert_eq!(request("onboard --dry-run").intent.purpose, Purpose::Look);
    }
}
