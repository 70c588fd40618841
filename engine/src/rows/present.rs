//! The rows about a gateway whose container exists: start it, wait for it, restart it once, or leave it alone. None
//! of them removes anything.

use crate::act::Act;
use crate::case::{Case, Waits};
use crate::command::{Command, Probe};
use crate::container::{ContainerSeen, Status};
use crate::decide::Judged;
use crate::drift::differences;
use crate::event::WaitEnd;
use crate::known::{Known, Why};
use crate::labels;
use crate::observation::{Disk, PortHolder, Readiness};
use crate::own_files::bound_by;
use crate::plan::{Note, Plan, Verdict};
use crate::reason::Reason;
use crate::refusal::{Refusal, Trouble};
use crate::rows::carried::HOME;
use crate::rows::ownership::may_write_to;
use crate::rows::says::{keep, perform, refuse};
use crate::spec::{GatewaySpec, PortSpec};

/// Nothing is made or started on a port that somebody else holds. A paused container still has its port.
pub fn port_held(case: &Case<'_>) -> Judged {
    let holds_no_port = match case.own_status()? {
        None => true,
        Some((_, status)) => match status {
            Status::Created | Status::Exited | Status::Dead => true,
            Status::Running | Status::Paused | Status::Restarting => false,
        },
    };
    if !holds_no_port {
        return Ok(None);
    }
    held_port(case)
}

/// Whoever holds the gateway's port, or that of its health endpoint where it publishes one.
fn held_port(case: &Case<'_>) -> Judged {
    let own = case.own()?;
    let port = own.map_or_else(|| case.wanted.port.clone(), |own| case.port_of(own));
    let health = port.health_on_host().filter(|host| {
        let takes = |own: &ContainerSeen| own.ports.iter().any(|binding| binding.host == Some(*host));
        own.is_none_or(takes)
    });
    let mut holders = vec![(port.clone(), &case.seen.host.port)];
    if let Some(host) = health {
        let Some(holder) = &case.seen.host.health_port else {
            let what = "nothing is said of the health endpoint's port".to_owned();
            return Err(Waits::Unknown(Why::Malformed { call: "the look".to_owned(), what }));
        };
        holders.push((PortSpec { host, ..port }, holder));
    }
    for (port, holder) in holders {
        match holder.get()? {
            PortHolder::Free | PortHolder::Gateway | PortHolder::NotVisible => {}
            holder @ (PortHolder::Container { .. } | PortHolder::Process { .. }) => {
                return refuse(Refusal::PortHeld { port, holder: holder.clone(), container_has_it: own.is_some() });
            }
        }
    }
    Ok(None)
}

/// It exists and does not run: give it back the network that it would lack, then start it.
pub fn stopped(case: &Case<'_>) -> Judged {
    let Some((own, status)) = case.stopped()? else { return Ok(None) };
    if case.tried.gave_up(&START_ACTS).is_some() || was_started(case, status) {
        return Ok(None);
    }
    if status == Status::Paused {
        return perform(Act::Unpause, Command::UnpauseContainer { container: own.id.clone() });
    }
    if let Some(lacking) = case.missing_network(own) {
        let networks = case.seen.host.networks.get()?;
        return match networks.iter().find(|network| network.name == lacking.network) {
            None => {
                let labels = labels::labels(&case.intent.gateway, &case.wanted, &own.hostname);
                perform(Act::MakeNetwork, Command::CreateNetwork { name: lacking.network, labels })
            }
            Some(network) => perform(
                Act::Connect,
                Command::ConnectNetwork {
                    container: own.id.clone(),
                    network: network.id.clone(),
                    aliases: lacking.aliases,
                    ipv4: lacking.ipv4,
                },
            ),
        };
    }
    perform(Act::Start, Command::StartContainer { container: own.id.clone(), files: bound_by(own, &case.wanted) })
}

/// The acts that lead from a container that does not run to one that does.
const START_ACTS: [Act; 4] = [Act::MakeNetwork, Act::Connect, Act::Start, Act::Unpause];

