//! Docker's stored credentials: those that are right open the registry, and none of them is ever told.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::server::Fault;
use crate::support::Cli;
use crate::world::{Pull, World, write_program};

const NAME: &str = "me";

/// Its Base64 holds letters that the alphabets of Base64 disagree about, wherever it begins.
const PASSWORD: &str = "s3cr~t?>~~??>>:ö";

fn base64(password: &str) -> String {
    BASE64_STANDARD.encode(format!("{NAME}:{password}"))
}

fn closed<'a>(world: &'a World, about: &str) -> Pull<'a> {
    Pull::closed(world, about, (NAME, PASSWORD))
}

/// As `docker login` keeps them without a helper.
pub fn of_the_file(world: &World) {
    let pull = closed(world, "file");
    pull.configure(&json!({ "auths": { pull.registry.name(): { "auth": base64(PASSWORD) } } }));
    let run = pull.created(pull.onboard(&pull.by_tag()).args(&["--verbose"]).env("RUST_LOG", "trace"));
    pull.assert_told_nowhere(&run, &[PASSWORD, &base64(PASSWORD)]);
}

/// The registry does not take them.
pub fn wrong(world: &World) {
    let pull = closed(world, "wrong");
    pull.configure(&json!({ "auths": { pull.registry.name(): { "auth": base64("n0tit") } } }));
    let run = pull.refused(pull.onboard(&pull.by_tag()).args(&["--verbose"]).env("RUST_LOG", "trace"));
    run.names_in_message("unauthorized");
    pull.assert_told_nowhere(&run, &["n0tit", &base64("n0tit")]);
}

/// There are none for this registry.
pub fn none(world: &World) {
    let pull = closed(world, "none");
    pull.configure(&json!({ "auths": { "127.0.0.1": { "auth": base64(PASSWORD) } } }));
    let run = pull.refused(pull.onboard(&pull.by_tag()));
    run.names_in_message("no basic auth credentials");
    pull.assert_told_nowhere(&run, &[PASSWORD]);
}

/// A helper for this registry.
pub fn of_a_helper(world: &World) {
    let pull = closed(world, "helper");
    let cli = with_helper(&pull, &giving(&pull, PASSWORD));
    pull.configure(&json!({ "credHelpers": { pull.registry.name(): "test" }, "credsStore": "nowhere" }));
    let run = pull.created(cli.args(&["--verbose"]).env("RUST_LOG", "trace"));
    pull.assert_told_nowhere(&run, &[PASSWORD, &base64(PASSWORD)]);
}

/// A helper for all registries.
pub fn of_the_store(world: &World) {
    let pull = closed(world, "store");
    let cli = with_helper(&pull, &giving(&pull, PASSWORD));
    pull.configure(&json!({ "auths": { pull.registry.name(): {} }, "credsStore": "test" }));
    pull.created(cli);
}

/// The refusal says that there could have been credentials.
pub fn failing_helper(world: &World) {
    let pull = closed(world, "failing");
    let cli = with_helper(&pull, &format!("echo '{PASSWORD}'; exit 1"));
    pull.configure(&json!({ "credsStore": "test" }));
    let run = pull.refused(cli);
    run.names_in_message("docker-credential-test");
    pull.assert_told_nowhere(&run, &[PASSWORD]);
}

/// A registry that is open to all needs no helper.
pub fn failing_helper_of_no_importance(world: &World) {
    let pull = Pull::new(world, "unneeded", Fault::None);
    pull.configure(&json!({ "credsStore": "nowhere" }));
    pull.created(pull.onboard(&pull.by_tag()));
}

/// The body of a helper that has the password for this registry alone.
fn giving(pull: &Pull<'_>, password: &str) -> String {
    let answer = json!({ "ServerURL": pull.registry.name(), "Username": NAME, "Secret": password });
    format!("test \"$1 $(cat)\" = 'get {}' && cat <<'.'\n{answer}\n.", pull.registry.name())
}

/// `onboard` with `docker-credential-test` on its path.
fn with_helper(pull: &Pull<'_>, body: &str) -> Cli {
    let folder = pull.case.file("bin");
    std::fs::create_dir(&folder).unwrap();
    write_program(&folder.join("docker-credential-test"), &format!("#!/bin/sh\n{body}"));
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    pull.onboard(&pull.by_tag()).env("PATH", &path)
}
