//! Follows the advice of a refusal: each is one command, and this is the shell that knows those commands.

use super::case::Case;
use super::cli::{Cli, Run};

/// Does what an advice says, to the letter: it names the daemon that the refused run was told of. Where it is a command
/// of nemoclaw's, how that ended.
///
/// # Panics
/// When it is no command that a person could type as it stands, or that this shell knows.
#[track_caller]
pub fn follow(case: &Case<'_>, refused: &Run) -> Option<Run> {
    let advice = refused.text("advice");
    let words = words(advice);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["docker", "--host", _, "stop", container] => case.daemon().stop(container),
        ["docker", "--host", _, "rename", container, to] => case.daemon().rename(container, to),
        ["mv", ..] => {
            let done = std::process::Command::new("sh").args(["-c", advice]).status().unwrap();
            assert!(done.success(), "{advice}: {done}");
        }
        ["nemoclaw", args @ ..] => return Some(Cli::new(case, args).args(&["--output", "json"]).run()),
        [..] => panic!("`{advice}` is no advice that leads out by itself\n{}", refused.dump()),
    }
    None
}

/// Splits as a shell does, as far as advices need it: at spaces, but not within single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is a first word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
