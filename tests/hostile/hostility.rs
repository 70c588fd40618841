//! One case: a run against a server with one trap, then a run against the daemon itself; and what must hold of both.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::fault::{Break, Fault, Says};
use crate::server::{Moment, Server, Trap, is_mutating};
use crate::situation::{Situation, World};
use crate::support::Run;

/// The run's own time limit.
const TIMEOUT: &str = "8s";

/// When it must have ended: the limit, what it may ask afterwards, and what a busy machine takes.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

/// The same with a stop on the way, whose grace and margin are Docker's.
const ENDS_WITHIN_AFTER_STOP: Duration = Duration::from_secs(60);

/// How much memory a run may take at its peak, in KiB.
const PEAK_MAX_KIB: u64 = 200 * 1024;

/// A case.
#[derive(Clone, Debug)]
pub struct Hostility {
    /// What the run finds.
    pub situation: Situation,
    /// What it meets.
    pub trap: Trap,
}

/// What became of a case.
#[derive(Clone, Copy, Debug)]
pub struct Became {
    /// Whether the run came to the request.
    pub sprung: bool,
    /// The run's memory at its peak, in KiB.
    pub peak_kib: u64,
}

impl Hostility {
    /// Its name.
    pub fn name(&self) -> String {
        let Trap { shape, nth, lasting, fault } = &self.trap;
        let often = if *lasting { "lasting" } else { "once" };
        format!("{:?}: {shape} #{nth}: {fault} {often}", self.situation)
    }

    /// Carries it out.
    ///
    /// # Panics
    /// Where anything does not hold.
    pub fn run(&self, world: &mut World) -> Became {
        world.arrange();
        let container = self.situation.keeps_container().then(|| world.container());
        let server = world.server(Some(self.trap.clone()));
        let (run, peak_kib) = self.watched(world, &server);
        self.assert_honest(&run, &server.moments());
        let told = || format!("{}\n{}", told(&server.moments()), run.dump());
        assert!(self.may_end(&run), "this is no end for it\n{}", told());
        assert!(peak_kib <= PEAK_MAX_KIB, "it took {peak_kib} KiB\n{}", told());

        let next = world.onboard_well();
        let dump = || format!("{}\n{}\nfirst:\n{}", self.name(), next.dump(), told());
        let (exit, _, reason) = self.situation.end();
        let ended = (next.code(), next.text("reason"));
        assert_eq!(ended, (Some(exit), reason), "the next run\n{}", dump());
        assert!(self.situation.next_outcomes().contains(&next.text("outcome")), "the next run\n{}", dump());
        server.settle(world.case.suite().runtime());
        if let Some(container) = container {
            assert_eq!(world.container(), container, "another container\n{}", dump());
        }
        assert_nothing_else(world, &dump);

        world.clear();
        if self.situation.has_obstacle() || self.trap.fault == Fault::Breaks(Break::LosesAnswerLate) {
            let last = world.onboard_well();
            assert_eq!((last.code(), last.text("reason")), (Some(0), "ready"), "{}\n{}", last.dump(), dump());
            assert_nothing_else(world, &dump);
        }
        if let Some(work) = &world.work {
            world.case.assert_kept(work);
        }
        Became { sprung: server.has_sprung(), peak_kib }
    }

    /// Runs it to its end, and tells its memory at its peak.
    fn watched(&self, world: &World, server: &Server) -> (Run, u64) {
        let began = Instant::now();
        let running = world.onboard(&server.address()).args(&["--timeout", TIMEOUT]).spawn();
        let mut peak_kib = 0;
        while let Some(kib) = peak_of(running.pid()) {
            peak_kib = kib.max(peak_kib);
            let stops = server.requests().keys().any(|shape| shape.ends_with("/stop") || shape.ends_with("/restart"));
            let limit = if stops { ENDS_WITHIN_AFTER_STOP } else { ENDS_WITHIN };
            assert!(began.elapsed() < limit, "it does not end\n{}\n{}", self.name(), told(&server.moments()));
            std::thread::sleep(Duration::from_millis(10));
        }
        (running.end(), peak_kib)
    }

