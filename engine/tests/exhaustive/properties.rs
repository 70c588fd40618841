//! What holds of every decision, each as one sentence with its test. They look at the world and at what is to be done,
//! and share no code with the table.

use engine::{
    Absence, Act, Command, ContainerId, ContainerSeen, Decision, Discard, EndReplacement, Grounds, Known, Note, Plan,
    Purpose, RecordSeen, Remains, Row, Status, VolumeName,
};

use crate::parts::is_the_gateways;
use crate::product::rank;
use crate::questions::{
    belongs_to_another, is_next, is_part_of_it, is_replaced, mounted, others, own, recorded_is_found,
    recorded_is_missing, same_daemon, says_ready, status, uses,
};
use crate::support::{NAME, World, gateway};

/// One property.
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// Whether it holds of what is decided about a world.
    pub holds: fn(&World, &Decision) -> bool,
}

/// All of them.
pub const PROPERTIES: [Property; 11] = [
    Property { name: "unknown is inert", holds: unknown_is_inert },
    Property { name: "one writer", holds: one_writer },
    Property { name: "a container that is there is never missing", holds: there_is_not_missing },
    Property { name: "a reset needs consent, no container, and its own volumes", holds: reset_is_earned },
    Property { name: "only what is the gateway's is changed", holds: no_strangers_harmed },
    Property { name: "no volume is made that is there, none used that is not", holds: volumes_are_looked_up },
    Property { name: "ready, or stopped, is only said of what was seen so", holds: honest_ends },
    Property { name: "a stop only stops, a start only starts", holds: no_more_than_asked },
    Property { name: "what is gone once it is stopped is not stopped", holds: nothing_is_stopped_away },
    Property { name: "exit 4 is only said where nothing was changed", holds: unknown_changed_nothing },
    Property { name: "a run stays at the daemon that it began with", holds: one_daemon },
];

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Containers,
    OwnStatus,
    OtherStatus,
    Record,
    Identity,
    Remains,
    Volumes,
    Image,
    Networks,
    Port,
    Readiness,
    Disk,
    Layer,
}

/// What bears on each kind of plan: unknown, it must not be made. A container found under its recorded ID stands for
/// the identity of its daemon in all but removals.
fn bears_on(plan: &Plan) -> &'static [Part] {
    use Part::*;
    match plan {
        Plan::Look(_) | Plan::Keep { .. } | Plan::Refuse { .. } => &[],
        Plan::Perform { act, .. } => match act {
            Act::Await => &[Containers, OwnStatus, Record],
            Act::ProvideImage => &[Containers, Record, OtherStatus, Image],
            Act::MakeNetwork => &[Containers, OwnStatus, OtherStatus, Record, Volumes, Port, Networks],
            Act::MakeVolume => &[Containers, OtherStatus, Record, Identity, Remains, Volumes, Port],
            Act::Create | Act::Adopt => {
                &[Containers, OtherStatus, Record, Identity, Remains, Volumes, Image, Networks, Port]
            }
            Act::Connect => &[Containers, OwnStatus, OtherStatus, Record, Volumes, Port, Networks],
            Act::Start => &[Containers, OwnStatus, OtherStatus, Record, Volumes, Port],
            Act::Unpause => &[Containers, OwnStatus, OtherStatus, Record, Volumes],
            Act::Stop => &[Containers, OwnStatus, Record],
            Act::StopToRepair => &[Containers, OwnStatus, OtherStatus, Record, Volumes, Readiness, Port, Networks],
            Act::Restart => &[Containers, OwnStatus, OtherStatus, Record, Volumes, Readiness, Disk],
            Act::ListBefore | Act::CreateNext => &[Containers, OwnStatus, OtherStatus, Record, Identity, Image, Layer],
            Act::Disarm | Act::StopOld | Act::Carry | Act::SetAside | Act::TakePlace | Act::PutBack | Act::Arm => {
                &[Containers, OwnStatus, OtherStatus, Record, Identity]
            }
            Act::RemoveOld | Act::StopNext | Act::StepBack | Act::RemoveNext | Act::RemoveHelper => {
                &[Containers, OwnStatus, OtherStatus, Record, Identity]
            }
            Act::ProvideEmptyImage | Act::MakeHelper | Act::BackUp | Act::StopToBackUp => {
                &[Containers, OwnStatus, OtherStatus, Record, Identity]
            }
            Act::RemoveVolume => &[Containers, Record, Identity, Remains, Volumes, Port],
            Act::VerifyBackup => &[Containers, Record, Identity],
            Act::MakeRestored | Act::Restore | Act::RemoveUnfinished => &[Containers, Record, Identity, Volumes],
            Act::Record => &[Containers, Record, Identity],
            Act::RemoveOwn => &[Containers, OwnStatus, OtherStatus, Record, Identity],
            Act::RemoveNetwork => &[Containers, Record, Identity, Networks],
            Act::SetRecordAside => &[Containers, Record, Identity, Remains, Volumes, Networks],
        },
        Plan::RollBack { .. } => &[Containers, OwnStatus, OtherStatus, Record, Identity, Readiness],
        Plan::Replace { .. } => &[Containers, OwnStatus, OtherStatus, Record, Identity, Image, Layer],
        Plan::EndReplacement { how: EndReplacement::RemovePrevious } => {
            &[Containers, OwnStatus, OtherStatus, Record, Identity]
        }
        Plan::EndReplacement { how: EndReplacement::Finish | EndReplacement::RollBack } => {
            &[Containers, OwnStatus, OtherStatus, Record, Identity, Readiness]
        }
        Plan::Reset { .. } => &[Containers, Record, Identity, Remains, Volumes, Port],
    }
}

