//! What a daemon may not or cannot do: start privileged containers, give a GPU. It is said plainly, and nothing is lost.

use bollard::models::ContainerStateStatusEnum as Status;

use super::{Kind, World};
use crate::support::{ByHand, Case, Suite};

/// The older kind as its preset has it, privileged. Where the daemon may not start such a container it stays `created`,
/// and that is said with the daemon's own words.
pub fn privileged(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "privileged");
    let spec = world.stand_in().privileged();
    if may_start_privileged(&world) {
        let (_, work) = world.made_as(&spec);
        assert_eq!(world.daemon().inspect(&world.container()).host_config.unwrap().privileged, Some(true));
        world.assert_kept(&work);
        return;
    }
    world.daemon().create_volume(&world.volume(), &[]);
    let run = world.onboard_as(&spec).args(&["--node-name", &world.node_name()]).run();
    run.ended(5, "refused", "not-recovered");
    run.names_in_message("not permitted");
    assert_eq!(world.daemon().status(&world.container()), Status::CREATED, "{}", run.dump());
    let id = world.daemon().id(&world.container());

    let again = world.onboard().run();
    again.ended(5, "refused", "not-recovered").names_in_message("not permitted");
    assert_eq!(again.container_id(), id, "it is kept\n{}", again.dump());

    // Without privileges, as its owner may well decide, there is nothing in the way.
    world.daemon().remove(&world.container());
    world.onboard_stand_in().run().ended(0, "adopted", "ready");
}

/// Whether the daemon starts a privileged container at all.
fn may_start_privileged(world: &World<'_>) -> bool {
    let name = world.other_name("probe");
    ByHand::named(&name, world.suite().image()).privileged().create(world.suite());
    let daemon = world.daemon();
    let may = daemon.run(daemon.docker().start_container(&name, None)).is_ok();
    daemon.remove(&name);
    may
}

/// `--gpu` where the daemon has none: it is said, and the gateway is made without.
pub fn gpu_is_optional(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "gpu");
    let run = world.onboard_stand_in().args(&["--gpu"]).run();
    run.ended(0, "created", "ready");
    let asked = world.daemon().inspect(&world.container()).host_config.unwrap().device_requests.unwrap_or_default();
    let has_none = run.names("/warnings").iter().any(|warning| warning.contains("GPU"));
    assert_eq!(asked.is_empty(), has_none, "either it has them, or that is said\n{}", run.dump());
    let work = world.put_work();
    world.onboard().run().ended(0, "reused", "ready");

    // What was said once is no reason to make it again, nor to keep it stopped.
    world.daemon().stop(&world.container());
    let again = world.onboard_stand_in().args(&["--gpu"]).run();
    again.ended(0, "recovered", "ready");
    assert_eq!(again.container_id(), run.container_id(), "{}", again.dump());
    world.assert_kept(&work);
}

/// Somebody else asked for a GPU that the daemon cannot give: their container is left `created`. It is kept, and why is
/// said; once they take it away, its data is adopted.
pub fn gpu_of_others(suite: &Suite) {
    let case = Case::new(suite, "nogpu");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    case.gateway_by_hand().network(&case.name()).with_gpus().create(suite);
    if case.daemon().run(case.daemon().docker().start_container(&case.name(), None)).is_ok() {
        // The daemon has one to give.
        case.onboard().run().ended(0, "reused", "ready");
        return;
    }
    let run = case.onboard().run();
    run.ended(5, "refused", "not-recovered").names_in_message("device driver");
    assert_eq!(case.daemon().status(&case.name()), Status::CREATED, "{}", run.dump());
    case.daemon().remove(&case.name());
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&work);
}
