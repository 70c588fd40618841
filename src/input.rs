//! From what was typed to an intent: every text is checked here, before Docker is asked anything. Absent on purpose: any
//! look at Docker, the network or the registry.

mod candidates;
mod restored;
mod texts;

#[cfg(test)]
mod tests;

use std::time::Duration;

use adapters::{Address, Credentials, OlderTool, Settings, StateDir};
use engine::{
    Consent, DEFAULT_GATEWAY, Discard, GatewayName, ImageRef, ImageSource, Intent, Place, Purpose, Replace, Typed,
    VolumeName,
};

use crate::again::Again;
use crate::args::{
    ActArgs, BackupsArgs, DestroyArgs, GatewayArgs, ListArgs, LogsArgs, OnboardArgs, Output, StatusArgs,
};
use crate::bad_input::BadInput;

use self::candidates::Candidates;
use self::texts::whole;

pub use self::restored::restore;

/// The gateway of `--demo`.
const DEMO_GATEWAY: &str = "demo";

/// The gateway that is meant where none is named: without `--demo`, and with it.
pub const DEFAULT_NAMES: [&str; 2] = [DEFAULT_GATEWAY, DEMO_GATEWAY];

/// What the default time limit leaves for all but two warm-ups.
const TIME_BESIDE_WARM_UP: Duration = Duration::from_secs(60);

/// The removal of volumes, as what their owner consents to.
const REMOVAL: &str = "the removal of volumes";

/// Docker's usual socket, at the machine that it runs on.
const USUAL_SOCKET: &str = "/var/run/docker.sock";

/// What the program's environment says of a variable.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

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

/// What is printed of a container's logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logs {
    /// Only so many of the last lines.
    pub tail: Option<u32>,
    /// Whether to go on until the container ends.
    pub follow: bool,
}

/// The request of `onboard`.
///
/// # Errors
/// The first text that cannot be used.
pub fn onboard(args: &OnboardArgs, host: Option<&str>, env: Variable<'_>) -> Result<Request, BadInput> {
    let purpose = if args.dry_run { Purpose::Look } else { Purpose::Onboard };
    let around = Around::find(args.waits.timeout.as_deref(), host, env)?;
    let mut request = around.request(&args.gateway, purpose, Makes::Gateways)?;
    let (intent, flags) = (&mut request.intent, &mut request.again.flags);
    if let Some(text) = &args.image {
        let image = ImageRef::parse(text).map_err(|bad| BadInput::flag("--image", text, bad.at, bad.problem))?;
        // Whichever other kind is found on the host gets it then: by its own image it is told from the rest.
        if image != intent.spec.image {
            intent.spec.image_source = ImageSource::Registry;
        }
        intent.spec.image = image;
        intent.typed.image = true;
        flags.push(("--image", Some(text.clone())));
    }
    if let Some(text) = &args.port {
        set_port(intent, text)?;
        flags.push(("--port", Some(text.clone())));
    }
    if args.gpu {
        intent.spec.gpu = true;
        intent.alternatives.iter_mut().for_each(|spec| spec.gpu = true);
        flags.push(("--gpu", None));
    }
    if let Some(text) = &args.node_name {
        intent.node_name = Some(texts::node_name(text)?);
        flags.push(("--node-name", Some(text.clone())));
    }
    if let Some(text) = &args.adopt {
        engine::check_docker_name(text).map_err(|bad| BadInput::flag("--adopt", text, bad.at, bad.problem))?;
        intent.adopt = Some(VolumeName::new(text.as_str()));
        flags.push(("--adopt", Some(text.clone())));
    }
    if args.accept_daemon {
        intent.accept_daemon = true;
        flags.push(("--accept-daemon", None));
    }
    intent.replace = match (args.upgrade, args.recreate) {
        (true, _) => Some(Replace::Upgrade),
        (false, true) => Some(Replace::Recreate),
        (false, false) => None,
    };
    let switches = [("--upgrade", args.upgrade), ("--recreate", args.recreate)];
    flags.extend(switches.into_iter().filter(|(_, typed)| *typed).map(|(flag, _)| (flag, None)));
    for text in &args.carry {
        intent.carry.push(texts::carried(text)?);
        flags.push(("--carry", Some(text.clone())));
    }
    intent.leave_behind = args.leave_behind;
    intent.no_backup = args.no_backup;
    if args.reset && args.confirm.is_none() {
        let problem = "a reset gives up what is on the gateway's volumes, so its owner has to name it";
        return Err(BadInput::plain(problem).with_help(format!("add --confirm {}", intent.gateway)));
    }
    if let Some(text) = &args.confirm {
        intent.reset = Some(consent(&intent.gateway, text, "a reset")?);
    }
    intent.wait_for_lock = !args.waits.no_wait;
    Ok(request)
}

