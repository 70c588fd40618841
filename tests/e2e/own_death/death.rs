//! One case: a run that ends at one point of one request, then a run that nothing disturbs; and what must hold of both.

use std::collections::BTreeMap;

use bollard::models::ContainerStateStatusEnum as Status;

use crate::blow::{Blow, By, Executioner, Point};
use crate::support::{Run, Situation, World, is_mutating};

/// A case.
#[derive(Clone, Debug)]
pub struct Death {
    /// What the run finds.
    pub situation: Situation,
    /// How it ends.
    pub blow: Blow,
}

/// What a run finds of the gateway's container.
struct Found {
    id: Option<String>,
    /// When it was started last, where it runs and needs a new start.
    needs_new_start: Option<String>,
    /// The container's restart policy.
    policy: Option<String>,
}

impl Death {
    /// Its name.
    pub fn name(&self) -> String {
        format!("{:?}: {}", self.situation, self.blow)
    }

    /// Carries it out, and tells whether the run came to its end there.
    ///
    /// # Panics
    /// Where anything does not hold.
    pub fn run(&self, world: &mut World) -> bool {
        world.arrange();
        let found = Found::of(world);
        let executioner = Executioner::start(world, Some(self.blow.clone()));
        let first = match self.blow.by {
            By::Kill => world.typed(&executioner.address()),
            By::Interrupt | By::Terminate => world.typed_in_words(&executioner.address()),
        };
        let first = first.spawn().end();
        let ended_here = executioner.has_struck() && first.code() != Some(self.situation.end().0);
        if ended_here {
            self.assert_ended(&first, executioner.has_acted());
        } else {
            assert_eq!(first.code(), Some(self.situation.end().0), "{}\n{}", self.name(), first.dump());
        }

        let expected = self.next_outcomes(world, &found);
        let left = daemon_id(world);
        let second = world.typed_well();
        let dump = || format!("{}\n{}\nfirst:\n{}", self.name(), second.dump(), first.dump());
        let (exit, reason) = self.situation.next_end();
        let ended = (second.code(), second.text("reason"));
        assert_eq!(ended, (Some(exit), reason), "the second run\n{}", dump());
        assert!(expected.contains(&second.text("outcome")), "the second run: not {expected:?}\n{}", dump());
        // Of two in the course of a replacement either may be the one that is left.
        let left = left.filter(|_| self.situation != Situation::ToReplace);
        for id in [found.id.clone().filter(|_| self.situation.keeps_container()), left].into_iter().flatten() {
            assert_eq!(world.container(), id, "another container\n{}", dump());
        }
        if let Some(policy) = found.policy {
            assert_eq!(policy_of(world), Some(policy), "another restart policy\n{}", dump());
        }
        self.assert_nothing_left(world, &dump);
        self.assert_stays_well(world, &dump);
        ended_here
    }

