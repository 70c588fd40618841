//! GPUs: seen before anything is made, and optional.

use engine::{Gpu, How, Intent, Known, Outcome, Told, Why};

use crate::host::{SmallHost, host};
use crate::{GATEWAY, REFERENCE, how, made, onboard, onboard_as, record};

fn with_gpu(intent: Intent) -> Intent {
    Intent { spec: engine::GatewaySpec { gpu: true, ..intent.spec.clone() }, ..intent }
}

fn says_none(outcome: &Outcome) -> bool {
    outcome.notes.contains(&Told::NoGpu)
}

fn asked(host: &SmallHost) -> bool {
    host.commands.iter().any(|command| matches!(command, engine::Command::Observe(target) if target.gpu))
}

fn unknown() -> Known<Option<Gpu>> {
    Known::Unknown(Why::TimedOut { call: "info".to_owned() })
}

#[test]
fn what_the_daemon_has_is_given() {
    for gpu in [Gpu::Cdi, Gpu::Nvidia] {
        let mut host = host();
        host.gpu = Known::Known(Some(gpu));
        let outcome = host.run(with_gpu(onboard_as(GATEWAY)));
        assert_eq!((how(&outcome), says_none(&outcome)), (Some(How::Created), false));
        assert_eq!(host.created().gpu, Some(gpu));
        assert!(record(&host).spec.gpu, "its owner wants it from then on");
    }
}

#[test]
fn without_one_it_is_made_all_the_same_and_it_is_said() {
    for gpu in [Known::Known(None), unknown()] {
        let mut host = host();
        host.gpu = gpu;
        let outcome = host.run(with_gpu(onboard_as(GATEWAY)));
        assert_eq!((how(&outcome), says_none(&outcome)), (Some(How::Created), true));
        assert_eq!(host.created().gpu, None);
    }
}

#[test]
fn nobody_asks_for_what_nobody_wants() {
    let mut host = host();
    host.gpu = Known::Known(Some(Gpu::Nvidia));
    let outcome = host.run(onboard_as(GATEWAY));
    assert_eq!((host.created().gpu, says_none(&outcome), asked(&host)), (None, false, false));
}

#[test]
fn a_wish_that_is_recorded_holds_for_the_next_container_too() {
    let mut host = host();
    host.gpu = Known::Known(Some(Gpu::Nvidia));
    host.run(with_gpu(onboard_as(GATEWAY)));
    host.containers.clear();
    host.run(onboard());
    assert_eq!(host.created().gpu, Some(Gpu::Nvidia));
    host.containers.clear();
    host.gpu = Known::Known(None);
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), host.created().gpu, says_none(&outcome)), (Some(How::Adopted), None, true));
    assert!(!says_none(&host.run(onboard())), "a gateway that simply runs is not nagged about");
}

#[test]
fn what_is_typed_holds_for_the_kind_that_is_found() {
    let mut host = made(REFERENCE);
    host.record = engine::RecordSeen::Absent;
    host.containers.clear();
    host.gpu = Known::Known(Some(Gpu::Cdi));
    host.run(with_gpu(onboard()));
    assert_eq!(host.created().gpu, Some(Gpu::Cdi));
}