/// The port that was typed, in whichever kind of gateway it turns out to be.
fn set_port(intent: &mut Intent, text: &str) -> Result<(), BadInput> {
    let port = texts::port(text)?;
    for spec in std::iter::once(&mut intent.spec).chain(&mut intent.alternatives) {
        spec.port = spec.port.on(port);
        spec.port.check().map_err(|problem| BadInput::flag("--port", text, whole(text), problem))?;
    }
    intent.typed.port = true;
    Ok(())
}

/// The owner's consent to something, by the name that was typed for it.
///
/// # Errors
/// It is not the gateway's.
fn consent(gateway: &GatewayName, text: &str, to: &str) -> Result<Consent, BadInput> {
    Consent::typed(gateway, text).map_err(|refused| {
        BadInput::flag("--confirm", text, whole(text), refused.to_string())
            .with_help(format!("{to} needs the gateway's own name, typed once more by its owner"))
    })
}

/// The request of `destroy`, and what it gives up. Where that needs a consent which was not typed, it has none yet.
///
/// # Errors
/// The first text that cannot be used.
pub fn destroy(args: &DestroyArgs, host: Option<&str>, env: Variable<'_>) -> Result<(Request, Discard), BadInput> {
    let what = match (args.volumes, args.set_aside) {
        (true, _) => Discard::Volumes,
        (false, true) => Discard::SetAside,
        (false, false) => Discard::Container,
    };
    let around = Around::find(args.waits.timeout.as_deref(), host, env)?;
    let mut request = around.request(&args.gateway, Purpose::Destroy(what), Makes::Nothing)?;
    let intent = &mut request.intent;
    intent.leave_behind = args.leave_behind;
    intent.no_backup = args.no_backup;
    intent.consent = args.confirm.as_ref().map(|text| consent(&intent.gateway, text, REMOVAL)).transpose()?;
    intent.wait_for_lock = !args.waits.no_wait;
    Ok((request, what))
}

impl Request {
    /// Takes the name that was asked for, where volumes are to be removed.
    ///
    /// # Errors
    /// There is none, or it is not the gateway's.
    pub fn consent_to_removal(&mut self, name: Option<&str>) -> Result<(), BadInput> {
        let gateway = &self.intent.gateway;
        let Some(name) = name else {
            let problem = "this removes volumes with all that is on them, so their owner has to name the gateway";
            return Err(BadInput::plain(problem).with_help(format!("add --confirm {gateway}")));
        };
        self.intent.consent = Some(consent(gateway, name, REMOVAL)?);
        Ok(())
    }
}

/// The request of `status`.
///
/// # Errors
/// The first text that cannot be used.
pub fn status(args: &StatusArgs, host: Option<&str>, env: Variable<'_>) -> Result<Request, BadInput> {
    Around::find(args.timeout.as_deref(), host, env)?.request(&args.gateway, Purpose::Look, Makes::Nothing)
}

/// Whose backups are meant, and where they lie.
///
/// # Errors
/// The name cannot be one, or nothing says where the state is kept.
pub fn backups(args: &BackupsArgs, env: Variable<'_>) -> Result<(Option<GatewayName>, StateDir), BadInput> {
    let state = StateDir::find(&env).map_err(|bad| BadInput::plain(bad.to_string()))?;
    Ok((args.gateway.as_deref().map(gateway).transpose()?, state))
}

/// A gateway's name.
fn gateway(name: &str) -> Result<GatewayName, BadInput> {
    GatewayName::parse(name).map_err(|bad| BadInput::flag("--gateway", name, bad.at, bad.problem))
}

/// The request of `start`, `stop` or `backup`.
///
/// # Errors
/// The first text that cannot be used.
pub fn act(args: &ActArgs, purpose: Purpose, host: Option<&str>, env: Variable<'_>) -> Result<Request, BadInput> {
    let around = Around::find(args.waits.timeout.as_deref(), host, env)?;
    let mut request = around.request(&args.gateway, purpose, Makes::Nothing)?;
    request.intent.wait_for_lock = !args.waits.no_wait;
    Ok(request)
}

/// The request of `logs`: the look that finds the container, and what is printed of it.
///
/// # Errors
/// The first text that cannot be used.
pub fn logs(
    args: &LogsArgs,
    output: Output,
    host: Option<&str>,
    env: Variable<'_>,
) -> Result<(Request, Logs), BadInput> {
    if args.follow && output == Output::Json {
        return Err(BadInput::flag("--output", "json", 0..4, "with --follow there is no end to put into a document"));
    }
    let tail = args.tail.as_deref().map(texts::lines).transpose()?;
    let around = Around::find(args.timeout.as_deref(), host, env)?;
    let request = around.request(&args.gateway, Purpose::Look, Makes::Nothing)?;
    Ok((request, Logs { tail, follow: args.follow }))
}

