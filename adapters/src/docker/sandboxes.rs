//! Lists the sandboxes that Docker itself can tell of: containers beside the gateway's, or what a program in the
//! gateway's container prints. Anything but a whole list is unknown. Absent on purpose: doing anything to them.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::body_full;
use bollard::errors::Error;
use bollard::models::ExecConfig;
use bytes::Bytes;
use engine::{ContainerId, Known, SandboxName, Why};
use hyper::Method;
use serde::Deserialize;

use super::client::Daemon;
use super::streamed::{NotInForm, Stream, Written};

/// The most that is read of what a program prints: some ten thousand sandboxes.
const PRINTED_MAX_BYTES: usize = 16 * 1024 * 1024;

/// The sandboxes' names, and their statuses where those are told.
type Sandboxes = BTreeMap<SandboxName, Option<String>>;

/// A container of the list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sibling {
    labels: Option<BTreeMap<String, String>>,
    state: Option<String>,
}

/// A Kubernetes list.
#[derive(Deserialize)]
struct KubernetesList {
    items: Vec<KubernetesItem>,
}

#[derive(Deserialize)]
struct KubernetesItem {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

impl Daemon {
    /// The sandboxes that are containers of this daemon, by a label that each bears (`key=value`), each with Docker's
    /// word for its status. A sandbox of several containers is told by the one that runs.
    pub(crate) async fn siblings(&self, label: &str, name_label: &str, limit: Duration) -> Known<Sandboxes> {
        const CALL: &str = "GET /containers/json?all=1";
        // No filter of Docker's: a list that it may have cut short would look like a loss.
        let answer =
            self.ask(CALL, limit, self.send::<Vec<Sibling>>(Method::GET, "/containers/json?all=1", None)).await;
        match answer {
            Ok(all) => named(all, label, name_label).map_or_else(|what| malformed(CALL, what), Known::Known),
            Err(no) => Known::Unknown(no.into_why(CALL)),
        }
    }

    /// The sandboxes that a program in the gateway's container prints as a Kubernetes list. It is a read, and has a time
    /// limit of its own inside.
    pub(crate) async fn printed(
        &self,
        container: &ContainerId,
        command: &[String],
        limit: Duration,
    ) -> Known<Sandboxes> {
        let call = format!("POST /containers/{container}/exec");
        let printed = match self.ask(&call, limit, self.run(container, command)).await {
            Ok(printed) => printed,
            Err(no) => return Known::Unknown(no.into_why(&call)),
        };
        if printed.exit != Some(0) {
            let exit = printed.exit.map_or_else(|| "an unknown code".to_owned(), |exit| format!("code {exit}"));
            return malformed(&call, format!("the program that lists the sandboxes ended with {exit}"));
        }
        match serde_json::from_slice::<KubernetesList>(&printed.text) {
            Ok(list) => {
                let names = list.items.into_iter().map(|item| (SandboxName::new(item.metadata.name), None));
                Known::Known(names.collect())
            }
            Err(error) => malformed(&call, format!("what the program printed is no list of sandboxes: {error}")),
        }
    }

    async fn run(&self, container: &ContainerId, command: &[String]) -> Result<Printed, Error> {
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.to_vec()),
            ..Default::default()
        };
        let exec = self.docker().create_exec(container.as_str(), config).await?;
        // It is sent nothing, so that the connection need not become its own.
        let start = self.request(Method::POST, &format!("/exec/{}/start", exec.id));
        let mut written = Written::of(self.open(start.body(body_full(Bytes::from_static(b"{}")))?).await?);
        let mut text = Vec::new();
        while let Some((stream, piece)) = written.next().await? {
            match stream {
                Stream::Output if text.len() + piece.len() > PRINTED_MAX_BYTES => {
                    return Err(NotInForm("the program printed more than any list of sandboxes").into());
                }
                Stream::Output => text.extend_from_slice(&piece),
                Stream::Errors => {}
            }
        }
        Ok(Printed { text, exit: self.docker().inspect_exec(&exec.id).await?.exit_code })
    }
}

/// What a program printed, and how it ended.
struct Printed {
    text: Vec<u8>,
    exit: Option<i64>,
}

/// Those that bear the label, by their names.
fn named(all: Vec<Sibling>, label: &str, name_label: &str) -> Result<Sandboxes, String> {
    let (key, value) = label.split_once('=').unwrap_or((label, ""));
    let mut sandboxes = Sandboxes::new();
    for sibling in all {
        let labels = sibling.labels.unwrap_or_default();
        if labels.get(key).map(String::as_str) != Some(value) {
            continue;
        }
        let Some(name) = labels.get(name_label) else {
            return Err(format!("a container with the label `{label}` has no label `{name_label}`"));
        };
        let status = sandboxes.entry(SandboxName::new(name.as_str())).or_default();
        if status.as_deref() != Some("running") {
            *status = sibling.state;
        }
    }
    Ok(sandboxes)
}

fn malformed(call: &str, what: String) -> Known<Sandboxes> {
    Known::Unknown(Why::Malformed { call: call.to_owned(), what })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sibling(labels: &[(&str, &str)], state: &str) -> Sibling {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Sibling { labels: Some(labels), state: Some(state.to_owned()) }
    }

    #[test]
    fn siblings_are_told_by_their_label_and_a_stopped_one_is_there() {
        let all = vec![
            sibling(&[("m", "openshell"), ("n", "one")], "exited"),
            sibling(&[("m", "openshell"), ("n", "two")], "running"),
            sibling(&[("m", "openshell"), ("n", "two")], "exited"),
            sibling(&[("m", "other"), ("n", "three")], "running"),
            sibling(&[], "running"),
        ];
        let told = named(all, "m=openshell", "n").unwrap();
        let told: Vec<_> = told.iter().map(|(name, status)| (name.as_str(), status.as_deref())).collect();
        assert_eq!(told, [("one", Some("exited")), ("two", Some("running"))]);
    }

    #[test]
    fn a_sandbox_without_a_name_makes_the_list_unknown() {
        assert!(named(vec![sibling(&[("m", "openshell")], "exited")], "m=openshell", "n").is_err());
    }
}
