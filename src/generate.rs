//! `nemoclaw completions` and `nemoclaw man`: what clap knows of the command line, in the forms that shells and `man`
//! read. Absent on purpose: commands that are not for people.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Args;
use crate::bad_input::BadInput;
use crate::view;

/// The name that people type.
const NAME: &str = "nemoclaw";

/// Prints the script of a shell.
///
/// # Errors
/// It is not text.
pub fn completions(shell: Shell) -> io::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible(), NAME, &mut script);
    Ok(view::put(&String::from_utf8(script).map_err(io::Error::other)?, 0))
}

/// Writes a page for each command.
///
/// # Errors
/// The folder cannot be written to.
pub fn man(folder: &Path) -> Result<ExitCode, BadInput> {
    clap_mangen::generate_to(Args::command(), folder).map_err(|error| {
        let name = folder.display().to_string();
        BadInput::flag("man", &name, 0..name.len(), error.to_string())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The command line without the commands that are not for people: clap's scripts would complete them, too.
fn visible() -> Command {
    let all = Args::command();
    let commands = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    Command::new(NAME).args(all.get_arguments().cloned()).subcommands(commands)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_what_is_for_people_is_completed_and_described() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut visible(), NAME, &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("onboard") && script.contains("node-name"), "{shell}");
            assert!(!script.contains("reference-gateway"), "{shell}");
        }
        let folder = tempfile::tempdir().unwrap();
        man(folder.path()).unwrap();
        let pages: BTreeSet<_> =
            std::fs::read_dir(&folder).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
        let commands = visible();
        let page = |command: &Command| format!("{NAME}-{}.1", command.get_name());
        let expected = commands.get_subcommands().map(page).chain([format!("{NAME}.1")]).collect();
        assert_eq!(pages, expected);
    }
}