fn unknown_is_inert(world: &World, decision: &Decision) -> bool {
    // Where nothing is to be ready in the end, nobody needs the port; and what is not in use is no container's.
    let is_needed = |part: &&Part| {
        (**part != Part::Port || world.intent.is_for_ready())
            && (**part != Part::Remains || !is_of_unused(&decision.plan))
    };
    bears_on(&decision.plan).iter().filter(is_needed).all(|part| !is_unknown(*part, world, decision))
}

/// Whether a plan removes a volume that is not the one in use.
fn is_of_unused(plan: &Plan) -> bool {
    matches!(plan, Plan::Perform { step: Command::RemoveVolume { absence }, .. } if absence.grounds() != Grounds::ContainerMissing)
}

fn is_unknown(part: Part, world: &World, decision: &Decision) -> bool {
    let host = &world.seen.host;
    match part {
        Part::Containers => host.containers.known().is_none(),
        Part::OwnStatus => own(world).is_some_and(|own| own.status.known().is_none()),
        Part::OtherStatus => others(world).iter().any(|other| other.status.known().is_none() && uses(world, other)),
        Part::Record => matches!(world.seen.record, RecordSeen::Unusable { .. }),
        Part::Identity => !matches!(host.daemon, Some(Known::Known(_))),
        Part::Remains => host.remains.is_none() && recorded_is_missing(world),
        Part::Volumes => host.volumes.known().is_none(),
        Part::Image => host.image.known().is_none(),
        // Whoever is stopped for another reason than a lost network gets none back.
        Part::Networks => {
            let stops = matches!(decision.plan, Plan::Perform { act: Act::StopToRepair, .. });
            let lacks = |own: &ContainerSeen| own.networks.is_empty() || own.networks.iter().any(|it| !it.exists);
            host.networks.known().is_none() && (!stops || own(world).is_some_and(lacks))
        }
        Part::Port => host.port.known().is_none() && !matches!(status(world), Some(Status::Paused)),
        // A next that does not run in the gateway's place is not ready, whoever answers.
        Part::Readiness => {
            let rolls_back = matches!(decision.plan, Plan::EndReplacement { .. } | Plan::RollBack { .. });
            let runs_in_place = own(world).is_some_and(is_next) && status(world) == Some(Status::Running);
            // One that nobody can ask from here is no gateway to keep on trust.
            let not_visible = matches!(host.readiness, Known::Unknown(engine::Why::NotVisible { .. }));
            host.readiness.known().is_none() && (!rolls_back || runs_in_place && !not_visible)
        }
        Part::Disk => host.disk.known().is_none(),
        Part::Layer => !world.intent.leave_behind && !matches!(host.layer, Some(Known::Known(_))),
    }
}