    /// Whether the run may end like this.
    fn may_end(&self, run: &Run) -> bool {
        let end = (run.code().unwrap_or(-1), run.text("outcome"), run.text("reason"));
        let says = self.trap.fault.says(&self.trap.shape);
        // Before a container is connected to a network, that is asked for: a part of the act.
        let acts = is_mutating(&self.trap.shape) || self.trap.shape == "GET /networks/{id}";
        if end == self.situation.end() {
            return true;
        }
        match end {
            (4, "refused", "docker-unknown") => says != Says::Truth,
            // A gateway that was ready before answers for itself.
            (0, outcome, "unverified") => {
                matches!(says, Says::Nothing | Says::No)
                    && self.situation != Situation::Nothing
                    && self.situation.next_outcomes().contains(&outcome)
            }
            (5, "refused", "not-created") => acts,
            (5, "refused", "not-recovered") => acts,
            (3, "refused", "image-unavailable") => self.trap.shape.starts_with("GET /images/"),
            (3, "refused", "other-daemon") => says == Says::Truth,
            _ => false,
        }
    }

    /// What is said fits what was asked of Docker.
    fn assert_honest(&self, run: &Run, moments: &[Moment]) {
        let told = || format!("{}\n{}\n{}", self.name(), told(moments), run.dump());
        assert_eq!(run.json["schema"], 1, "no document\n{}", told());
        assert!(run.code() != Some(1) && !run.stderr.contains("this is a bug"), "a bug\n{}", told());
        assert_inert(moments, &told);
        let acted = moments.iter().any(|moment| match moment {
            Moment::Answered { shape, says } => is_mutating(shape) && *says != Says::No,
            Moment::Asked { .. } => false,
        });
        assert!(run.json["changed"] != false || !acted, "it says that it changed nothing\n{}", told());
    }
}

/// After an unknown answer nothing is changed until a known one; after one about containers, until the same question is
/// answered.
fn assert_inert(moments: &[Moment], told: &dyn Fn() -> String) {
    let mut unknown = BTreeSet::new();
    let mut nothing_known_since = false;
    for moment in moments {
        match moment {
            Moment::Asked { shape } if is_mutating(shape) => {
                let about_containers: Vec<_> =
                    unknown.iter().filter(|shape: &&&str| shape.starts_with("GET /containers/")).collect();
                let inert = about_containers.is_empty() && !nothing_known_since;
                assert!(inert, "`{shape}` in spite of {about_containers:?}\n{}", told());
            }
            Moment::Asked { .. } => {}
            Moment::Answered { shape, says: Says::Nothing } => {
                unknown.insert(shape.as_str());
                nothing_known_since = true;
            }
            Moment::Answered { shape, says: Says::No | Says::Done | Says::Truth } => {
                unknown.remove(shape.as_str());
                nothing_known_since = false;
            }
        }
    }
}

/// Nothing is left but what a gateway is made of.
fn assert_nothing_else(world: &World, told: &dyn Fn() -> String) {
    let (case, daemon) = (&world.case, world.case.daemon());
    let token = case.other_name("");
    let there = [daemon.containers(&token), daemon.volumes(&token), daemon.networks(&token)];
    let name = vec![case.name()];
    assert_eq!(there, [name.clone(), name.clone(), name], "leftovers\n{}", told());
    let files: Vec<_> = case.files().into_keys().filter(|path| !path.starts_with("traces")).collect();
    let record = format!("gateways/{}.json", case.gateway());
    assert_eq!(files, [std::path::PathBuf::from(record)], "leftovers\n{}", told());
}

/// The most memory that a process had so far, in KiB; none once it has ended.
fn peak_of(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// What the server saw, for a person.
fn told(moments: &[Moment]) -> String {
    let line = |moment: &Moment| match moment {
        Moment::Asked { shape } => format!("  → {shape}"),
        Moment::Answered { shape, says } => format!("  ← {shape}: {says:?}"),
    };
    moments.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The requests of a run that nothing disturbs, and how often each came.
pub fn undisturbed(world: &mut World) -> BTreeMap<String, usize> {
    world.arrange();
    let server = world.server(None);
    let run = world.onboard(&server.address()).run();
    let (exit, outcome, reason) = world.situation.end();
    run.ended(exit, outcome, reason);
    world.clear();
    if world.situation.has_obstacle() {
        assert_eq!(world.onboard_well().code(), Some(0));
    }
    server.requests()
}
