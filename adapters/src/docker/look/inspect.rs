//! One container in detail, from inspect: the only place where that model of bollard's becomes the engine's. A field
//! that Docker always sends and that is missing makes the container unknown; those that it leaves null are told below.

use std::collections::BTreeMap;

use bollard::models::{
    ContainerInspectResponse, ContainerState, EndpointSettings, HostConfig, MountPoint, RestartPolicyNameEnum,
};
use engine::{
    Attachment, ContainerId, ContainerName, ContainerSeen, Env, Exit, ImageId, ImageRef, Instance, Known, NetworkId,
    NetworkName, NetworkSeen, RestartPolicy, Status, Why,
};
use serde_json::Value;

use super::ask::read;
use super::field::{Unreadable, need, need_text, text_or_none};
use super::mounts::Folders;
use super::{mounts, networks, ports};

/// An answer to `GET /containers/KEY/json`, of which so far only the identity is read.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Its ID.
    pub id: ContainerId,
    /// Its name.
    pub name: ContainerName,
    call: String,
    status: Option<String>,
    answer: ContainerInspectResponse,
}

impl Inspected {
    /// Reads whose answer it is. The word for its status is taken out first: bollard's model knows no other than
    /// Docker's of today.
    pub fn read(call: String, mut answer: Value) -> Result<Self, Why> {
        let word = answer.pointer_mut("/State/Status").map(Value::take);
        let status = word.and_then(|word| word.as_str().map(str::to_owned));
        let answer = serde_json::from_value::<ContainerInspectResponse>(answer);
        let answer = read(&call, answer.map_err(|error| Unreadable::new(error.to_string())))?;
        let id = read(&call, need_text(answer.id.clone(), "Id"))?;
        let name = read(&call, need_text(answer.name.clone(), "Name"))?;
        let name = ContainerName::new(name.strip_prefix('/').unwrap_or(&name));
        Ok(Self { id: ContainerId::new(id), name, call, status, answer })
    }

    /// Whether both answers give the same status.
    pub fn has_status_of(&self, other: &Self) -> bool {
        self.status == other.status
    }

    /// Its mounts as Docker tells them; empty where that is missing, which [`Inspected::seen`] does not let pass.
    pub fn mount_points(&self) -> &[MountPoint] {
        self.answer.mounts.as_deref().unwrap_or_default()
    }

    /// Only its status and how it ended last.
    pub fn status_and_exit(self) -> Result<(Known<Status>, Exit), Why> {
        let fields = || {
            let state = need(self.answer.state, "State")?;
            let status = status(&need_text(self.status, "State.Status")?);
            Ok((status, exit(&state, need(self.answer.restart_count, "RestartCount")?)?))
        };
        read(&self.call, fields())
    }

    /// All of it. The daemon's networks say which of its own are still there.
    pub fn seen(self, folders: &Folders, networks: &Result<Vec<NetworkSeen>, Why>) -> Result<ContainerSeen, Why> {
        let attached = self.answer.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
        let networks = match networks {
            Ok(networks) => networks.as_slice(),
            Err(why) if attached.is_some_and(|attached| !attached.is_empty()) => return Err(why.clone()),
            Err(_) => &[],
        };
        read(&self.call, container(self.id, self.name, self.status, self.answer, folders, networks))
    }
}

fn container(
    id: ContainerId,
    name: ContainerName,
    status_word: Option<String>,
    answer: ContainerInspectResponse,
    folders: &Folders,
    networks: &[NetworkSeen],
) -> Result<ContainerSeen, Unreadable> {
    let state = need(answer.state, "State")?;
    let config = need(answer.config, "Config")?;
    let host = need(answer.host_config, "HostConfig")?;
    let settings = need(answer.network_settings, "NetworkSettings")?;
    let status = status(&need_text(status_word, "State.Status")?);
    let attached = need(settings.networks, "NetworkSettings.Networks")?;
    let attached: BTreeMap<_, _> = attached.into_iter().collect();
    let attached = attached.into_iter().map(|(key, endpoint)| attachment(&id, key, endpoint, networks)).collect();
    let command = [need_text(answer.path, "Path")?].into_iter().chain(need(answer.args, "Args")?).collect();
    Ok(ContainerSeen {
        id,
        name,
        exit: exit(&state, need(answer.restart_count, "RestartCount")?)?,
        instance: Instance::new(need_text(state.started_at, "State.StartedAt")?),
        image: ImageRef::new(need_text(config.image, "Config.Image")?),
        image_id: ImageId::new(need_text(answer.image, "Image")?),
        command,
        env: env(config.env),
        // Null where neither container nor image has any.
        labels: config.labels.unwrap_or_default().into_iter().collect(),
        mounts: mounts::seen(&need(answer.mounts, "Mounts")?, folders)?,
        networks: attached,
        ports: ports::seen(&host, settings.ports.unwrap_or_default(), status.known() == Some(&Status::Running))?,
        restart: restart(&host)?,
        auto_remove: need(host.auto_remove, "HostConfig.AutoRemove")?,
        // Empty where the container shares the host's network or another container's, and was not started yet.
        hostname: need(config.hostname, "Config.Hostname")?,
        status,
    })
}

