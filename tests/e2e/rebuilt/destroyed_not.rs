//! Destructions that are refused: nothing goes, and why is told.

use super::{assert_there, back_up, destroy, give_up, restore};
use crate::replaced::Before;
use crate::replaced::layer::Files;
use crate::support::{ByHand, Case, Suite, follow};

/// Without the name, or with a wrong one: Docker is not even asked.
pub fn without_consent(suite: &Suite) {
    let case = Case::new(suite, "unasked");
    let before = Before::new(&case);
    let wrong = format!("{}-eu", case.gateway());
    let (picture, files) = (case.picture(), case.files());
    let all = [
        ["--volumes"].as_slice(),
        &["--set-aside"],
        &["--volumes", "--confirm", &wrong],
        &["--confirm", case.gateway()],
        &["--volumes", "--set-aside", "--confirm", case.gateway()],
    ];
    let runs = all.map(|flags| destroy(&case, flags).run());
    for run in &runs {
        assert_eq!(run.code(), Some(2), "{}", run.dump());
        case.assert_unchanged(&picture, run);
        assert!(files == case.files(), "a file was written\n{}", run.dump());
    }
    before.assert_as_it_was(&runs[0]);
}

/// One that docker-compose has made.
pub fn composed(suite: &Suite) {
    let case = Case::new(suite, "composed");
    let theirs = case.gateway_by_hand().label("com.docker.compose.project", "shop");
    let _theirs = theirs.label("com.docker.compose.service", "gateway").start(suite);
    case.await_ready();
    let work = case.put_work();
    case.onboard_by_preset().run().ended(0, "reused", "managed");
    for cli in [destroy(&case, &[]), give_up(&case, "--volumes")] {
        let run = case.refused(cli, 3, "managed-elsewhere");
        assert_eq!(run.text("advice"), "docker-compose --project-name shop down", "{}", run.dump());
    }
    case.assert_kept(&work);
}

/// One that Docker removes by itself as soon as it stops.
pub fn auto_removed(suite: &Suite) {
    let case = Case::new(suite, "rm");
    let _theirs = case.auto_removed_by_hand().start(suite);
    case.await_ready();
    let work = case.put_work();
    case.onboard_by_preset().run().ended(0, "reused", "auto-removed");
    case.refused(give_up(&case, "--volumes"), 3, "auto-remove").names_in_message(&case.name());
    case.assert_kept(&work);
}

/// A file lives only in the container: its owner gives it up by name.
pub fn with_a_file_of_its_own(suite: &Suite) {
    let case = Case::new(suite, "layer");
    let before = Before::new(&case);
    Files::new().file(b"opt/mine/key", b"key", 1234, 0o600).put(&case, &case.name());
    case.refused(give_up(&case, "--volumes"), 3, "layer-holds-data").names_in_message("/opt/mine");
    let run = case.refused(destroy(&case, &[]), 3, "layer-holds-data");
    before.assert_as_it_was(&run);
    let run = follow(&case, &run).expect("a command of nemoclaw's");
    run.ended(0, "destroyed", "as-asked");
    assert_there(&case, &run, [&[], &[case.name()], &[]]);
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&before.work);
}

/// A stranger's container has the volume, whether it runs or not: neither that nor the gateway's container goes.
pub fn while_a_stranger_has_the_volume(suite: &Suite) {
    let case = Case::new(suite, "held");
    let before = Before::new(&case);
    let stranger = case.other_name("stranger");
    ByHand::named(&stranger, suite.other_image()).volume(&case.name(), "/elsewhere").create(suite);
    for _ in 0..2 {
        case.refused(give_up(&case, "--volumes"), 3, "volume-held").names_in_message(&stranger);
        case.daemon().start(&stranger);
    }
    case.daemon().stop(&stranger);
    // The volume that is kept may be anybody's besides.
    destroy(&case, &[]).run().ended(0, "destroyed", "as-asked");
    case.daemon().remove(&stranger);
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&before.work);
}

/// A stranger's container has the volume that a restore has set aside.
pub fn while_a_stranger_has_what_is_set_aside(suite: &Suite) {
    let case = Case::new(suite, "aside");
    let before = Before::new(&case);
    let backup = back_up(&case);
    restore(&case, &backup).run().ended(0, "restored", "ready");
    let stranger = case.other_name("stranger");
    ByHand::named(&stranger, suite.other_image()).volume(&case.name(), "/elsewhere").create(suite);
    case.refused(give_up(&case, "--set-aside"), 3, "not-proved").names_in_message(&stranger);
    case.daemon().remove(&stranger);
    give_up(&case, "--set-aside").run().ended(0, "destroyed", "as-asked");
    assert!(!case.daemon().has_volume(&case.name()));
    case.assert_kept(&before.work);
}
