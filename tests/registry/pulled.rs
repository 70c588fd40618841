//! Pulls that succeed, whatever happens on the way.

use std::time::Duration;

use rustix::process::Signal;

use crate::server::{Fault, REPOSITORY};
use crate::support::until;
use crate::world::{Pull, World};

/// What was pulled is run; the second run asks the registry for nothing.
pub fn created(world: &World) {
    let pull = Pull::new(world, "pulled", Fault::None);
    let made = pull.created(pull.onboard(&pull.by_tag()));
    assert!(made.stderr.contains("pulled image"), "{}", made.dump());
    let asked = pull.registry.requests();

    let again = pull.onboard(&pull.by_tag()).run();
    again.ended(0, "reused", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    assert_eq!(pull.registry.requests(), asked);
}

/// A digest is what is asked for, also where a tag stands beside it.
pub fn by_digest(world: &World) {
    let repository = |pull: &Pull<'_>| format!("{}/{REPOSITORY}", pull.registry.name());
    for tag in ["", ":1.2.3", ":another"] {
        let pull = Pull::new(world, "digest", Fault::None);
        let digest = pull.registry.image().digest();
        let reference = format!("{}{tag}@{digest}", repository(&pull));
        let made = pull.created(pull.onboard(&reference));
        let manifests: Vec<_> =
            pull.registry.requests().into_iter().filter(|asked| asked.contains("manifests")).collect();
        assert!(manifests.iter().all(|asked| asked.ends_with(&digest)), "{manifests:?}\n{}", made.dump());
        let again = pull.onboard(&reference).run();
        again.ended(0, "reused", "ready");
    }
}

/// Docker asks for the rest by itself.
pub fn layer_that_is_cut_once(world: &World) {
    let pull = Pull::new(world, "cut-once", Fault::Cut(1));
    pull.created(pull.onboard(&pull.by_tag()));
}

/// A pull that moves is not cut, takes no time from what follows, and is told now and then.
pub fn longer_than_the_time_limit(world: &World) {
    let pull = Pull::new(world, "slow", Fault::Slow(Duration::from_millis(800)));
    let made = pull.created(pull.onboard(&pull.by_tag()).args(&["--timeout", "3s"]));
    assert!(made.stderr.contains("of 2 layers"), "{}", made.dump());
}

/// A run that is interrupted in the middle leaves nothing, and the next one pulls.
pub fn interrupted(world: &World) {
    let pull = Pull::new(world, "interrupted", Fault::Stalled);
    let running = pull.onboard(&pull.by_tag()).spawn();
    until("the layer is under way", || pull.registry.gave_own_layer());
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!(ended.code(), Some(130), "{}", ended.dump());
    pull.assert_nothing_made(&ended);

    pull.registry.fail(Fault::None);
    pull.created(pull.onboard(&pull.by_tag()));
}