fn one_writer(world: &World, decision: &Decision) -> bool {
    let changes = match &decision.plan {
        Plan::Perform { act: Act::Await | Act::Stop | Act::VerifyBackup, .. } => false,
        plan if is_of_unused(plan) => false,
        // Neither makes a second writer of what is there.
        Plan::Perform {
            act:
                Act::StopOld
                | Act::StopNext
                | Act::StopToBackUp
                | Act::RemoveOld
                | Act::RemoveNext
                | Act::RemoveHelper
                | Act::Arm
                | Act::TakePlace
                | Act::PutBack
                | Act::MakeRestored
                | Act::Restore
                | Act::Record
                | Act::RemoveNetwork
                | Act::SetRecordAside,
            ..
        } => false,
        // Beside a next that is ready in the gateway's place nothing is started.
        Plan::EndReplacement { .. } | Plan::RollBack { .. } => {
            status(world) != Some(Status::Running) || !says_ready(world)
        }
        Plan::Look(_) | Plan::Keep { .. } | Plan::Refuse { .. } => false,
        Plan::Perform { .. } | Plan::Replace { .. } | Plan::Reset { .. } => true,
    };
    !changes || !others(world).iter().any(|other| other.may_write() == Ok(true) && uses(world, other))
}

fn there_is_not_missing(world: &World, decision: &Decision) -> bool {
    let as_missing = match &decision.plan {
        Plan::Perform { act: Act::MakeVolume, .. } if is_replaced(world) => false,
        plan if is_of_unused(plan) => false,
        Plan::Perform { act: Act::MakeVolume | Act::Create | Act::Adopt | Act::RemoveVolume, .. }
        | Plan::Reset { .. } => true,
        Plan::Perform { .. }
        | Plan::Look(_)
        | Plan::Keep { .. }
        | Plan::Refuse { .. }
        | Plan::RollBack { .. }
        | Plan::Replace { .. }
        | Plan::EndReplacement { .. } => false,
    };
    let hidden = world.seen.host.remains == Some(Remains::There) && same_daemon(world);
    !as_missing || (own(world).is_none() && !hidden)
}

fn reset_is_earned(world: &World, decision: &Decision) -> bool {
    let absences: Vec<_> = match &decision.plan {
        Plan::Reset { absences } => absences.iter().collect(),
        Plan::Perform { step: Command::RemoveVolume { absence }, .. } => vec![absence],
        Plan::Perform { .. }
        | Plan::Look(_)
        | Plan::Keep { .. }
        | Plan::Refuse { .. }
        | Plan::RollBack { .. }
        | Plan::Replace { .. }
        | Plan::EndReplacement { .. } => return true,
    };
    let host = &world.seen.host;
    let volumes = host.volumes.known();
    if is_of_unused(&decision.plan) {
        return same_daemon(world) && absences.iter().all(|absence| is_earned_by_no_use(world, absence));
    }
    let gives_up = match world.intent.purpose {
        Purpose::Destroy(Discard::Volumes) => world.intent.consent.is_some(),
        Purpose::Onboard | Purpose::Look => world.intent.reset.is_some(),
        Purpose::Start | Purpose::Stop | Purpose::BackUp | Purpose::Destroy(_) => false,
    };
    gives_up
        && same_daemon(world)
        && host.containers == Known::Known(Vec::new())
        && !absences.is_empty()
        && absences.iter().all(|absence| {
            let name = absence.volume();
            let there = volumes.is_some_and(|volumes| volumes.iter().any(|volume| volume.name == *name));
            there
                && is_the_gateways(world, name)
                && Some(&Known::Known(absence.daemon().clone())) == host.daemon.as_ref()
        })
}

/// One that a restore has set aside goes with its owner's consent, one that a restore has left unfinished before another
/// restore; neither while anybody has it.
fn is_earned_by_no_use(world: &World, absence: &Absence) -> bool {
    let name = absence.volume();
    let Some(record) = world.seen.record.record() else { return false };
    let containers = world.seen.host.containers.known();
    let unused = containers.is_some_and(|all| all.iter().all(|one| one.mount_of(name).is_none()));
    let in_use = record.volume_names().contains(name);
    let asked = match absence.grounds() {
        Grounds::ContainerMissing => false,
        Grounds::SetAside => {
            let wants = world.intent.purpose == Purpose::Destroy(Discard::SetAside) && world.intent.consent.is_some();
            wants && record.set_aside.contains(name)
        }
        Grounds::Unfinished => {
            let born = world.seen.host.volumes.known().and_then(|all| all.iter().find(|volume| volume.name == *name));
            let labelled = born.is_some_and(|born| born.labels.contains_key(engine::LABEL_RESTORED));
            world.intent.restore.is_some() && labelled && !record.set_aside.contains(name)
        }
    };
    unused && !in_use && asked
}

