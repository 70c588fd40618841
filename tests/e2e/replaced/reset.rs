//! `onboard --reset`: the one way by which onboarding removes a volume. Its owner names the gateway, its container is truly
//! missing, and a backup comes first; else nothing is touched.

use super::Before;
use super::before::assert_backed_up;
use super::odd_files::listing;
use crate::support::{ByHand, Case, Run, Suite};

/// With its owner's consent.
pub fn with_consent(suite: &Suite) {
    let case = Case::new(suite, "reset");
    let before = Before::new(&case);
    let created = born(&case);
    case.daemon().remove(&case.name());
    // A volume's age is told in seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));

    let run = case.onboard().args(&["--reset", "--confirm", case.gateway()]).run();
    run.ended(0, "reset", "ready");
    assert_ne!(run.container_id(), before.id(), "{}", run.dump());
    assert_ne!(born(&case), created, "it is the old volume\n{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), Vec::<&str>::new(), "{}", run.dump());
    before.assert_nothing_else(&run);
    let listing = listing(assert_backed_up(&case, &run));
    let is_work = |row: &serde_json::Value| row["path"].as_str().is_some_and(|path| path.ends_with(before.work.file()));
    assert!(listing.iter().any(is_work), "{listing:#?}");

    let work = case.put_work();
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// Without the name, and with a wrong one: Docker is not even asked.
pub fn without_consent(suite: &Suite) {
    let case = Case::new(suite, "unasked");
    let before = Before::new(&case);
    case.daemon().remove(&case.name());
    let wrong = format!("{}-eu", case.gateway());
    for flags in [["--reset"].as_slice(), &["--reset", "--confirm", &wrong], &["--confirm", case.gateway()]] {
        let (picture, files) = (case.picture(), case.files());
        let run = case.onboard().args(flags).run();
        assert_eq!(run.code(), Some(2), "{}", run.dump());
        case.assert_unchanged(&picture, &run);
        assert!(files == case.files(), "a file was written\n{}", run.dump());
    }
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&before.work);
}

/// While the container is there, it is not for a reset.
pub fn of_a_gateway_that_is_there(suite: &Suite) {
    let case = Case::new(suite, "there");
    let before = Before::new(&case);
    let run = refused(&case, "reset-container-exists");
    before.assert_as_it_was(&run);
    case.daemon().stop(&case.name());
    refused(&case, "reset-container-exists");
    case.onboard().run().ended(0, "recovered", "ready");
    before.assert_as_it_was(&run);
}

/// While a stranger's container that does not run mounts the volume, or one's folder lies in another by a bind.
pub fn while_a_stranger_has_the_volume(suite: &Suite) {
    let case = Case::new(suite, "held");
    let before = Before::new(&case);
    let stranger = case.other_name("stranger");
    case.daemon().remove(&case.name());

    ByHand::named(&stranger, suite.other_image()).volume(&case.name(), "/elsewhere").create(suite);
    refused(&case, "volume-held").names_in_message(&stranger);
    case.daemon().remove(&stranger);

    let folder = case.daemon().folder_of_volume(&case.name());
    ByHand::named(&stranger, suite.other_image()).bind(&folder, "/elsewhere").create(suite);
    refused(&case, "volume-held").names_in_message(&stranger);
    case.daemon().remove(&stranger);

    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&before.work);
}

#[track_caller]
fn refused(case: &Case<'_>, reason: &str) -> Run {
    case.refused(case.onboard().args(&["--reset", "--confirm", case.gateway()]), 3, reason)
}

/// When the gateway's volume was made.
#[track_caller]
fn born(case: &Case<'_>) -> Option<String> {
    let daemon = case.daemon();
    daemon.run(daemon.docker().inspect_volume(&case.name())).unwrap().created_at.map(|time| time.to_string())
}
