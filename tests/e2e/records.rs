//! Records that cannot be used: kept, refused by name, and set aside by their owner only.

use crate::support::{Case, Suite, follow};

/// A corrupt record is never read as an absent one. Set aside as advised, it is rebuilt from the live gateway.
pub fn corrupt(suite: &Suite) {
    refused_and_set_aside(&Case::new(suite, "corrupt"), "{ \"schema\": 1, \"reco");
}

/// One that a newer version wrote is not guessed at.
pub fn newer(suite: &Suite) {
    refused_and_set_aside(&Case::new(suite, "newer"), "{ \"schema\": 99, \"whatever\": true }\n");
}

fn refused_and_set_aside(case: &Case<'_>, text: &str) {
    let (made, work) = case.created();
    case.daemon().stop(&case.name());
    std::fs::write(case.record(), text).unwrap();

    let run = case.refused(case.onboard(), 3, "record");
    run.names_in_message(&case.record().display().to_string());
    assert_eq!(std::fs::read_to_string(case.record()).unwrap(), text, "it is kept as it is");

    follow(case, &run);
    let again = case.onboard().run();
    again.ended(0, "recovered", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    case.assert_kept(&work);
}