/// The status by Docker's word for it: `State.Running` is also true for a paused or restarting container. While a
/// container is being removed, and in a word of another engine (Podman's `stopped`, `configured`), it is unknown.
fn status(word: &str) -> Known<Status> {
    Known::Known(match word {
        "created" => Status::Created,
        "running" => Status::Running,
        "paused" => Status::Paused,
        "restarting" => Status::Restarting,
        "exited" => Status::Exited,
        "dead" => Status::Dead,
        other => return Known::Unknown(Why::Unsettled { status: other.to_owned() }),
    })
}

fn exit(state: &ContainerState, restarts: i64) -> Result<Exit, Unreadable> {
    Ok(Exit {
        code: need(state.exit_code, "State.ExitCode")?,
        oom: need(state.oom_killed, "State.OOMKilled")?,
        error: need(state.error.clone(), "State.Error")?,
        restarts: u64::try_from(restarts).map_err(|_| Unreadable::new("`RestartCount` is negative"))?,
    })
}

/// Null where none is set. An entry without `=` takes the image's variable away, so that there is none.
fn env(entries: Option<Vec<String>>) -> Env {
    let pairs = entries.unwrap_or_default();
    let pairs = pairs.iter().filter_map(|entry| entry.split_once('='));
    Env(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Docker's names for its restart policies; the empty one is what `no` is called where a client sends none.
fn restart(host: &HostConfig) -> Result<RestartPolicy, Unreadable> {
    let policy = need(host.restart_policy.as_ref(), "HostConfig.RestartPolicy")?;
    Ok(match need(policy.name, "HostConfig.RestartPolicy.Name")? {
        RestartPolicyNameEnum::EMPTY | RestartPolicyNameEnum::NO => RestartPolicy::No,
        RestartPolicyNameEnum::ALWAYS => RestartPolicy::Always,
        RestartPolicyNameEnum::UNLESS_STOPPED => RestartPolicy::UnlessStopped,
        RestartPolicyNameEnum::ON_FAILURE => RestartPolicy::OnFailure,
    })
}

/// What it has of a network, which Docker keys by the network's name, or by its ID where it was created so.
fn attachment(container: &ContainerId, key: String, endpoint: EndpointSettings, all: &[NetworkSeen]) -> Attachment {
    // Empty before the first start.
    let id = text_or_none(endpoint.network_id).map(NetworkId::new);
    let short = container.as_str().get(..12).unwrap_or(container.as_str());
    let mut aliases = endpoint.aliases.unwrap_or_default();
    aliases.retain(|alias| alias != short);
    Attachment {
        exists: networks::exists(all, &key, id.as_ref()),
        network: NetworkName::new(key),
        id,
        aliases,
        ipv4: endpoint.ipam_config.and_then(|ipam| text_or_none(ipam.ipv4_address)),
    }
}

#[cfg(test)]
mod tests {
    use engine::{MountedSource, VolumeName};
    use serde_json::json;

    use super::*;
    use crate::docker::look::fixtures::{GATEWAY, inspected, networks_listed};

    fn read_json(answer: &Value) -> Result<ContainerSeen, Why> {
        inspected(answer)?.seen(&Folders::default(), &Ok(networks_listed()))
    }

    fn fixture(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_whole_answer_is_read_field_by_field() {
        let seen = read_json(&fixture(GATEWAY)).unwrap();
        assert_eq!(seen.name.as_str(), "h-b-gw");
        assert_eq!(seen.id.as_str().len(), 64);
        assert_eq!(seen.status, Known::Known(Status::Running));
        assert_eq!(seen.exit, Exit::default());
        assert_eq!(seen.instance.as_str(), "2026-11-24T21:46:21.058819732Z");
        assert_eq!((seen.image.as_str(), &seen.image_id.as_str()[..7]), ("h-b-img:1", "sha256:"));
        assert_eq!(seen.command, ["/pause", "--x"]);
        assert_eq!(seen.env.0, BTreeMap::from([("A", "b"), ("EMPTY", "")].map(|(k, v)| (k.into(), v.into()))));
        assert_eq!(seen.labels["io.nemoclaw.gateway"], "h-b-gw");
        assert_eq!(seen.mounts.len(), 1);
        assert_eq!((seen.mounts[0].path.as_str(), seen.mounts[0].writable), ("/data", true));
        assert_eq!(seen.mounts[0].source, MountedSource::Volume { name: VolumeName::new("h-b-data") });
        assert_eq!(seen.networks.len(), 1);
        assert_eq!((seen.networks[0].network.as_str(), seen.networks[0].exists), ("h-b-net", true));
        assert_eq!(seen.networks[0].aliases, ["gw", "node-1"], "less the short ID");
        assert_eq!((seen.ports.len(), seen.ports[0].host, seen.ports[0].published), (1, Some(18931), true));
        assert_eq!(
            (seen.restart, seen.auto_remove, seen.hostname.as_str()),
            (RestartPolicy::UnlessStopped, false, "node-1")
        );
    }

    #[test]
    fn a_container_never_started_pins_no_network_and_keeps_the_address_asked_for() {
        let seen = read_json(&fixture(include_str!("fixtures/created.json"))).unwrap();
        assert_eq!(seen.status, Known::Known(Status::Created));
        assert!(!seen.mounts[0].writable && !seen.lacks_ports());
        let attachment = &seen.networks[0];
        assert_eq!((&attachment.id, attachment.exists, attachment.ipv4.as_deref()), (&None, true, Some("172.31.0.9")));
    }

    #[test]
    fn what_docker_leaves_null_is_empty() {
        let seen = read_json(&fixture(include_str!("fixtures/bare.json"))).unwrap();
        assert!(seen.env.0.is_empty() && seen.labels.is_empty() && seen.mounts.is_empty() && seen.ports.is_empty());
        assert_eq!(seen.restart, RestartPolicy::No);
        let seen = read_json(&fixture(include_str!("fixtures/shared.json"))).unwrap();
        assert!(seen.networks.is_empty() && seen.ports.is_empty());
    }

    #[test]
    fn a_field_that_docker_always_sends_is_never_made_up() {
        let fields = [
            "/Id",
            "/Name",
            "/State",
            "/Path",
            "/Args",
            "/Image",
            "/RestartCount",
            "/Mounts",
            "/Config",
            "/HostConfig",
            "/NetworkSettings",
            "/State/Status",
            "/State/ExitCode",
            "/State/OOMKilled",
            "/State/Error",
            "/State/StartedAt",
            "/Config/Image",
            "/Config/Hostname",
            "/HostConfig/NetworkMode",
            "/HostConfig/RestartPolicy",
            "/HostConfig/RestartPolicy/Name",
            "/HostConfig/AutoRemove",
            "/NetworkSettings/Networks",
            "/Mounts/0/Type",
            "/Mounts/0/Name",
            "/Mounts/0/Destination",
            "/Mounts/0/RW",
        ];
        for field in fields {
            let (parent, key) = field.rsplit_once('/').unwrap();
            for value in [None, Some(Value::Null)] {
                let mut answer = fixture(GATEWAY);
                let parent = answer.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                parent.remove(key).unwrap();
                if let Some(null) = value {
                    parent.insert(key.to_owned(), null);
                }
                match read_json(&answer) {
                    Err(Why::Malformed { what, .. }) => assert!(what.contains(key), "{field}: {what}"),
                    other => panic!("without {field}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_status_on_the_way_to_another_is_unknown() {
        for status in ["removing", "stopping", "stopped", "configured"] {
            let mut answer = fixture(GATEWAY);
            answer["State"]["Status"] = json!(status);
            let unsettled = Known::Unknown(Why::Unsettled { status: status.into() });
            assert_eq!(read_json(&answer).unwrap().status, unsettled);
        }
    }

    #[test]
    fn a_paused_container_is_not_running_although_docker_says_so_too() {
        let mut answer = fixture(GATEWAY);
        answer["State"]["Status"] = json!("paused");
        assert_eq!(read_json(&answer).unwrap().status, Known::Known(Status::Paused));
    }

    #[test]
    fn a_network_that_is_gone_is_told_and_one_that_cannot_be_asked_for_makes_the_container_unknown() {
        let gateway = || inspected(&fixture(GATEWAY)).unwrap();
        let seen = gateway().seen(&Folders::default(), &Ok(Vec::new())).unwrap();
        assert!(!seen.networks[0].exists);
        let why = Why::TimedOut { call: "GET /networks".into() };
        assert_eq!(gateway().seen(&Folders::default(), &Err(why.clone())), Err(why.clone()));
        let shared = inspected(&fixture(include_str!("fixtures/shared.json"))).unwrap();
        assert!(shared.seen(&Folders::default(), &Err(why)).is_ok(), "it has no networks that could be gone");
    }
}