fn no_strangers_harmed(world: &World, decision: &Decision) -> bool {
    let Plan::Perform { step, .. } = &decision.plan else {
        return rank(decision) == 0 || own(world).is_none_or(|own| !belongs_to_another(own));
    };
    let its_own = |id: &ContainerId| own(world).is_some_and(|own| own.id == *id && !belongs_to_another(own));
    match step {
        Command::ConnectNetwork { container, .. }
        | Command::StartContainer { container, .. }
        | Command::UnpauseContainer { container }
        | Command::StopContainer { container, .. }
        | Command::RestartContainer { container, .. }
        | Command::RenameContainer { container, .. }
        | Command::SetRestartPolicy { container, .. }
        | Command::RemoveContainer { container }
        | Command::ListSandboxes { container, .. }
        | Command::AwaitReady { container, .. } => its_own(container) || is_part_of_it(world, container),
        Command::CreateNext(next) => its_own(&next.replaces),
        Command::CarryOver { from, to, .. } => its_own(from) && is_part_of_it(world, to),
        Command::CreateHelper(helper) => helper.volumes.iter().all(|mount| is_the_gateways(world, &mount.volume)),
        Command::BackUp(order) => order.volumes.iter().all(|mount| is_the_gateways(world, &mount.volume)),
        Command::RemoveVolume { absence } if is_of_unused(&decision.plan) => is_earned_by_no_use(world, absence),
        Command::RemoveVolume { absence } => is_the_gateways(world, absence.volume()),
        Command::Restore(order) => order.volumes.iter().all(|volume| is_the_gateways(world, &volume.into)),
        Command::RemoveNetwork { network } => {
            let all = world.seen.host.networks.known();
            all.into_iter().flatten().any(|one| one.id == *network && engine::gateway_of(&one.labels) == Some("prod"))
        }
        Command::VerifyBackup { .. } | Command::SetRecordAside { .. } => true,
        Command::WriteRecord { record, .. } => {
            matches!(decision.row, Row::Destroy | Row::SetAside) && record.gateway == gateway()
        }
        Command::CreateContainer(new) => {
            let chosen = |name: &VolumeName| world.intent.adopt.as_ref() == Some(name);
            mounted(new).all(|name| is_the_gateways(world, name) || chosen(name))
        }
        Command::ProvideImage { .. } | Command::CreateNetwork { .. } | Command::CreateVolume { .. } => true,
        Command::TakeLock { .. }
        | Command::ReadRecord { .. }
        | Command::FindNames { .. }
        | Command::Observe(_)
        | Command::BeginRollBack { .. }
        | Command::ReadLogs { .. }
        | Command::MeasureVolumes { .. } => false,
    }
}

fn volumes_are_looked_up(world: &World, decision: &Decision) -> bool {
    let Plan::Perform { step, .. } = &decision.plan else { return true };
    let volumes = world.seen.host.volumes.known();
    let there = |name: &VolumeName| volumes.is_some_and(|volumes| volumes.iter().any(|volume| volume.name == *name));
    if let Command::CreateVolume { name, .. } = step {
        return !there(name);
    }
    let Command::CreateContainer(new) = step else { return true };
    mounted(new).all(there)
}

fn honest_ends(world: &World, decision: &Decision) -> bool {
    let Plan::Keep { verdict } = &decision.plan else { return true };
    if world.intent.purpose == Purpose::Stop {
        return matches!(status(world), Some(Status::Created | Status::Exited | Status::Dead));
    }
    if world.intent.purpose == Purpose::BackUp {
        return world.tried.has(Act::BackUp);
    }
    if let Purpose::Destroy(what) = world.intent.purpose {
        let there = world.seen.host.volumes.known();
        let is_there = |name: &VolumeName| there.is_some_and(|all| all.iter().any(|volume| volume.name == *name));
        return match what {
            Discard::Container => own(world).is_none(),
            Discard::Volumes => own(world).is_none() && !is_there(&VolumeName::new(NAME)),
            Discard::SetAside => world.seen.record.record().is_none_or(|record| !record.set_aside.iter().any(is_there)),
        };
    }
    if verdict.notes == [Note::Unverified] {
        let known_before = world.seen.record.record().is_some_and(|record| record.was_ready);
        let unknown = world.seen.host.containers.known().is_none() || is_unknown(Part::OwnStatus, world, decision);
        return known_before && unknown && says_ready(world) && world.intent.reset.is_none();
    }
    status(world) == Some(Status::Running) && says_ready(world)
}

