//! What a person sees who mistypes something: stdout, stderr and exit code as one block. Nothing of it asks Docker.
//! Absent on purpose: runs that reach Docker, which are the end-to-end suite's.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up is a failed test")]

use std::io::ErrorKind;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

/// Runs the binary with nothing of this machine's environment, in a folder of its own.
fn run(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nemoclaw"));
    command.args(args).current_dir(folder).env_clear().env("NEMOCLAW_HOME", folder.join("state"));
    command.env("DOCKER_HOST", format!("unix://{}", folder.join("docker.sock").display()));
    let output = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let exit = output.status.code().unwrap();
    let block = format!("$ nemoclaw {}\n--- exit {exit}\n--- stdout\n{stdout}--- stderr\n{stderr}", args.join(" "));
    let lines: Vec<_> = block.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

/// Runs each line of flags, and sees to it that Docker was not asked and nothing was written.
fn check(name: &str, files: &[(&str, &str)], runs: &[&[&str]]) {
    let folder = tempfile::tempdir().unwrap();
    let docker = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
    docker.set_nonblocking(true).unwrap();
    files.iter().for_each(|(file, text)| std::fs::write(folder.path().join(file), text).unwrap());
    let blocks: Vec<_> = runs.iter().map(|args| run(folder.path(), args)).collect();
    insta::assert_snapshot!(name, blocks.join("\n"));
    assert_eq!(docker.accept().map(|_| ()).map_err(|none| none.kind()), Err(ErrorKind::WouldBlock), "Docker was asked");
    assert!(!folder.path().join("state").exists(), "something was written");
}

#[test]
fn help() {
    check(
        "help",
        &[],
        &[
            &[],
            &["--help"],
            &["onboard", "-h"],
            &["onboard", "--help"],
            &["status", "-h"],
            &["start", "-h"],
            &["stop", "--help"],
            &["backup", "-h"],
            &["backups", "--help"],
            &["restore", "--help"],
            &["destroy", "--help"],
            &["list", "-h"],
            &["logs", "-h"],
            &["completions", "-h"],
            &["man", "-h"],
            &["--version"],
        ],
    );
}

#[test]
fn names() {
    check(
        "names",
        &[],
        &[
            &["onboard", "--gateway", "my/gw"],
            &["onboard", "--gateway", "../etc"],
            &["status", "--gateway", "prod-next"],
            &["status", "--gateway", ""],
            &["onboard", "--gateway", "x"],
            &["onboard", "--adopt", "old volume"],
            &["onboard", "--preset", "refrence"],
            &["start", "--gateway", "prod/x"],
            &["stop", "--preset", "cluster"],
            &["logs", "--gateway", "prod-previous"],
            &["onboard", "--node-name", "node_1"],
            &["onboard", "--node-name", "-node"],
            &["onboard", "--node-name", "node-"],
            &["onboard", "--node-name", ""],
        ],
    );
}

#[test]
fn images_ports_and_times() {
    check(
        "images_ports_and_times",
        &[],
        &[
            &["onboard", "--image", "ghcr.io/Acme/gateway:1"],
            &["onboard", "--image", "gateway:"],
            &["onboard", "--image", "gateway@sha256:12"],
            &["onboard", "--port", "0"],
            &["onboard", "--port", "65536"],
            &["onboard", "--port", "http"],
            &["onboard", "--port", "65535"],
            &["logs", "--tail", "-1"],
            &["logs", "--tail", "all"],
            &["onboard", "--timeout", "90"],
            &["onboard", "--timeout", "5 fortnights"],
            &["onboard", "--timeout", "soon"],
            &["onboard", "--timeout", "0s"],
            &["status", "--timeout", "99999d"],
            &["list", "--timeout", "1"],
        ],
    );
}

#[test]
fn consent_is_the_gateways_name_typed_once_more() {
    check(
        "consent",
        &[],
        &[
            &["onboard", "--gateway", "prod", "--reset"],
            &["onboard", "--gateway", "prod", "--confirm", "prod"],
            &["onboard", "--gateway", "prod", "--reset", "--confirm", "prod-eu"],
            &["destroy", "--gateway", "prod", "--volumes"],
            &["destroy", "--gateway", "prod", "--set-aside"],
            &["destroy", "--gateway", "prod", "--confirm", "prod"],
            &["destroy", "--gateway", "prod", "--volumes", "--confirm", "prod-eu"],
        ],
    );
}

#[test]
fn a_backup_is_a_folder_with_a_manifest_that_can_be_read() {
    let newer = "{ \"schema\": 99, \"sha256\": \"\", \"backup\": {} }\n";
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| folder.path().join("state/backups/prod").join(name);
    for (name, manifest) in [("empty", None), ("garbage", Some("garbage")), ("newer", Some(newer))] {
        std::fs::create_dir_all(below(name)).unwrap();
        manifest.into_iter().for_each(|text| std::fs::write(below(name).join("manifest.json"), text).unwrap());
    }
    let docker = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
    docker.set_nonblocking(true).unwrap();
    let typed = ["absent", "prod/absent", "state/backups/prod/empty", "prod/garbage", "newer", "state"];
    let blocks: Vec<_> = typed.iter().map(|backup| run(folder.path(), &["restore", backup])).collect();
    let whole = folder.path().canonicalize().unwrap().display().to_string();
    let told = blocks.join("\n").replace(&whole, "/h");
    assert!(blocks.iter().all(|block| block.contains("--- exit 2")), "{told}");
    for (backup, says) in
        typed.iter().zip(["no such folder", "no such folder", "there is no", "damaged", "newer", "no backup"])
    {
        let block = blocks.iter().find(|block| block.starts_with(&format!("$ nemoclaw restore {backup}\n"))).unwrap();
        assert!(block.contains(says) && block.contains("nemoclaw backups"), "{block}");
    }
    assert_eq!(docker.accept().map(|_| ()).map_err(|none| none.kind()), Err(ErrorKind::WouldBlock), "Docker was asked");
    assert!(!folder.path().join("state/locks").exists() && !folder.path().join("state/traces").exists());
}

#[test]
fn spec_files() {
    let unknown_key = "name = \"mine\"\nvolumes = [\"a\"]\n";
    let no_toml = "name = \"mine\ncontainer = \"x\"\n";
    let reference = engine::BUILT_IN[0].1;
    let wrong_path = reference.replace("path = \"/data\"", "path = \"data\"");
    check(
        "spec_files",
        &[("unknown-key.toml", unknown_key), ("no.toml", no_toml), ("wrong-path.toml", &wrong_path)],
        &[
            &["onboard", "--spec", "unknown-key.toml"],
            &["onboard", "--spec", "no.toml"],
            &["status", "--spec", "wrong-path.toml"],
            &["onboard", "--spec", "absent.toml"],
            &["onboard", "--spec", "no.toml", "--preset", "reference"],
        ],
    );
}

#[test]
fn a_remote_docker_has_no_socket_for_the_default_kind() {
    let far = "tcp://127.0.0.1:1";
    check("remote", &[], &[&["onboard", "--host", far], &["onboard", "--host", far, "--preset", "openshell-gateway"]]);
}

#[test]
fn usage() {
    check(
        "usage",
        &[],
        &[
            &["onbord"],
            &["onboard", "--upgrade", "--recreate"],
            &["onboard", "--reset"],
            &["onboard", "--recreate", "--carry", "etc/key"],
            &["backups", "--gateway", "my/gw"],
            &["restore"],
            &["restore", "absent"],
            &["restore", "absent", "--gateway", "my/gw"],
            &["restore", ".", "--image", "x:1"],
            &["destroy", "--volumes", "--set-aside", "--confirm", "prod"],
            &["destroy", "--set-aside", "--confirm", "nemoclaw", "--no-backup"],
            &["destroy", "--gateway", "my/gw"],
            &["status", "--port", "1"],
            &["onboard", "--output", "yaml"],
            &["logs", "--follow", "--output", "json"],
            &["list", "--gateway", "prod"],
            &["completions", "csh"],
            &["man"],
            &["man", "absent"],
        ],
    );
}

#[test]
#[cfg(target_os = "linux")]
fn bad_input_has_its_exit_code_also_where_nobody_can_be_told() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nemoclaw"));
    let status = command.args(["status", "--gateway", "my/gw"]).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

#[test]
fn an_empty_spec_file_is_told_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty.toml"), "").unwrap();
    let told = run(folder.path(), &["status", "--spec", "empty.toml"]);
    assert!(told.contains("exit 2") && told.contains("missing field"), "{told}");
}

#[test]
fn certificates_of_docker() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nemoclaw"));
    command.arg("status").env_clear().env("NEMOCLAW_HOME", folder.path().join("state"));
    command.envs([("DOCKER_HOST", "tcp://127.0.0.1:1"), ("DOCKER_TLS_VERIFY", "1")]);
    let output = command.env("DOCKER_CERT_PATH", folder.path()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("ca.pem"), "{told}");
}
