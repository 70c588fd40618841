use engine::ImageRef;

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
    for command in [
        Command::ProvideImage { reference: ImageRef::new("x:1"), source: ImageSource::Registry },
        Command::StopContainer { container: container.clone(), grace_s: 0 },
        Command::RestartContainer { container: container.clone(), grace_s: 0 },
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
