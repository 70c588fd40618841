//! A gateway that is replaced because somebody asked: with another image, on another port, by the same again. The suite
//! that the older tool calls *gateway-upgrade* is the first case.

use super::before::assert_backed_up;
use super::{Before, OtherImage};
use crate::support::{Case, Suite};

/// To a newer release's image: a survivor sandbox and a marker file are there, and so is a backup from before.
pub fn to_another_image(suite: &Suite) {
    let case = Case::new(suite, "upgrade");
    let newer = OtherImage::new(&case, "newer", &[("NEMOCLAW_E2E_RELEASE", "2")]);
    let before = Before::new(&case);
    let run = case.onboard().args(&["--upgrade", "--image", newer.reference()]).run();
    let new = before.assert_replaced(&run);
    assert_eq!(new.image, Some(newer.id()), "{}", run.dump());
    assert_eq!(case.daemon().env(&case.name(), "NEMOCLAW_E2E_RELEASE").as_deref(), Some("2"), "{}", run.dump());

    let listing = super::odd_files::listing(assert_backed_up(&case, &run));
    let marker = |row: &serde_json::Value| row["path"].as_str().is_some_and(|path| path.ends_with(before.work.file()));
    assert!(listing.iter().any(marker), "the marker is not in the backup: {listing:#?}");
}

/// By its flag alone, with a policy of its owner's own: nothing else of the container changes.
pub fn by_image_alone(suite: &Suite) {
    let case = Case::new(suite, "image");
    let newer = OtherImage::new(&case, "newer", &[("NEMOCLAW_E2E_RELEASE", "2")]);
    let before = Before::made(&case, &case.spec().restart("always"));
    let run = case.onboard().args(&["--image", newer.reference()]).run();
    let new = before.assert_replaced(&run);
    assert_eq!(new.image, Some(newer.id()), "{}", run.dump());
}

/// A tag that stands for another image by now: that alone changes nothing, and whoever asks gets it.
pub fn tag_that_moved(suite: &Suite) {
    let case = Case::new(suite, "tag");
    let image = OtherImage::same(&case, "moving");
    let spec = case.spec().image(image.reference());
    let before = Before::made(&case, &spec);
    let old = image.id();
    image.moves();

    let unasked = case.onboard().run();
    unasked.ended(0, "reused", "drifted");
    assert_eq!(unasked.json["changed"], false, "{}", unasked.dump());
    let run = case.onboard().args(&["--recreate"]).run();
    let new = before.assert_replaced(&run);
    assert_eq!(new.image, Some(image.id()), "{}", run.dump());
    assert_ne!(new.image, Some(old), "{}", run.dump());
}

/// To another port, on which it is reached from then on.
pub fn to_another_port(suite: &Suite) {
    let case = Case::new(suite, "port");
    let before = Before::new(&case);
    let moved = case.port() + 1;
    let run = case.onboard().args(&["--port", &moved.to_string()]).run();
    run.ended(0, "upgraded", "ready");
    assert!(run.text("endpoint").ends_with(&format!(":{moved}")), "{}", run.dump());
    assert!(std::net::TcpListener::bind(("0.0.0.0", case.port())).is_ok(), "the old port is held\n{}", run.dump());
    before.work.assert_kept(suite.runtime(), moved);
    before.assert_nothing_else(&run);
    case.onboard().run().ended(0, "reused", "ready");

    // And back, so that all else is looked at where the case expects it.
    let run = case.onboard().args(&["--port", &case.port().to_string()]).run();
    before.assert_replaced(&run);
}

/// Made again as it is, also where nothing differs.
pub fn made_again(suite: &Suite) {
    let case = Case::new(suite, "again");
    let before = Before::new(&case);
    let run = case.onboard().args(&["--recreate"]).run();
    let new = before.assert_replaced(&run);
    assert_eq!(new.image, before.container.image, "{}", run.dump());
}

/// While it is stopped: the new container is ready all the same.
pub fn while_stopped(suite: &Suite) {
    let case = Case::new(suite, "stopped");
    let before = Before::new(&case);
    case.daemon().stop(&case.name());
    let run = case.onboard().args(&["--recreate"]).run();
    before.assert_replaced(&run);
}

/// By a spec file that says something else than the one before; the same file again asks for nothing.
pub fn by_a_spec_file(suite: &Suite) {
    let case = Case::new(suite, "spec");
    let before = Before::new(&case);
    let spec = case.spec().env("OWNERS_OWN", "two");
    let run = case.onboard_as(&spec).run();
    before.assert_replaced(&run);
    assert_eq!(case.daemon().env(&case.name(), "OWNERS_OWN").as_deref(), Some("two"), "{}", run.dump());
    case.onboard_as(&spec).run().ended(0, "reused", "ready");
}

/// A look at it changes nothing and says what differs.
pub fn only_looked_at(suite: &Suite) {
    let case = Case::new(suite, "look");
    let newer = OtherImage::new(&case, "newer", &[]);
    let before = Before::new(&case);
    let picture = case.picture();
    let run = case.onboard().args(&["--upgrade", "--image", newer.reference(), "--dry-run"]).run();
    run.ended(0, "planned", "planned");
    assert!(run.json["plan"].to_string().contains(newer.reference()), "{}", run.dump());
    case.assert_unchanged(&picture, &run);
    before.assert_as_it_was(&run);
}