fn no_more_than_asked(world: &World, decision: &Decision) -> bool {
    let act = match &decision.plan {
        Plan::Perform { act, .. } => *act,
        Plan::Replace { .. } | Plan::Reset { .. } => {
            return matches!(world.intent.purpose, Purpose::Onboard | Purpose::Look);
        }
        // What was begun is ended first.
        Plan::RollBack { .. } => return world.intent.purpose == Purpose::Onboard,
        Plan::EndReplacement { .. } | Plan::Look(_) | Plan::Keep { .. } | Plan::Refuse { .. } => return true,
    };
    match world.intent.purpose {
        Purpose::Stop => matches!(act, Act::Unpause | Act::Stop | Act::RemoveHelper),
        Purpose::Start => {
            matches!(act, Act::MakeNetwork | Act::Connect | Act::Start | Act::Unpause | Act::Await | Act::RemoveHelper)
        }
        Purpose::BackUp => matches!(
            act,
            Act::MakeNetwork
                | Act::Connect
                | Act::Start
                | Act::Unpause
                | Act::Await
                | Act::ProvideEmptyImage
                | Act::MakeHelper
                | Act::StopToBackUp
                | Act::BackUp
                | Act::RemoveHelper
        ),
        Purpose::Destroy(Discard::SetAside) => matches!(act, Act::RemoveVolume | Act::Record),
        Purpose::Destroy(what) => {
            let with_volumes = matches!(act, Act::RemoveVolume | Act::SetRecordAside) && what == Discard::Volumes;
            let puts_back = matches!(act, Act::MakeNetwork | Act::Connect | Act::Start | Act::Unpause | Act::Await);
            with_volumes
                || puts_back
                || matches!(
                    act,
                    Act::Record
                        | Act::Stop
                        | Act::RemoveOwn
                        | Act::RemoveNetwork
                        | Act::ProvideEmptyImage
                        | Act::MakeHelper
                        | Act::StopToBackUp
                        | Act::BackUp
                        | Act::RemoveHelper
                )
        }
        Purpose::Onboard | Purpose::Look => {
            !matches!(act, Act::Stop | Act::RemoveOwn | Act::RemoveNetwork | Act::SetRecordAside | Act::Record)
        }
    }
}

fn nothing_is_stopped_away(world: &World, decision: &Decision) -> bool {
    let stops = match &decision.plan {
        Plan::Perform {
            act: Act::Stop | Act::StopToRepair | Act::Restart | Act::CreateNext | Act::StopToBackUp,
            ..
        }
        | Plan::Replace { .. } => true,
        Plan::Perform { .. }
        | Plan::Look(_)
        | Plan::Keep { .. }
        | Plan::Refuse { .. }
        | Plan::RollBack { .. }
        | Plan::EndReplacement { .. }
        | Plan::Reset { .. } => false,
    };
    !stops || own(world).is_none_or(|own| !own.auto_remove)
}

fn unknown_changed_nothing(world: &World, decision: &Decision) -> bool {
    let exit = decision.plan.refusal().map(|refusal| refusal.reason().exit());
    let changes = |act: &Act| !matches!(act, Act::Await | Act::ListBefore);
    exit != Some(4) || !world.tried.done.union(&world.tried.unsure).any(changes)
}

fn one_daemon(world: &World, decision: &Decision) -> bool {
    let stays = match (&world.tried.daemon, &world.seen.host.daemon) {
        (Some(first), Some(Known::Known(found))) => first.is_same_as(found),
        (Some(_), Some(Known::Unknown(_)) | None) | (None, _) => true,
    };
    stays || rank(decision) == 0 || recorded_is_found(world)
}
