//! The daemon hangs: it takes connections, and does not answer any more. No answer is never taken for "not there".

use std::time::{Duration, Instant};

use crate::dockerd::{Dockerd, Frozen};
use crate::power_cut::{assert_back, made};
use crate::processes::is_frozen;
use crate::support::{Case, Changes, Cli, Proxy, Run, Suite, assert_only_a_trace_written};

/// Long enough for a run to find out, and short enough for a test.
const TIME_LIMIT: &str = "6s";

/// A run that ends by that limit has long ended by now, on any machine; one that waits for Docker never does.
const SURELY_OVER: Duration = Duration::from_secs(60);

/// It hangs before the run, and the gateway is stopped.
pub fn before_a_stopped_gateway_is_seen(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "hangs");
    let (id, work) = made(&case, "unless-stopped");
    case.daemon().stop(&case.name());
    let before = case.picture();

    let frozen = dockerd.freeze();
    let run = in_time(case.onboard());
    drop(frozen);
    assert_unknown(&run);
    case.assert_unchanged(&before, &run);
    assert_back(&case, &id, &work, "recovered");
}

/// The gateway itself answers, with its own mark, where its record says that it was ready: it is used as it is.
pub fn beside_a_ready_gateway(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "answers");
    let (id, work) = made(&case, "unless-stopped");
    let (before, files) = (case.picture(), case.files());

    let frozen = dockerd.freeze();
    let run = case.onboard().run();
    case.assert_kept(&work);
    drop(frozen);
    run.ended(0, "reused", "unverified").warns_of("Docker could not be asked");
    assert_only_a_trace_written(&files, &case.files(), &run);
    case.assert_unchanged(&before, &run);
    assert_back(&case, &id, &work, "reused");
}

/// There is no time to ask Docker often enough.
pub fn out_of_time_beside_a_ready_gateway(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "hurry");
    let (id, work) = made(&case, "unless-stopped");
    let before = case.picture();

    let frozen = dockerd.freeze();
    let run = in_time(case.onboard());
    drop(frozen);
    assert_unknown(&run);
    case.assert_unchanged(&before, &run);
    assert_back(&case, &id, &work, "reused");
}

/// Runs it to its end, which does not wait for Docker's.
#[track_caller]
fn in_time(cli: Cli) -> Run {
    let begun = Instant::now();
    let run = cli.args(&["--timeout", TIME_LIMIT]).run();
    assert!(begun.elapsed() < SURELY_OVER, "it ran past its limit\n{}", run.dump());
    run
}

#[track_caller]
fn assert_unknown(run: &Run) {
    run.ended(4, "refused", "docker-unknown");
    assert_eq!(run.json["changed"], false, "{}", run.dump());
}

/// Whatever was asked for then is told as not known.
#[track_caller]
fn assert_lost(run: &Run) {
    run.ended(5, "refused", "docker-lost");
    assert_eq!(run.json["changed"], true, "{}", run.dump());
}

/// It hangs at each request of a run that has nothing to do.
pub fn at_each_read_of_a_no_op(suite: &Suite, dockerd: &mut Dockerd) {
    hangs_at_each_read(suite, dockerd, "unless-stopped", 0);
}

/// It hangs at each request of a run on a stopped gateway, up to the start.
pub fn at_each_read_before_the_start(suite: &Suite, dockerd: &mut Dockerd) {
    hangs_at_each_read(suite, dockerd, "no", 0);
}

/// It hangs at each request after the start.
pub fn at_each_read_after_the_start(suite: &Suite, dockerd: &mut Dockerd) {
    hangs_at_each_read(suite, dockerd, "no", 1);
}

/// How many requests one look takes at least.
const READS_MIN: usize = 5;

/// `acts` is how many requests that could change something come first; a gateway with the policy `no` was stopped.
fn hangs_at_each_read(suite: &Suite, dockerd: &Dockerd, policy: &str, acts: usize) {
    let case = Case::new(suite, "reads");
    let (id, work) = made(&case, policy);
    let onboard = ["onboard", "--gateway", case.gateway()];
    for number in 1.. {
        if policy == "no" {
            case.daemon().stop(&case.name());
        }
        let before = case.picture();
        let at = Changes::FreezesAtRead { after: acts, number, daemon: dockerd.pid() };
        let proxy = Proxy::start(suite.runtime(), suite.socket(), at);
        let frozen = Frozen::of(dockerd);
        let run = in_time(case.nemoclaw_at(&proxy.address(), &onboard));
        let hung = is_frozen(dockerd.pid());
        drop(frozen);
        let told = || format!("at {number}: {:#?}\n{}", proxy.requests(), run.dump());
        if !hung {
            assert_eq!(run.code(), Some(0), "nothing disturbed it\n{}", told());
            assert!(number > READS_MIN, "it has hardly asked anything\n{}", told());
            break;
        }
        if read_at(&proxy.requests(), acts, number).starts_with("GET /images/") {
            // Nothing that is done here waits on what the image is: the run may end as if it had been told.
            assert!(matches!(run.code(), Some(0 | 4 | 5)), "{}", told());
        } else {
            assert_eq!(proxy.mutating().len(), acts, "nothing is done after an unknown answer\n{}", told());
            if acts == 0 {
                assert_unknown(&run);
                case.assert_unchanged(&before, &run);
            } else {
                assert_lost(&run);
            }
        }
        let next = case.onboard().run();
        assert_eq!((next.code(), next.container_id()), (Some(0), id.as_str()), "{}\n{}", next.dump(), told());
        case.assert_kept(&work);
    }
}