    /// How a run ends that finds what the first has left: the rest is done, and called by what that is.
    fn next_outcomes(&self, world: &World, found: &Found) -> &'static [&'static str] {
        let (case, name) = (&world.case, world.case.name());
        match self.situation {
            Situation::Foreign | Situation::PortTaken => return &["refused"],
            Situation::ToStop => return &["stopped"],
            Situation::ToReplace => return after_a_replacement(world, found),
            Situation::ToBackUp if case.daemon().status(&name) != Status::RUNNING => return &["recovered"],
            Situation::ToBackUp => return &["reused"],
            Situation::Nothing
            | Situation::Unpacked
            | Situation::Healthy
            | Situation::Stopped
            | Situation::Paused
            | Situation::Removed
            | Situation::Disconnected
            | Situation::NetworkGone
            | Situation::Hung
            | Situation::ToStart
            | Situation::ToAccept => {}
        }
        if daemon_id(world).is_none() {
            return if case.daemon().has_volume(&name) { &["adopted"] } else { &["created"] };
        }
        if case.daemon().status(&name) != Status::RUNNING {
            return &["recovered"];
        }
        let still_ill = found.needs_new_start.as_ref().is_some_and(|since| *since == case.daemon().started_at(&name));
        if still_ill { &["repaired"] } else { &["reused"] }
    }

    /// The first run has ended as it was made to.
    fn assert_ended(&self, first: &Run, acted: bool) {
        let told = || format!("{}\n{}", self.name(), first.dump());
        let (code, word) = match self.blow.by {
            By::Kill => return assert_eq!(first.code(), None, "{}", told()),
            By::Interrupt => (130, "interrupted"),
            By::Terminate => (143, "terminated"),
        };
        assert_eq!(first.code(), Some(code), "{}", told());
        assert!(first.stdout.contains(&format!("The run was {word}")), "{}", told());
        assert!(!acted || !first.stdout.contains("Untouched"), "it has changed something\n{}", told());
        let last = first.stdout.trim_end().lines().last().unwrap_or_default();
        assert!(last.starts_with("Your data: ") && last.contains("Docker"), "where is the data?\n{}", told());
    }

    /// No object and no file is left over, and the lock is free.
    fn assert_nothing_left(&self, world: &World, told: &dyn Fn() -> String) {
        world.assert_nothing_else(told);
        let lock = world.case.home().join(format!("locks/{}.lock", world.case.gateway()));
        assert_eq!(std::fs::read_to_string(lock).unwrap(), "", "a note of a run that is over\n{}", told());
    }

    /// A further run finds a ready gateway and nothing to do, and the work is there.
    fn assert_stays_well(&self, world: &mut World, told: &dyn Fn() -> String) {
        world.clear();
        let third = world.case.onboard().args(&["--no-wait"]).run();
        let dump = || format!("the third run\n{}\n{}", third.dump(), told());
        assert_eq!((third.code(), third.text("reason")), (Some(0), "ready"), "{}", dump());
        assert!(!self.situation.ends_ready() || third.json["changed"] == false, "there was nothing to do\n{}", dump());
        let work = world.work.clone().unwrap_or_else(|| world.case.put_work());
        world.case.assert_kept(&work);
        world.assert_nothing_else(&dump);
    }
}

impl Found {
    fn of(world: &World) -> Self {
        let name = world.case.name();
        let started_at = || world.case.daemon().started_at(&name);
        Self {
            id: daemon_id(world),
            needs_new_start: world.situation.needs_new_start().then(started_at),
            policy: daemon_id(world).and_then(|_| policy_of(world)),
        }
    }
}

/// How a plain run ends that finds what a replacement has left.
fn after_a_replacement(world: &World, found: &Found) -> &'static [&'static str] {
    let (daemon, name) = (world.case.daemon(), world.case.name());
    let own = daemon_id(world);
    let is_new = own.is_some() && own != found.id;
    let recorded = std::fs::read_to_string(world.case.record()).unwrap();
    if daemon.containers(&name) == [name.clone()] {
        // Nothing is half done. What may be left is the policy of the one that is left.
        return if daemon.runs(&name) { &["reused"] } else { &["recovered"] };
    }
    match own {
        // What is left is the old one's removal.
        Some(own) if is_new && recorded.contains(&own) => &["upgraded"],
        // Whether it is ready by then is not for us to say.
        Some(_) if is_new && daemon.runs(&name) => &["upgraded", "recovered"],
        Some(_) | None => &["recovered"],
    }
}

/// The restart policy of the container that bears the gateway's name.
fn policy_of(world: &World) -> Option<String> {
    let host = world.case.daemon().inspect(&world.case.name()).host_config?;
    Some(host.restart_policy?.name?.to_string())
}

/// The container that bears the gateway's name, if there is one.
fn daemon_id(world: &World) -> Option<String> {
    let name = world.case.name();
    world.case.daemon().containers(&name).contains(&name).then(|| world.container())
}

/// All deaths by SIGKILL in a situation: at each point of each request that an undisturbed run makes. A request that can
/// change nothing is cut after its answer; before it is after the one before.
pub fn deaths(world: &mut World) -> Vec<Death> {
    let situation = world.situation;
    let points = |shape: &str| match is_mutating(shape) {
        true => vec![Point::Before, Point::Done, Point::Answered],
        false => vec![Point::Answered],
    };
    let requests = undisturbed(world).into_iter();
    let requests = requests.flat_map(|(shape, times)| (1..=times).map(move |nth| (shape.clone(), nth)));
    let blows = requests.flat_map(|(shape, nth)| {
        points(&shape).into_iter().map(move |point| Blow { shape: shape.clone(), nth, point, by: By::Kill })
    });
    blows.map(|blow| Death { situation, blow }).collect()
}

/// The requests of a run that nothing disturbs, and how often each came.
fn undisturbed(world: &mut World) -> BTreeMap<String, usize> {
    let executioner = Executioner::start(world, None);
    world.undisturbed(&executioner.address());
    executioner.requests()
}