/// What every request of `list` has in common.
///
/// # Errors
/// The first text that cannot be used.
pub fn list(args: &ListArgs, host: Option<&str>, env: Variable<'_>) -> Result<Around, BadInput> {
    Around::find(args.timeout.as_deref(), host, env)
}

/// What holds for every gateway alike.
#[derive(Debug)]
pub struct Around {
    /// Where Docker is.
    pub address: Address,
    /// Where the state is kept.
    pub state: StateDir,
    older: OlderTool,
    credentials: Credentials,
    host: Option<String>,
    time_limit: Option<Duration>,
}

/// Whether what was asked for may make a gateway where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Makes {
    Gateways,
    Nothing,
}

impl Around {
    fn find(timeout: Option<&str>, host: Option<&str>, env: Variable<'_>) -> Result<Self, BadInput> {
        let time_limit = timeout.map(texts::duration).transpose()?;
        let found = Address::find(host, &env).and_then(|address| address.check().map(|()| address));
        let address = found.map_err(|bad| match host {
            Some(host) => BadInput::flag("--host", host, whole(host), bad.to_string()),
            None => BadInput::plain(format!("Docker's address cannot be used: {bad}")),
        })?;
        let state = StateDir::find(&env).map_err(|bad| BadInput::plain(bad.to_string()))?;
        Ok(Self {
            address,
            state,
            older: OlderTool::find(&env),
            credentials: Credentials::find(&env),
            host: host.map(str::to_owned),
            time_limit,
        })
    }

    /// The request that only looks at this gateway, of whichever kind it is.
    ///
    /// # Errors
    /// No preset can be resolved for it.
    pub fn look_at(&self, gateway: &GatewayName) -> Result<Request, BadInput> {
        let args = GatewayArgs { gateway: Some(gateway.to_string()), preset: None, spec: None, demo: false };
        self.request(&args, Purpose::Look, Makes::Nothing)
    }

    /// The request that names a gateway and asks for nothing in particular.
    fn request(&self, args: &GatewayArgs, purpose: Purpose, makes: Makes) -> Result<Request, BadInput> {
        let name = args.gateway.as_deref().unwrap_or(DEFAULT_NAMES[usize::from(args.demo)]);
        let gateway = gateway(name)?;
        let place = self.place(&gateway, makes)?;
        let candidates = candidates::of(args, &gateway, &place)?;
        Ok(self.request_for(gateway, args, candidates, purpose))
    }

    /// The request for a gateway of one of these kinds.
    fn request_for(
        &self,
        gateway: GatewayName,
        args: &GatewayArgs,
        candidates: Candidates,
        purpose: Purpose,
    ) -> Request {
        let Candidates { spec, alternatives, flag } = candidates;
        let warm_up_ms = alternatives.iter().map(|spec| spec.warm_up_ms).fold(spec.warm_up_ms, u64::max);
        let time_limit = self.time_limit.unwrap_or_else(|| 2 * Duration::from_millis(warm_up_ms) + TIME_BESIDE_WARM_UP);
        let typed =
            Typed { preset: args.preset.is_some() || args.demo, spec: args.spec.is_some(), image: false, port: false };
        let intent = Intent { alternatives, typed, wait_for_lock: false, ..Intent::of(gateway, spec, purpose) };
        let flags = flag.map(|(flag, value)| (flag, Some(value))).into_iter().collect();
        let again = Again { host: self.host.clone(), demo: args.demo, flags };
        let settings = Settings {
            address: self.address.clone(),
            state: self.state.clone(),
            older: self.older.clone(),
            credentials: self.credentials.clone(),
            time_limit,
        };
        Request { intent, settings, again }
    }

    /// Where this gateway finds what is not Docker's.
    fn place(&self, gateway: &GatewayName, makes: Makes) -> Result<Place, BadInput> {
        let not_unicode =
            || BadInput::plain("the path of the state directory is not UTF-8, which Docker needs it to be");
        let files = self.state.path().join("files").join(gateway.as_str());
        let docker_socket = match (&self.address, makes) {
            (Address::Unix { path }, _) => path.to_str().map(str::to_owned),
            (Address::Tcp { .. } | Address::Tls { .. }, Makes::Gateways) => None,
            // Nothing is made of it, so that the usual one may stand for the one that cannot be seen from here.
            (Address::Tcp { .. } | Address::Tls { .. }, Makes::Nothing) => Some(USUAL_SOCKET.to_owned()),
        };
        let certificates = self.older.read(gateway).client_identity;
        Ok(Place {
            files: files.to_str().ok_or_else(not_unicode)?.to_owned(),
            docker_socket,
            certificates: certificates.and_then(|folder| folder.to_str().map(str::to_owned)),
        })
    }
}