/// The request of this number among those that cannot change anything and come after so many that could.
fn read_at(requests: &[String], acts: usize, number: usize) -> &str {
    let is_read = |request: &&String| request.starts_with("GET ");
    let mutations = requests.iter().enumerate().filter(|(_, request)| !is_read(request)).map(|(at, _)| at + 1);
    let from = mutations.take(acts).last().unwrap_or(0);
    &requests[from + number - 1]
}

/// It hangs when it is asked to start the gateway, and does so when it goes on.
pub fn before_the_start(suite: &Suite, dockerd: &mut Dockerd) {
    hangs_at_the_start(suite, dockerd, Moment::Before);
}

/// It hangs when it has started the gateway.
pub fn after_the_start(suite: &Suite, dockerd: &mut Dockerd) {
    hangs_at_the_start(suite, dockerd, Moment::After);
}

/// When the daemon hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before it gets a request.
    Before,
    /// After it has answered it.
    After,
}

impl Moment {
    /// Hangs at the request of this number that could change something.
    pub fn of_mutation(self, number: usize, dockerd: &Dockerd) -> Changes {
        match self {
            Self::Before => Changes::FreezesBefore { number, daemon: dockerd.pid() },
            Self::After => Changes::FreezesAfter { number, daemon: dockerd.pid() },
        }
    }
}

fn hangs_at_the_start(suite: &Suite, dockerd: &Dockerd, moment: Moment) {
    let case = Case::new(suite, "start");
    let (id, work) = made(&case, "unless-stopped");
    case.daemon().stop(&case.name());

    let proxy = Proxy::start(suite.runtime(), suite.socket(), moment.of_mutation(1, dockerd));
    let frozen = Frozen::of(dockerd);
    let onboard = ["onboard", "--gateway", case.gateway()];
    let run = in_time(case.nemoclaw_at(&proxy.address(), &onboard));
    drop(frozen);
    assert_lost(&run);
    let start = format!("POST /containers/{id}/start");
    assert_eq!(proxy.mutating(), [start], "nothing is done after an unknown answer\n{}", run.dump());

    // The start may come only now.
    let next = case.onboard().run();
    assert_eq!(next.code(), Some(0), "{}", next.dump());
    assert_eq!(next.container_id(), id, "{}", next.dump());
    assert_back(&case, &id, &work, "reused");
}

/// It hangs when it is asked to make the gateway's container, and makes it when it goes on.
pub fn before_the_create(suite: &Suite, dockerd: &mut Dockerd) {
    hangs_at_the_create(suite, dockerd, Moment::Before);
}

/// It hangs when it has made the gateway's container.
pub fn after_the_create(suite: &Suite, dockerd: &mut Dockerd) {
    hangs_at_the_create(suite, dockerd, Moment::After);
}

fn hangs_at_the_create(suite: &Suite, dockerd: &Dockerd, moment: Moment) {
    let case = Case::new(suite, "create");
    case.spec().write(&case.file("spec.toml"));
    // The network comes first, then the volume.
    let proxy = Proxy::start(suite.runtime(), suite.socket(), moment.of_mutation(3, dockerd));
    let frozen = Frozen::of(dockerd);
    let spec = case.file("spec.toml").display().to_string();
    let onboard = ["onboard", "--gateway", case.gateway(), "--spec", &spec];
    let run = in_time(case.nemoclaw_at(&proxy.address(), &onboard));
    drop(frozen);
    assert_lost(&run);
    let mutating = proxy.mutating();
    assert_eq!(mutating.len(), 3, "nothing is done after an unknown answer: {mutating:?}\n{}", run.dump());
    assert!(mutating[2].starts_with("POST /containers/create"), "{mutating:?}\n{}", run.dump());

    // The container may come only now.
    let next = case.onboard_as(&case.spec()).run();
    assert_eq!(next.code(), Some(0), "{}", next.dump());
    let id = next.container_id().to_owned();
    let work = case.put_work();
    assert_back(&case, &id, &work, "reused");
    let names = [case.name()];
    assert_eq!(case.daemon().containers(&case.name()), names, "{}", next.dump());
    assert_eq!(case.daemon().volumes(&case.name()), names, "{}", next.dump());
    assert_eq!(case.daemon().networks(&case.name()), names, "{}", next.dump());
}
