//! A result that cannot be written: no panic, and nobody may take it for a good one.

use std::fs::File;
use std::process::Stdio;

use crate::support::{Case, Cli, Run, Suite};

/// Standard output is a device that is full: told, and a good end is none.
pub fn full(suite: &Suite) {
    let case = Case::new(suite, "outfull");
    let (_, work) = case.created();
    for line in [&["onboard"][..], &["status"], &["logs"], &["start"], &["onboard", "--dry-run"]] {
        for form in ["json", "text"] {
            assert_told(&to(full_device(), named(&case, line, form)), 1);
        }
    }
    assert_told(&to(full_device(), Cli::new(&case, &["list", "--host", &suite.address()])), 1);
    // A worse end keeps its exit code.
    std::fs::write(case.record(), "").unwrap();
    for form in ["json", "text"] {
        assert_told(&to(full_device(), named(&case, &["onboard"], form)), 3);
    }
    case.assert_kept(&work);
}

/// The same of what needs no Docker.
pub fn full_without_docker(suite: &Suite) {
    let case = Case::new(suite, "outnone");
    assert_told(&to(full_device(), Cli::new(&case, &["completions", "bash"])), 1);
    let nowhere = format!("unix://{}", case.file("nowhere.sock").display());
    for form in ["json", "text"] {
        let cli = Cli::new(&case, &["onboard", "--host", &nowhere, "--output", form]);
        assert_told(&to(full_device(), cli), 4);
    }
}

/// Nobody reads standard output: that is their own choice, and the end is what it is.
pub fn closed(suite: &Suite) {
    let case = Case::new(suite, "outclosed");
    let (_, work) = case.created();
    for line in [&["onboard"][..], &["status"], &["logs"], &["start"]] {
        for form in ["json", "text"] {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let run = to(writer.into(), named(&case, line, form));
            assert_eq!(run.code(), Some(0), "{}", run.dump());
            assert_no_bug(&run);
        }
    }
    case.assert_kept(&work);
}

/// Standard error cannot be written: the result and the exit code are the same.
pub fn deaf_standard_error(suite: &Suite) {
    let case = Case::new(suite, "errfull");
    let file = case.file("spec.toml");
    case.spec().write(&file);
    let made = case.onboard().args(&["--spec", &file.display().to_string()]);
    deaf(made).ended(0, "created", "ready");
    let work = case.put_work();
    case.daemon().stop(&case.name());
    deaf(case.onboard().args(&["--verbose"]).env("RUST_LOG", "trace")).ended(0, "recovered", "ready");
    assert_eq!(deaf(Cli::new(&case, &["onboard", "--port", "none"])).code(), Some(2));
    // Logs that cannot be printed are told on standard error.
    let nowhere = format!("unix://{}", case.file("nowhere.sock").display());
    for form in ["json", "text"] {
        let run = deaf(Cli::new(&case, &["logs", "--host", &nowhere, "--gateway", "none", "--output", form]));
        assert_eq!(run.code(), Some(4), "{}", run.dump());
    }
    case.assert_kept(&work);
}

/// `nemoclaw LINE… --gateway NAME` against the real daemon.
fn named(case: &Case<'_>, line: &[&str], form: &str) -> Cli {
    let cli = Cli::new(case, line).args(&["--gateway", case.gateway(), "--output", form]);
    cli.args(&["--host", &case.suite().address()])
}

fn full_device() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn to(stdout: Stdio, mut cli: Cli) -> Run {
    cli.command().stdout(stdout);
    cli.run()
}

fn deaf(mut cli: Cli) -> Run {
    cli.command().stderr(full_device());
    cli.run()
}

#[track_caller]
fn assert_told(run: &Run, exit: i32) {
    assert_eq!(run.code(), Some(exit), "{}", run.dump());
    assert!(run.stderr.contains("No space left"), "{}", run.dump());
    assert_no_bug(run);
}

#[track_caller]
fn assert_no_bug(run: &Run) {
    assert!(!run.stderr.contains("this is a bug"), "{}", run.dump());
}