/// Whether this run has started the container already, so that it ended since, or was paused again.
fn was_started(case: &Case<'_>, status: Status) -> bool {
    match status {
        Status::Paused => case.tried.has(Act::Unpause),
        Status::Created | Status::Exited | Status::Dead => case.tried.has(Act::Start) || case.tried.has(Act::Restart),
        Status::Running | Status::Restarting => false,
    }
}

/// It cannot be started, or it was and does not run.
pub fn not_recovered(case: &Case<'_>) -> Judged {
    let Some((own, status)) = case.stopped()? else { return Ok(None) };
    let trouble = match case.tried.gave_up(&START_ACTS) {
        Some(failed) => Trouble::Act { what: failed.what.clone(), failure: failed.failure.clone() },
        None if status == Status::Paused => Trouble::PausedAgain,
        None => Trouble::Ended,
    };
    give_up_on(own, trouble)
}

/// It runs, and its network or published port is gone, as after a restart of a daemon with live-restore: stop it, so
/// that the rows above give them back.
pub fn disconnected(case: &Case<'_>) -> Judged {
    let Some((own, Status::Running)) = case.running()? else { return Ok(None) };
    // What answers on a port that is not published, and that somebody else holds, is not the gateway.
    if own.lacks_ports()
        && case.seen.host.port.known().is_some()
        && let Some(held) = held_port(case)?
    {
        return Ok(Some(held));
    }
    let cut_off = case.missing_network(own).is_some();
    let reachable = match &case.seen.host.readiness {
        Known::Known(Readiness::Ready { .. }) | Known::Unknown(_) => true,
        Known::Known(Readiness::NotReady { .. } | Readiness::Unreachable) => false,
    };
    if reachable || own.auto_remove || !(cut_off || own.lacks_ports()) {
        return Ok(None);
    }
    if let Some(held) = held_port(case)? {
        return Ok(Some(held));
    }
    if let Some(failed) = case.tried.gave_up(&[Act::StopToRepair]) {
        let trouble = Trouble::Act { what: failed.what.clone(), failure: failed.failure.clone() };
        return give_up_on(own, trouble);
    }
    if case.tried.has(Act::StopToRepair) {
        return give_up_on(own, Trouble::Disconnected { repaired: true });
    }
    if cut_off {
        // Stopped without knowing which networks there are, it could not be given one back.
        case.seen.host.networks.get()?;
    }
    let step = Command::StopContainer { container: own.id.clone(), grace_s: case.wanted.stop_grace_s };
    perform(Act::StopToRepair, step)
}

/// It runs and is not ready: wait out the warm-up, then restart it once, then leave it.
pub fn not_ready(case: &Case<'_>) -> Judged {
    let Some((own, status)) = case.running()? else { return Ok(None) };
    match &case.seen.host.readiness {
        Known::Known(Readiness::NotReady { .. } | Readiness::Unreachable) => {}
        Known::Known(Readiness::Ready { .. }) | Known::Unknown(_) if status == Status::Restarting => {}
        Known::Known(Readiness::Ready { .. }) | Known::Unknown(_) => return Ok(None),
    }
    // A wait that ended in readiness says nothing of how long it may take to be ready again.
    let Some(waited) = case.tried.waited.filter(|end| *end != WaitEnd::Ready) else {
        let step =
            Command::AwaitReady { container: own.id.clone(), probe: case.probe(own), limit_ms: case.wanted.warm_up_ms };
        return perform(Act::Await, step);
    };
    if waited == WaitEnd::OutOfTime {
        return give_up_on(own, Trouble::OutOfTime);
    }
    if waited == WaitEnd::Ended || status == Status::Restarting {
        return give_up_on(own, Trouble::CrashLoop);
    }
    if *case.seen.host.disk.get()? == Disk::Full {
        return give_up_on(own, Trouble::DiskFull);
    }
    if own.auto_remove {
        return give_up_on(own, Trouble::AutoRemoved);
    }
    if let Some(failed) = case.tried.gave_up(&[Act::Restart]) {
        let trouble = Trouble::Act { what: failed.what.clone(), failure: failed.failure.clone() };
        return give_up_on(own, trouble);
    }
    let restarted = case.tried.has(Act::Restart);
    if restarted || case.tried.has(Act::Start) || case.tried.has(Act::Unpause) {
        return give_up_on(own, Trouble::NotReady { restarted });
    }
    let step = Command::RestartContainer { container: own.id.clone(), grace_s: case.wanted.stop_grace_s };
    perform(Act::Restart, step)
}

