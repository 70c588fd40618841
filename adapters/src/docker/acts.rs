//! Carries out the engine's acts on Docker, each as one request with nothing left to choose.
//! What is so already counts as done. Absent on purpose: force, removal of anything, any prune, retries. The acts of a
//! replacement stand in `next`, `replace` and `carry`.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, ContainerCreateResponse, DeviceRequest, EndpointIpamConfig, EndpointSettings, HostConfig,
    HostConfigCgroupnsModeEnum, Mount, MountType, MountVolumeOptions, Network, NetworkConnectRequest, PortBinding,
    RestartPolicy as DockerRestartPolicy, RestartPolicyNameEnum, VolumeCreateRequest,
};
use bollard::query_parameters::{RestartContainerOptions, StopContainerOptions};
use engine::{
    ContainerId, Event, Failure, Gpu, MountSource, MountSpec, NetworkId, NetworkName, NewContainer, PortSpec,
    RestartPolicy, VolumeName, Why,
};
use hyper::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::client::Daemon;
use super::no_result::NoResult;

/// How long Docker may take, beyond the grace, to kill a process, release its mounts and answer. Docker itself waits
/// some 10 s for a killed process to end.
const STOP_MARGIN: Duration = Duration::from_secs(20);

/// How much of the last lines is kept while they are read, in bytes: more than is ever shown of them.
const LOGS_MAX_BYTES: usize = 1024 * 1024;

/// The longest log line that is kept, in characters: it is shown to a person.
const LOG_LINE_MAX_CHARS: usize = 1000;

impl Daemon {
    /// Creates a bridge network. `CheckDuplicate`, which bollard's model lacks, makes daemons before Docker 25 refuse a
    /// second network of that name; later ones always do.
    pub async fn create_network(
        &self,
        name: &NetworkName,
        labels: &BTreeMap<String, String>,
        limit: Duration,
    ) -> Event {
        let body = json!({ "Name": name.as_str(), "Driver": "bridge", "CheckDuplicate": true, "Labels": labels });
        let answer = self.send::<IgnoredAny>(Method::POST, "/networks/create", Some(&body));
        done(self.ask_to("POST /networks/create", limit, answer).await)
    }

    /// Creates a volume. Docker says the same where one of that name is there already, so the look comes first; and what
    /// it says of the volume's labels tells one that came between from one of ours.
    pub async fn create_volume(&self, name: &VolumeName, labels: &BTreeMap<String, String>, limit: Duration) -> Event {
        let body = json!(VolumeCreateRequest {
            name: Some(name.as_str().to_owned()),
            labels: Some(labels.clone().into_iter().collect()),
            ..Default::default()
        });
        let call = "POST /volumes/create";
        let answer = self.send::<VolumeCreated>(Method::POST, "/volumes/create", Some(&body));
        match self.ask_to(call, limit, answer).await {
            Ok(VolumeCreated { name: created, .. }) if created != name.as_str() => {
                let what = "it is about another volume".to_owned();
                Event::Failed { failure: Failure::Unknown { why: Why::Malformed { call: call.to_owned(), what } } }
            }
            Ok(VolumeCreated { labels: there, .. }) if there.as_ref().unwrap_or(&BTreeMap::new()) == labels => {
                Event::Done
            }
            Ok(_) => {
                let message = format!("there is a volume `{name}` already, with other labels");
                Event::Failed { failure: Failure::Rejected { status: Some(409), message } }
            }
            Err(no) => failed(no),
        }
    }

    /// Creates a container and does not start it.
    pub async fn create_container(&self, new: &NewContainer, limit: Duration) -> Event {
        let path = format!("/containers/create?name={}", new.name);
        let body = json!(creation(new));
        let answer = self.send::<ContainerCreateResponse>(Method::POST, &path, Some(&body));
        done(self.ask_to("POST /containers/create", limit, answer).await)
    }

