//! The labels that objects made by us carry, and what they tell a later run that has no record. Gateways made by others
//! carry none. Environment values never go into labels: anyone who may list containers reads them.

use std::collections::BTreeMap;

use crate::container::ContainerSeen;
use crate::names::{GatewayName, PresetName};
use crate::spec::{Env, GatewaySpec, RestartPolicy};

/// Whose it is: the gateway's name.
pub const GATEWAY: &str = "io.nemoclaw.gateway";
/// Of which preset.
pub const PRESET: &str = "io.nemoclaw.preset";
/// The spec it was made from, as JSON, without environment values.
pub const SPEC: &str = "io.nemoclaw.spec";
/// The node name that the data is keyed by.
pub const NODE_NAME: &str = "io.nemoclaw.node-name";
/// What part a container plays in a replacement.
pub const ROLE: &str = "io.nemoclaw.role";
/// The role of a container that is to take the gateway's place.
pub const ROLE_NEXT: &str = "next";
/// The ID of the container that this one is to replace.
pub const REPLACES: &str = "io.nemoclaw.replaces";
/// The restart policy that this one is to have once it has taken its place.
pub const RESTART: &str = "io.nemoclaw.restart";
/// The role of a container that is never started and through which volumes are read.
pub const ROLE_HELPER: &str = "helper";
/// The ID of the container that was stopped for a helper, and that is to run again when the helper has done its part.
pub const STOPPED: &str = "io.nemoclaw.stopped";

/// The backup that a volume was made to be restored from.
pub const RESTORED: &str = "io.nemoclaw.restored-from";
/// The name that a restored volume had when it was backed up.
pub const RESTORED_AS: &str = "io.nemoclaw.restored-as";

/// The labels for an object of this gateway that is made now.
pub fn labels(gateway: &GatewayName, spec: &GatewaySpec, node_name: &str) -> BTreeMap<String, String> {
    let mut told = spec.clone();
    told.env = Env::default();
    let mut labels = owner(gateway, spec);
    labels.insert(NODE_NAME.to_owned(), node_name.to_owned());
    if let Ok(json) = serde_json::to_string(&told) {
        labels.insert(SPEC.to_owned(), json);
    }
    labels
}

/// The labels that only say whose an object is.
pub fn owner(gateway: &GatewayName, spec: &GatewaySpec) -> BTreeMap<String, String> {
    BTreeMap::from([(GATEWAY.to_owned(), gateway.to_string()), (PRESET.to_owned(), spec.preset.to_string())])
}

/// The spec that an object's labels tell, if they tell one that this version understands. Environment values are
/// not in it.
pub fn spec_of(labels: &BTreeMap<String, String>) -> Option<GatewaySpec> {
    serde_json::from_str(labels.get(SPEC)?).ok()
}

/// The gateway that an object's labels name.
pub fn gateway_of(labels: &BTreeMap<String, String>) -> Option<&str> {
    labels.get(GATEWAY).map(String::as_str)
}

/// The preset that an object's labels name.
pub fn preset_of(labels: &BTreeMap<String, String>) -> Option<PresetName> {
    labels.get(PRESET).map(|name| PresetName::new(name.as_str()))
}

/// A program other than us that owns a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// Its name.
    pub name: &'static str,
    /// Its command that replaces the container.
    pub replaces: String,
    /// Its command that removes the container, and no volume.
    pub removes: String,
}

/// The program other than us that owns a container, by the labels that these programs set (docker-compose, Docker Swarm,
/// Kubernetes' dockershim).
pub fn manager_of(labels: &BTreeMap<String, String>) -> Option<Manager> {
    let manager = |name, replaces, removes| Manager { name, replaces, removes };
    if let Some(project) = labels.get("com.docker.compose.project") {
        let compose = |does: &str| format!("docker-compose --project-name {project} {does}");
        return Some(manager("docker-compose", compose("up -d"), compose("down")));
    }
    if let Some(service) = labels.get("com.docker.swarm.service.name") {
        let swarm = |does: &str| format!("docker service {does} {service}");
        return Some(manager("docker swarm", swarm("update"), swarm("rm")));
    }
    let pod = labels.get("io.kubernetes.pod.name")?;
    Some(manager("kubernetes", format!("kubectl rollout restart pod/{pod}"), format!("kubectl delete pod/{pod}")))
}

/// The restart policy that a next container is to have once it has taken its place.
pub fn restart_of(labels: &BTreeMap<String, String>) -> Option<RestartPolicy> {
    let word = labels.get(RESTART)?;
    RestartPolicy::ALL.into_iter().find(|policy| policy.as_str() == word)
}

/// The role that a container plays in a replacement of this gateway, by its labels.
pub fn role_in<'a>(container: &'a ContainerSeen, gateway: &GatewayName) -> Option<&'a str> {
    let ours = gateway_of(&container.labels) == Some(gateway.as_str());
    container.labels.get(ROLE).map(String::as_str).filter(|_| ours)
}