/// It runs, and its health cannot be asked: that is no reason to touch it.
pub fn readiness_unknown(case: &Case<'_>) -> Judged {
    let Some((own, _)) = case.running()? else { return Ok(None) };
    match &case.seen.host.readiness {
        Known::Known(_) => Ok(None),
        Known::Unknown(why @ Why::NotVisible { .. }) => {
            refuse(Refusal::ReadinessUnknown { container: own.name.clone(), why: why.clone() })
        }
        Known::Unknown(why) => Err(why.into()),
    }
}

/// It is ready, and there is something to tell.
pub fn ready_with_notes(case: &Case<'_>) -> Judged {
    let Some((own, _)) = case.running()? else { return Ok(None) };
    let mut notes = Vec::new();
    let mut reason = Reason::Ready;
    // Without a record nobody's wish is known that the container could differ from.
    if case.past().is_some() {
        let image = case.seen.host.image.known().and_then(Option::as_ref);
        let differences = differences(own, &case.wanted, image);
        if !differences.is_empty() {
            reason = Reason::Drifted;
            notes.push(Note::Drifted { differences });
        }
        let default = &case.intent.spec.image;
        if !case.intent.typed.image && case.wanted.image != *default {
            notes.push(Note::NewerDefault { has: case.wanted.image.clone(), default: default.clone() });
        }
    }
    if let Some(manager) = labels::manager_of(&own.labels) {
        reason = Reason::Managed;
        notes.push(Note::Managed { manager: manager.name.to_owned() });
    }
    if own.auto_remove {
        reason = Reason::AutoRemoved;
        notes.push(Note::AutoRemoved);
    }
    if loses_home(own, &case.intent.spec) {
        notes.push(Note::HomeNotKept);
    }
    if let Probe::Accepts { .. } = case.probe(own) {
        notes.push(Note::HealthNotPublished);
    }
    for (stranger, volume) in case.strangers()? {
        // Whether an unsettled stranger writes cannot be said: it is named all the same.
        if may_write_to(stranger, &volume).unwrap_or(true) {
            notes.push(Note::SecondWriter { container: stranger.name.clone(), volume });
        }
    }
    Ok((!notes.is_empty()).then_some(Plan::Keep { verdict: Verdict { reason, notes } }))
}

/// Whether the preset keeps the gateway's home folder on a volume, and this container does not.
fn loses_home(own: &ContainerSeen, preset: &GatewaySpec) -> bool {
    let lies_in = |path: &str, folder: &str| {
        path.strip_prefix(folder).is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'/', ..]))
    };
    let kept_by_preset = |home: &String| preset.volumes().any(|(_, path)| lies_in(home, path));
    let kept_by_own = |home: &String| own.mounts.iter().any(|mount| lies_in(home, &mount.path));
    preset.env.0.get(HOME).is_some_and(kept_by_preset) && !own.env.0.get(HOME).is_some_and(kept_by_own)
}

/// It is ready: nothing at all is done.
pub fn ready(case: &Case<'_>) -> Judged {
    match case.running()? {
        Some(_) => keep(Reason::Ready),
        None => Ok(None),
    }
}

/// The gateway does not become ready: it is kept as it is. Its last log lines are read when that is said.
fn give_up_on(own: &ContainerSeen, trouble: Trouble) -> Judged {
    refuse(Refusal::NotRecovered { container: own.name.clone(), trouble, exit: own.exit.clone(), log: Vec::new() })
}
