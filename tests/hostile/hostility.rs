//! One case: a run against a server with one trap, then a run against the daemon itself; and what must hold of both.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::fault::{Break, Fault, Says};
use crate::server::{Moment, Server, Trap};
use crate::situations::time_limit_s;
use crate::support::{Run, Situation, World, is_mutating};

/// How much longer than its own time limit a run may take: for what it may ask afterwards, and on a busy machine.
const ENDS_LATER_BY: Duration = Duration::from_secs(12);

/// How much longer with a stop on the way, whose grace and margin are Docker's.
const STOPS_FOR: Duration = Duration::from_secs(40);

/// How much longer where an image is imported, which is waited for until nothing has moved for a minute.
const IMPORTS_FOR: Duration = Duration::from_secs(70);

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
        let server = Server::start(world, Some(self.trap.clone()));
        let (run, peak_kib) = self.watched(world, &server);
        self.assert_honest(&run, &server.moments());
        let told = || format!("{}\n{}", told(&server.moments()), run.dump());
        assert!(self.may_end(&run), "this is no end for it\n{}", told());
        assert!(peak_kib <= PEAK_MAX_KIB, "it took {peak_kib} KiB\n{}", told());

        let next = world.typed_well();
        let dump = || format!("{}\n{}\nfirst:\n{}", self.name(), next.dump(), told());
        let (exit, _, reason) = self.situation.end();
        let ended = (next.code(), next.text("reason"));
        assert_eq!(ended, (Some(exit), reason), "the next run\n{}", dump());
        assert!(self.situation.next_outcomes().contains(&next.text("outcome")), "the next run\n{}", dump());
        server.settle(world.case.suite().runtime());
        if let Some(container) = container {
            assert_eq!(world.container(), container, "another container\n{}", dump());
        }
        world.assert_nothing_else(&dump);

        world.clear();
        if !self.situation.ends_ready() || self.trap.fault == Fault::Breaks(Break::LosesAnswerLate) {
            let last = world.case.onboard().run();
            assert_eq!((last.code(), last.text("reason")), (Some(0), "ready"), "{}\n{}", last.dump(), dump());
            world.assert_nothing_else(&dump);
        }
        if let Some(work) = &world.work {
            world.case.assert_kept(work);
        }
        Became { sprung: server.has_sprung(), peak_kib }
    }

    /// Runs it to its end, and tells its memory at its peak.
    fn watched(&self, world: &World, server: &Server) -> (Run, u64) {
        let began = Instant::now();
        let limit_s = time_limit_s(self.situation);
        let running = world.typed(&server.address()).args(&["--timeout", &format!("{limit_s}s")]).spawn();
        let mut peak_kib = 0;
        while let Some(kib) = peak_of(running.pid()) {
            peak_kib = kib.max(peak_kib);
            let asked =
                |ends: &[&str]| server.requests().keys().any(|shape| ends.iter().any(|end| shape.ends_with(end)));
            let mut limit = Duration::from_secs(limit_s) + ENDS_LATER_BY;
            if asked(&["/stop", "/restart"]) {
                limit += STOPS_FOR;
            }
            if asked(&["/images/create"]) {
                limit += IMPORTS_FOR;
            }
            assert!(began.elapsed() < limit, "it does not end\n{}\n{}", self.name(), told(&server.moments()));
            std::thread::sleep(Duration::from_millis(10));
        }
        (running.end(), peak_kib)
    }

    /// Whether the run may end like this.
    fn may_end(&self, run: &Run) -> bool {
        let end = (run.code().unwrap_or(-1), run.text("outcome"), run.text("reason"));
        let Trap { shape, nth, fault, .. } = &self.trap;
        // Where the very first answer names the other daemon, it is the run's own; and once a new container is recorded,
        // which it is after the second answer, it proves its daemon.
        let may_go_on =
            self.situation == Situation::Nothing && *nth == 1 || self.situation == Situation::Removed && *nth > 2;
        if *fault == Fault::OtherEngine && !may_go_on {
            return end == (3, "refused", "other-daemon");
        }
        if end == self.situation.end() {
            return true;
        }
        let says = fault.says(shape);
        // Before a container is connected to a network, that is asked for: a part of the act.
        let acts = is_mutating(shape) || shape == "GET /networks/{id}";
        match end {
            (4 | 5, "refused", "docker-unknown" | "docker-lost") => {
                let forbids = *fault == Fault::Breaks(Break::Forbids);
                says != Says::Truth && (!forbids || run.text("advice").contains("usermod"))
            }
            // A gateway that was ready before answers for itself.
            (0, outcome, "unverified") => {
                matches!(says, Says::Nothing | Says::No)
                    && !self.situation.is_fresh()
                    && self.situation.next_outcomes().contains(&outcome)
            }
            // On a busy machine the rest of the time limit may not do.
            (5, "refused", "not-recovered") => acts || fault.takes_time(),
            (5, "refused", "not-created" | "not-stopped") => acts,
            (3, "refused", "image-unavailable") => shape.contains("/images/") || shape == "GET /version",
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
        let changed = match run.text("reason") {
            "docker-unknown" | "image-unfit" => Some(false),
            "docker-lost" => Some(true),
            _ => None,
        };
        assert!(changed.is_none_or(|changed| run.json["changed"] == changed), "the wrong word for it\n{}", told());
        assert!(run.code() != Some(4) || run.json["changed"] == false, "exit 4 after a change\n{}", told());
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
    let server = Server::start(world, None);
    world.undisturbed(&server.address());
    server.requests()
}
