//! What `nemoclaw-sim` says of a scenario that cannot be used: file, line and the word that was probably meant, and exit
//! code 2.

use std::process::{Command, Output};

/// Runs a scenario whose text ends like this.
#[expect(clippy::expect_used, reason = "a mistake of the test itself may panic")]
fn run(name: &str, rest: &str) -> (Output, String) {
    let file = std::env::temp_dir().join(format!("nemoclaw-sim-{}-{name}.toml", std::process::id()));
    std::fs::write(&file, format!("story = \"A test.\"\n{rest}")).expect("the file can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_nemoclaw-sim")).arg("run").arg(&file).output().expect("it runs");
    std::fs::remove_file(&file).expect("the file is there");
    (output, file.display().to_string())
}

/// Asserts that it is refused, in this line, with these words.
fn refused(name: &str, rest: &str, line: usize, says: &str) {
    let (output, file) = run(name, rest);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr, format!("error: {file}:{line}: {says}\n"));
}

#[test]
fn a_scenario_that_can_be_used_is_run() {
    let (output, _) =
        run("usable", "schema = 1\n[world]\nacts = [{ act = \"stop\" }]\n[holds]\noutcome = \"recovered\"\n");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_unknown_act_is_refused_with_the_nearest() {
    let says = "there is no word `stopp`; did you mean `stop`?";
    refused("act", "[world]\nacts = [\n  { act = \"pause\" },\n  { act = \"stopp\" },\n]\n", 5, says);
}

#[test]
fn an_unknown_fault_is_refused_with_the_nearest() {
    let says = "there is no word `hang`; did you mean `hangs`?";
    refused("fault", "[[rules]]\nwhen = { command = \"observe\" }\nwhat = { kind = \"hang\" }\n", 4, says);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    refused("key", "[holds]\noutcom = \"reused\"\n", 3, "there is no key `outcom`; did you mean `outcome`?");
}

#[test]
fn a_key_beside_an_act_that_takes_none_is_refused() {
    refused("stray", "[world]\nacts = [{ act = \"cut-power\", force = true }]\n", 3, "there is no key `force` here");
    refused(
        "of-one",
        "[world]\nacts = [{ act = \"stop\", force = true }]\n",
        3,
        "there is no key `force`; there are container",
    );
}

#[test]
fn a_newer_form_is_refused_before_its_words_are() {
    let says = "schema 2 is newer than this version, which knows 1";
    refused("schema", "schema = 2\n[holds]\nfuture = true\n", 2, says);
}

#[test]
fn a_trigger_that_can_never_fire_is_refused() {
    let rule = |when: &str, kind: &str| format!("\n[[rules]]\nwhen = {{ {when} }}\nwhat = {{ kind = \"{kind}\" }}\n");
    let command = rule("command = \"start-containers\"", "hangs");
    refused("command", &command, 3, "there is no command `start-containers`; did you mean `start-container`?");
    let call = rule("command = \"create-container\", call = \"health\"", "hangs");
    refused("call", &call, 3, "`create-container` never makes the call `health`; it makes `change`");
    refused("nth", &rule("nth = 0", "hangs"), 3, "`nth` counts from 1");
    let late = rule("command = \"observe\", at = \"after\"", "hangs");
    let says = "`hangs` is what becomes of an answer: after it, it is too late; leave out `at`";
    refused("late", &late, 3, says);
}

#[test]
fn a_trigger_that_never_fires_in_its_world_is_told() {
    let rules = "\n[[rules]]\nwhen = { command = \"observe\" }\nwhat = { kind = \"hangs\" }\n\n\
                 [[rules]]\nwhen = { command = \"create-container\" }\nwhat = { kind = \"hangs\" }\n";
    refused("fires", rules, 7, "this rule never comes to hold");
}
