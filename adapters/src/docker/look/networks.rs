//! Networks, and which of them bear on the gateway. Their names are not unique on a daemon.

use bollard::models::Network;
use engine::{ContainerSeen, NetworkId, NetworkName, NetworkSeen};

use super::field::{Unreadable, need_text};

/// A network as the list shows it.
pub fn seen(network: Network) -> Result<NetworkSeen, Unreadable> {
    Ok(NetworkSeen {
        name: NetworkName::new(need_text(network.name, "Name")?),
        id: NetworkId::new(need_text(network.id, "Id")?),
        // Null where a network was made without any.
        labels: network.labels.unwrap_or_default().into_iter().collect(),
    })
}

/// Those that bear the name looked for, or that the gateway's container refers to, ordered by name.
pub fn bearing(all: Vec<NetworkSeen>, wanted: Option<&NetworkName>, own: Option<&ContainerSeen>) -> Vec<NetworkSeen> {
    let referred = |network: &NetworkSeen| {
        own.is_some_and(|own| {
            own.networks
                .iter()
                .any(|attachment| attachment.id.as_ref() == Some(&network.id) || attachment.network == network.name)
        })
    };
    let mut bearing: Vec<_> =
        all.into_iter().filter(|network| Some(&network.name) == wanted || referred(network)).collect();
    bearing.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    bearing
}

/// Whether a container's attachment leads to its network. Docker finds its own networks (`bridge`, `host`, `none`) by
/// name, since the ID of `bridge` changes with every start of the daemon, and all others by the ID that the container
/// has, if it has one (moby `daemon/container_operations.go`, `getNetworkID`). A name that several networks bear leads to
/// none of them: Docker refuses the start. Daemons before Docker 25 let two be made at the same moment.
pub fn exists(all: &[NetworkSeen], name: &str, id: Option<&NetworkId>) -> bool {
    match (name, id) {
        ("bridge" | "host" | "none", _) | (_, None) => {
            let named = all.iter().filter(|network| network.name.as_str() == name).count();
            named == 1 || all.iter().any(|network| network.id.as_str() == name)
        }
        (_, Some(id)) => all.iter().any(|network| network.id == *id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::look::fixtures::networks_listed;

    fn network(name: &str, id: &str) -> NetworkSeen {
        NetworkSeen { name: NetworkName::new(name), id: NetworkId::new(id), labels: Default::default() }
    }

    #[test]
    fn a_network_made_anew_under_the_same_name_is_another_one_but_for_dockers_own() {
        let all = [network("mine", "1"), network("bridge", "2")];
        assert!(exists(&all, "mine", None) && exists(&all, "mine", Some(&NetworkId::new("1"))));
        assert!(!exists(&all, "mine", Some(&NetworkId::new("9"))));
        assert!(exists(&all, "bridge", Some(&NetworkId::new("9"))));
        assert!(!exists(&all, "min", None));
    }

    #[test]
    fn a_name_that_two_networks_bear_leads_to_neither_and_an_id_leads_to_its_own() {
        let all = [network("mine", "1"), network("mine", "2")];
        assert!(!exists(&all, "mine", None));
        assert!(exists(&all, "mine", Some(&NetworkId::new("2"))) && exists(&all, "2", None));
    }

    #[test]
    fn networks_are_matched_by_their_whole_name() {
        let all = networks_listed();
        let found = |name: &str| bearing(all.clone(), Some(&NetworkName::new(name)), None).len();
        assert_eq!((found("h-b-net"), found("h-b"), found("h-b-net2")), (1, 0, 0));
    }
}
