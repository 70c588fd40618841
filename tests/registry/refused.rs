//! Pulls that fail: nothing is created for an image that is not there, and the registry's own words are told.

use crate::server::Fault;
use crate::world::{Pull, World};

/// Nothing comes for a minute. Docker may still have it come one day, so the run cannot say that it changed nothing.
pub fn stalled_layer(world: &World) {
    let pull = Pull::new(world, "stalled", Fault::Stalled);
    let run = pull.onboard(&pull.by_tag()).run();
    run.ended(3, "refused", "image-unavailable").names_in_message(&pull.by_tag());
    pull.assert_nothing_made(&run);
}

/// The connection ends in the middle, as often as Docker tries. Once it no longer does, the next run pulls.
pub fn layer_that_is_always_cut(world: &World) {
    let pull = Pull::new(world, "cut", Fault::Cut(usize::MAX));
    let run = pull.refused(pull.onboard(&pull.by_tag()));
    run.names_in_message("EOF");

    pull.registry.fail(Fault::None);
    pull.created(pull.onboard(&pull.by_tag()));
}

/// The layer is not what its digest says.
pub fn broken_layer(world: &World) {
    let pull = Pull::new(world, "broken", Fault::Broken);
    let run = pull.refused(pull.onboard(&pull.by_tag()));
    run.names_in_message("verification failed");
}

/// The registry has the repository, and no such tag.
pub fn missing_tag(world: &World) {
    let pull = Pull::new(world, "no-tag", Fault::None);
    let run = pull.refused(pull.onboard(&pull.by_tag().replace(":1.2.3", ":9.9.9")));
    run.names_in_message("manifest unknown");
}

/// There is no registry where the reference says.
pub fn nobody_listens(world: &World) {
    let pull = Pull::new(world, "nobody", Fault::None);
    let nowhere = format!("127.0.0.1:{}/acme/gateway:1.2.3", pull.case.port() + 1);
    let run = pull.refused(pull.onboard(&nowhere));
    run.names_in_message("connection refused");
}
