//! Destructions: what was named goes, what was not stays, and what is told leads back.

use super::{assert_holds, assert_stays, assert_there, back_up, destroy, give_up};
use crate::replaced::Before;
use crate::replaced::before::assert_backed_up;
use crate::support::{Case, Neighbour, Suite, follow};

/// The container alone: onboarding finds every byte on the volume that was kept.
pub fn then_onboarded(suite: &Suite) {
    let case = Case::new(suite, "then");
    let before = Before::new(&case);
    let backup = back_up(&case);
    let run = destroy(&case, &[]).run();
    run.ended(0, "destroyed", "as-asked");
    assert_backed_up(&case, &run);
    assert_there(&case, &run, [&[], &[case.name()], &[]]);
    assert!(run.names("/removed").is_empty() && case.record().exists(), "{}", run.dump());
    let words = case.in_words("status");
    assert!(words.stdout.contains(&format!("volume `{}`", case.name())), "{}", words.dump());

    let run = follow(&case, &run).expect("a command of nemoclaw's");
    run.ended(0, "adopted", "ready");
    assert_there(&case, &run, [&[case.name()], &[case.name()], &[case.name()]]);
    assert!(run.names("/sandboxes/found").contains(&before.work.sandbox.as_str()), "{}", run.dump());
    case.assert_kept(&before.work);
    assert_holds(&case, &backup);
    assert_stays(&case, &run);
}

/// Without a backup, as asked: then nothing leads back.
pub fn without_a_backup(suite: &Suite) {
    let case = Case::new(suite, "bare");
    let _before = Before::new(&case);
    let run = give_up(&case, "--volumes").args(&["--no-backup"]).run();
    run.ended(0, "destroyed", "as-asked");
    assert!(run.json["backup"].is_null() && run.json["advice"].is_null(), "{}", run.dump());
    assert_there(&case, &run, [&[], &[], &[]]);
    assert!(!case.home().join("backups").exists(), "{}", run.dump());
    // Nothing is left that would be in the way.
    case.created();
}

/// Of one of two gateways, of which the other's name begins with its own.
pub fn prod_and_prod_eu(suite: &Suite) {
    let case = Case::new(suite, "prod");
    case.created();
    let neighbour = Neighbour::of(&case);

    let run = give_up(&case, "--volumes").run();
    run.ended(0, "destroyed", "as-asked");
    let manifest = std::fs::read_to_string(assert_backed_up(&case, &run).join("manifest.json")).unwrap();
    assert!(!manifest.contains(neighbour.name()), "{manifest}");
    let theirs = [neighbour.name().to_owned()];
    assert_there(&case, &run, [&theirs, &theirs, &theirs]);
    neighbour.assert_as_it_was(&run);
}

/// What is not there any more, or never was, is as asked.
pub fn what_is_not_there(suite: &Suite) {
    let case = Case::new(suite, "nothing");
    let before = Before::new(&case);
    give_up(&case, "--set-aside").run().ended(0, "destroyed", "as-asked");
    case.daemon().remove(&case.name());
    destroy(&case, &[]).run().ended(0, "destroyed", "as-asked");
    let run = give_up(&case, "--volumes").run();
    run.ended(0, "destroyed", "as-asked");
    assert_there(&case, &run, [&[], &[], &[]]);
    let again = give_up(&case, "--volumes").run();
    again.ended(0, "destroyed", "as-asked");
    assert_eq!(again.json["changed"], false, "{}", again.dump());
    let back = follow(&case, &run).expect("a command of nemoclaw's");
    back.ended(0, "restored", "ready");
    case.assert_kept(&before.work);
}