    /// Connects a stopped container to a network. Its entry for a network of the same name that is gone is replaced by
    /// this; disconnecting first would leave a moment in which it starts with no network at all. The ID stands in the
    /// entry too: without it the start looks the name up, which several networks may bear.
    ///
    /// The network is looked up first: Docker 20.10 connects a stopped container even to a network that is not there,
    /// under the ID as its name, and the container then never starts again.
    pub async fn connect_network(
        &self,
        container: &ContainerId,
        network: &NetworkId,
        aliases: &[String],
        ipv4: Option<&str>,
        limit: Duration,
    ) -> Event {
        let path = format!("/networks/{network}");
        let call = format!("GET {path}");
        let found = self.send::<Network>(Method::GET, &path, None);
        match self.ask(&call, limit, found).await {
            Ok(found) if found.id.as_deref() == Some(network.as_str()) => {}
            Ok(_) => {
                let what = "it is about no such network".to_owned();
                return Event::Failed { failure: Failure::Unknown { why: Why::Malformed { call, what } } };
            }
            Err(no) => return failed(no),
        }
        let ipam = |ipv4: &str| EndpointIpamConfig { ipv4_address: Some(ipv4.to_owned()), ..Default::default() };
        let request = NetworkConnectRequest {
            container: container.as_str().to_owned(),
            endpoint_config: Some(EndpointSettings {
                aliases: (!aliases.is_empty()).then(|| aliases.to_vec()),
                ipam_config: ipv4.map(ipam),
                network_id: Some(network.as_str().to_owned()),
                ..Default::default()
            }),
        };
        let call = format!("POST /networks/{network}/connect");
        done(self.ask_to(&call, limit, self.docker().connect_network(network.as_str(), request)).await)
    }

    /// Starts a container.
    pub async fn start(&self, container: &ContainerId, limit: Duration) -> Event {
        let call = format!("POST /containers/{container}/start");
        done(self.ask_to(&call, limit, self.docker().start_container(container.as_str(), None)).await)
    }

    /// Unfreezes a paused container.
    pub async fn unpause(&self, container: &ContainerId, limit: Duration) -> Event {
        let call = format!("POST /containers/{container}/unpause");
        done(self.ask_to(&call, limit, self.docker().unpause_container(container.as_str())).await)
    }

    /// Stops a container, killing its process when the grace is over. A 500 is no answer here: Docker also sends it
    /// when a killed process has not ended yet, and then it may still end.
    pub async fn stop(&self, container: &ContainerId, grace_s: u32, limit: Duration) -> Event {
        let call = format!("POST /containers/{container}/stop");
        let options = StopContainerOptions { t: Some(seconds(grace_s)), signal: None };
        let answer = self.docker().stop_container(container.as_str(), Some(options));
        done(self.ask(&call, limit_of_stop(grace_s, limit), answer).await)
    }

    /// Stops a container and starts it again. A 500 is no answer here, for the same reason as in [`Self::stop`].
    pub async fn restart(&self, container: &ContainerId, grace_s: u32, limit: Duration) -> Event {
        let call = format!("POST /containers/{container}/restart");
        let options = RestartContainerOptions { t: Some(seconds(grace_s)), signal: None };
        let answer = self.docker().restart_container(container.as_str(), Some(options));
        done(self.ask(&call, limit_of_stop(grace_s, limit), answer).await)
    }

    /// Reads the last lines that a container wrote, oldest first; none where they cannot be had.
    pub async fn read_logs(&self, container: &ContainerId, lines: u32, limit: Duration) -> Event {
        let call = format!("GET /containers/{container}/logs");
        let answer = async {
            let mut written = self.logs_of(container, Some(lines), false).await?;
            let mut last = Vec::new();
            while let Some((_, part)) = written.next().await? {
                last.extend_from_slice(&part);
                if last.len() > 2 * LOGS_MAX_BYTES {
                    last.drain(..last.len() - LOGS_MAX_BYTES);
                }
            }
            Ok(last)
        };
        let last = self.ask(&call, limit, answer).await.unwrap_or_default();
        Event::LogsRead { lines: last_lines(&String::from_utf8_lossy(&last), lines) }
    }
}

/// The answer to the creation of a volume. Not bollard's model, for the reason that the list's is not either.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VolumeCreated {
    name: String,
    /// Null where it has none; an answer that does not tell is none.
    #[serde(deserialize_with = "Option::deserialize")]
    labels: Option<BTreeMap<String, String>>,
}

/// The event of an act.
pub(super) fn done<T>(result: Result<T, NoResult>) -> Event {
    match result {
        Ok(_) => Event::Done,
        Err(no) => failed(no),
    }
}

pub(super) fn failed(no: NoResult) -> Event {
    Event::Failed { failure: no.into() }
}

