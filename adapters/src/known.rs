//! Which gateways there are: those of the records, and those that labels name. Only names; how each stands is another
//! question. What cannot be read is an error or unknown, never "there are none". Absent on purpose: any look into a
//! record, and gateways made by others, which carry no label and have no record.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::time::Duration;

use engine::{GatewayName, LABEL_GATEWAY, Why};
use hyper::Method;
use serde::Deserialize;

use crate::docker::{Address, Daemon, NoResult};
use crate::state::{StateDir, is_truly_absent};

/// Every gateway that the label of a container, in any state, or of a volume names at this Docker, whoever's state
/// directory it was made from. Each of the two questions is answered within `limit`.
///
/// # Errors
/// Why one of the two lists could not be had.
pub async fn gateways_by_label(address: &Address, limit: Duration) -> Result<BTreeSet<GatewayName>, Why> {
    let daemon =
        Daemon::new(address.clone()).map_err(|bad| Why::NotVisible { what: format!("Docker's address {bad}") })?;
    // No filter: Docker's own could hide one.
    let containers = daemon.send::<Vec<Labelled>>(Method::GET, "/containers/json?all=1", None);
    let volumes = daemon.send::<Volumes>(Method::GET, "/volumes", None);
    let (containers, volumes) = tokio::join!(
        daemon.ask("GET /containers/json?all=1", limit, containers),
        daemon.ask("GET /volumes", limit, volumes)
    );
    let containers = containers.map_err(|no| why("GET /containers/json?all=1", no))?;
    let volumes = volumes.map_err(|no| why("GET /volumes", no))?.volumes.unwrap_or_default();
    Ok(containers.into_iter().chain(volumes).filter_map(Labelled::gateway).collect())
}

/// A list always has an answer: a "no" tells nothing of what is there.
fn why(call: &str, no: NoResult) -> Why {
    let said = |status, message| Why::BadStatus { call: call.to_owned(), status, message };
    match no {
        NoResult::NotFound { message } => said(404, message),
        NoResult::Rejected { status, message } => said(status, message),
        NoResult::Unknown { why } => why,
    }
}

/// The labels of a container or a volume: null where it has none.
#[derive(Deserialize)]
struct Labelled {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

impl Labelled {
    /// The gateway that it names. A text that is no gateway's name was not written by us.
    fn gateway(self) -> Option<GatewayName> {
        GatewayName::parse(self.labels?.get(LABEL_GATEWAY)?).ok()
    }
}

/// `GET /volumes`: null where there are none.
#[derive(Deserialize)]
struct Volumes {
    #[serde(rename = "Volumes")]
    volumes: Option<Vec<Labelled>>,
}

impl StateDir {
    /// Every gateway of which there is a record, usable or not. A folder that is truly not there holds none.
    ///
    /// # Errors
    /// What the system says when the folder cannot be read.
    pub fn recorded(&self) -> io::Result<BTreeSet<GatewayName>> {
        let folder = self.path().join("gateways");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A file in it would be hidden by what hides the folder, or by the folder's being a link itself.
                return is_truly_absent(&folder.join("any")).map(|()| BTreeSet::new());
            }
            Err(error) => return Err(error),
        };
        let mut names = BTreeSet::new();
        for entry in entries {
            names.extend(of_file(&entry?.file_name()));
        }
        Ok(names)
    }
}

/// The gateway whose record a file of this name is. Kept records and those not written to their end are none.
fn of_file(name: &OsStr) -> Option<GatewayName> {
    GatewayName::parse(name.to_str()?.strip_suffix(".json")?).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::fake_daemon::{listen, read_request};

    const LIMIT: Duration = Duration::from_secs(60);

    /// A daemon that answers each request with what `answer` makes of its path.
    fn daemon(answer: impl Fn(&str) -> String + Send + 'static) -> (tempfile::TempDir, Address) {
        listen(move |mut stream| {
            let line = read_request(&mut stream).unwrap_or_default();
            // A client that has heard enough may be gone.
            let _ = stream.write_all(answer(line.split(' ').nth(1).unwrap_or_default()).as_bytes());
        })
    }

    fn json(status: u16, body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 {status} X\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
    }

    fn names(names: &BTreeSet<GatewayName>) -> Vec<&str> {
        names.iter().map(GatewayName::as_str).collect()
    }

    #[tokio::test]
    async fn gateways_are_named_by_containers_and_by_volumes() {
        let (_folder, address) = daemon(|path| match path {
            "/containers/json?all=1" => json(
                200,
                r#"[{"Labels":{"io.nemoclaw.gateway":"prod"}},{"Labels":null},{},
                    {"Labels":{"io.nemoclaw.gateway":"../x"}},{"Labels":{"io.nemoclaw.gateway.x":"no"}}]"#,
            ),
            _ => json(200, r#"{"Volumes":[{"Labels":{"io.nemoclaw.gateway":"left"}},{"Labels":{}}]}"#),
        });
        assert_eq!(names(&gateways_by_label(&address, LIMIT).await.unwrap()), ["left", "prod"]);
    }

    #[tokio::test]
    async fn half_an_answer_is_unknown() {
        for broken in ["/containers/json?all=1", "/volumes"] {
            let (_folder, address) = daemon(move |path| match path {
                path if path == broken => json(500, r#"{"message":"no"}"#),
                "/volumes" => json(200, r#"{"Volumes":null}"#),
                _ => json(200, "[]"),
            });
            let unknown = gateways_by_label(&address, LIMIT).await.unwrap_err();
            assert!(matches!(unknown, Why::BadStatus { status: 500, .. }), "{unknown}");
        }
    }

    #[test]
    fn records_are_told_from_what_lies_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let state = |name: &str| {
            let path = folder.path().to_str().unwrap().to_owned();
            (name == "NEMOCLAW_HOME").then_some(path)
        };
        let state = StateDir::find(&state).unwrap();
        assert!(state.recorded().unwrap().is_empty());
        let gateways = folder.path().join("gateways");
        fs::create_dir(&gateways).unwrap();
        for file in ["prod.json", "b.json.json", ".prod.json.abc-new", "prod.json.1-kept", "prod-next.json", "x"] {
            fs::write(gateways.join(file), "").unwrap();
        }
        assert_eq!(names(&state.recorded().unwrap()), ["b.json", "prod"]);
        fs::remove_dir_all(&gateways).unwrap();
        fs::write(&gateways, "").unwrap();
        assert!(state.recorded().is_err());
        fs::remove_file(&gateways).unwrap();
        std::os::unix::fs::symlink(folder.path().join("a disk that is not mounted"), &gateways).unwrap();
        assert!(state.recorded().is_err(), "what a link hides is not absent");
    }
}
