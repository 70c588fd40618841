use engine::{CarriedPath, ImageRef};

use super::*;

/// A run whose time is over, at a daemon that is not there.
fn out_of_time(folder: &std::path::Path) -> RealHost {
    let home = folder.to_str().map(str::to_owned);
    RealHost::new(Settings {
        address: Address::Unix { path: folder.join("docker.sock") },
        state: StateDir::find(&|_| home.clone()).unwrap(),
        older: OlderTool::find(&|_| home.clone()),
        credentials: Credentials::find(&|_| home.clone()),
        time_limit: Duration::ZERO,
    })
    .unwrap()
}

#[tokio::test]
async fn neither_a_pull_nor_a_grace_uses_up_the_time_for_asking_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let container = ContainerId::new("0".repeat(64));
    let path = CarriedPath { from: "/a".to_owned(), to: "/b".to_owned() };
    for command in [
        Command::ProvideImage { reference: ImageRef::new("x:1"), source: ImageSource::Registry },
        Command::StopContainer { container: container.clone(), grace_s: 0 },
        Command::RestartContainer { container: container.clone(), grace_s: 0 },
        Command::CarryOver { from: container.clone(), to: container.clone(), paths: vec![path] },
    ] {
        let mut host = out_of_time(folder.path());
        let ended = host.ends;
        host.perform(&command).await;
        assert!(host.ends > ended, "{command:?}");
    }
    let mut host = out_of_time(folder.path());
    let ended = host.ends;
    host.perform(&Command::StartContainer { container, files: Vec::new() }).await;
    assert_eq!(host.ends, ended);
}

#[tokio::test]
async fn a_roll_back_has_a_time_limit_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let begin = |limit_ms| Command::BeginRollBack { next: ContainerId::new("0".repeat(64)), lines: 5, limit_ms };
    let mut host = out_of_time(folder.path());
    assert_eq!(host.perform(&begin(60_000)).await, Event::LogsRead { lines: Vec::new() });
    assert!(host.limit(Duration::MAX) > Duration::from_secs(50));
    let ends = host.ends;
    host.perform(&begin(1)).await;
    assert_eq!(host.ends, ends, "it never takes time away");
}