/// Everything about a container is said here; nothing is left to the image but its files and its environment.
fn creation(new: &NewContainer) -> ContainerCreateBody {
    let ports = published(&new.port);
    let (entrypoint, arguments) = entry_point_and_arguments(&new.command, new.keeps_entry_point);
    ContainerCreateBody {
        image: Some(new.image.as_str().to_owned()),
        entrypoint,
        cmd: arguments,
        env: Some(new.env.0.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        hostname: Some(new.hostname.clone()),
        labels: Some(new.labels.clone().into_iter().collect()),
        user: new.user.clone(),
        exposed_ports: Some(ports.keys().cloned().collect()),
        host_config: Some(HostConfig {
            mounts: Some(new.mounts.iter().map(mount).collect()),
            port_bindings: Some(ports),
            privileged: new.privileged.then_some(true),
            cgroupns_mode: new.host_cgroups.then_some(HostConfigCgroupnsModeEnum::HOST),
            extra_hosts: (!new.extra_hosts.is_empty()).then(|| new.extra_hosts.clone()),
            device_requests: new.gpu.map(|gpu| vec![devices(gpu)]),
            restart_policy: Some(restart_policy(new.restart)),
            network_mode: new.network.as_ref().map(|network| network.as_str().to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A command line as Docker takes it: what is none is the image's.
pub(super) fn entry_point_and_arguments(
    command: &[String],
    keeps_entry_point: bool,
) -> (Option<Vec<String>>, Option<Vec<String>>) {
    match command.split_first() {
        Some((program, arguments)) if !keeps_entry_point => (Some(vec![program.clone()]), Some(arguments.to_vec())),
        Some(_) => (None, Some(command.to_vec())),
        None => (None, None),
    }
}

/// The port, and that of the health endpoint where it has one of its own.
pub(super) fn published(port: &PortSpec) -> HashMap<String, Option<Vec<PortBinding>>> {
    let binding = |container: u16, host: u16| {
        let binding = PortBinding { host_ip: Some(port.host_ip.clone()), host_port: Some(host.to_string()) };
        (format!("{container}/tcp"), Some(vec![binding]))
    };
    let health = port.health.zip(port.health_on_host()).map(|(container, host)| binding(container, host));
    std::iter::once(binding(port.container, port.host)).chain(health).collect()
}

/// All GPUs of the host, as `docker run --gpus all` asks for them.
fn devices(gpu: Gpu) -> DeviceRequest {
    match gpu {
        Gpu::Cdi => DeviceRequest {
            driver: Some("cdi".to_owned()),
            device_ids: Some(vec!["nvidia.com/gpu=all".to_owned()]),
            ..Default::default()
        },
        Gpu::Nvidia => DeviceRequest {
            driver: Some("nvidia".to_owned()),
            count: Some(-1),
            capabilities: Some(vec![["gpu", "utility", "compute"].map(str::to_owned).to_vec()]),
            ..Default::default()
        },
    }
}

/// Mount syntax, by which a missing folder of the host is an error; bind syntax would make an empty one. Without
/// `NoCopy` Docker would copy the image's files into an empty volume.
pub(super) fn mount(spec: &MountSpec) -> Mount {
    let (typ, source, volume_options) = match &spec.source {
        MountSource::Volume { name } => {
            let options = MountVolumeOptions { no_copy: Some(true), ..Default::default() };
            (MountType::VOLUME, name.as_str(), Some(options))
        }
        MountSource::Bind { folder } | MountSource::Folder { folder } => (MountType::BIND, folder.as_str(), None),
        MountSource::File { file, .. } => (MountType::BIND, file.as_str(), None),
    };
    Mount {
        typ: Some(typ),
        source: Some(source.to_owned()),
        target: Some(spec.path.clone()),
        read_only: Some(spec.read_only),
        volume_options,
        ..Default::default()
    }
}

pub(super) fn restart_policy(policy: RestartPolicy) -> DockerRestartPolicy {
    let name = match policy {
        RestartPolicy::No => RestartPolicyNameEnum::NO,
        RestartPolicy::Always => RestartPolicyNameEnum::ALWAYS,
        RestartPolicy::UnlessStopped => RestartPolicyNameEnum::UNLESS_STOPPED,
        RestartPolicy::OnFailure => RestartPolicyNameEnum::ON_FAILURE,
    };
    DockerRestartPolicy { name: Some(name), maximum_retry_count: None }
}

/// A grace as Docker's API takes it.
fn seconds(grace_s: u32) -> i32 {
    i32::try_from(grace_s).unwrap_or(i32::MAX)
}

/// A stop is only given up after Docker had its whole grace.
fn limit_of_stop(grace_s: u32, limit: Duration) -> Duration {
    limit.max(Duration::from_secs(u64::from(grace_s)) + STOP_MARGIN)
}

/// Docker counts lines for each of its log's entries, of which one may hold several.
fn last_lines(text: &str, lines: u32) -> Vec<String> {
    let all: Vec<_> = text.lines().map(|line| line.chars().take(LOG_LINE_MAX_CHARS).collect()).collect();
    let first = all.len().saturating_sub(lines as usize);
    all.into_iter().skip(first).collect()
}

#[cfg(test)]
mod tests;
