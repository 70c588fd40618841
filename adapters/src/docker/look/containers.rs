//! Which containers bear on the gateway, as list and inspect agree. Whatever the two disagree about, as they do while
//! somebody acts between them, is a contradiction and never "missing".

use std::collections::BTreeSet;

use engine::{ContainerId, ContainerSeen, NetworkSeen, Target, VolumeName, Why};

use super::ask::{LIST, read};
use super::inspect::Inspected;
use super::listed::Listed;
use super::mounts::{self, Folders};
use super::volumes::{self, ListedVolume};

/// What the first round of a look has shown of containers.
#[derive(Debug)]
pub struct Found {
    /// The container that bears the gateway's name.
    pub own: Option<ContainerId>,
    /// The recorded container, if the daemon denies it.
    pub denied: Option<ContainerId>,
    /// The further containers that bear on the gateway, to be inspected in the second round.
    pub further: Vec<ContainerId>,
    /// Every container of the daemon.
    pub listed: Vec<Listed>,
    inspected: Vec<Inspected>,
    folders: Folders,
}

/// Sorts the answers of the first round: the list, inspect by the gateway's name and by the recorded ID, and the
/// volumes. Without the volumes it cannot be said which containers have one of the gateway's.
pub fn find(
    target: &Target,
    listed: &Result<Vec<Listed>, Why>,
    named: Result<Option<Inspected>, Why>,
    recorded: Result<Option<Inspected>, Why>,
    volumes: &Result<Vec<ListedVolume>, Why>,
) -> Result<Found, Why> {
    let listed = listed.clone()?;
    let (named, recorded) = (named?, recorded?);
    let volumes = volumes.as_ref().map_err(Clone::clone)?;
    agree(target.container.as_str(), listed.iter().find(|entry| entry.is_named(&target.container)), named.as_ref())?;
    if let Some(id) = &target.recorded {
        agree(id.as_str(), listed.iter().find(|entry| entry.id == *id), recorded.as_ref())?;
    }
    if let (Some(named), Some(recorded)) = (&named, &recorded)
        && named.id == recorded.id
        && !named.has_status_of(recorded)
    {
        return contradiction(format!("two answers give container `{}` different statuses", named.id));
    }
    let own = named.as_ref().map(|named| named.id.clone());
    let denied = target.recorded.clone().filter(|_| recorded.is_none());
    let recorded = recorded.filter(|recorded| Some(&recorded.id) != own.as_ref());
    let inspected: Vec<_> = named.into_iter().chain(recorded).collect();
    let mounted = inspected.iter().flat_map(|container| mounts::volume_names(container.mount_points())).collect();
    let ours = volumes::ours(target, volumes, mounted);
    let folders = Folders::of(volumes, &ours);
    let further = further(target, &listed, &inspected, &ours, &folders)?;
    Ok(Found { own, denied, further, listed, inspected, folders })
}

/// List and inspect must show the same container, or both none.
fn agree(key: &str, listed: Option<&Listed>, inspected: Option<&Inspected>) -> Result<(), Why> {
    match (listed, inspected) {
        (None, None) => Ok(()),
        (Some(listed), Some(inspected)) if listed.id == inspected.id => Ok(()),
        (Some(_), Some(_)) => contradiction(format!("list and inspect show different containers `{key}`")),
        (Some(_), None) => contradiction(format!("the list shows container `{key}`, inspect does not find it")),
        (None, Some(_)) => contradiction(format!("inspect shows container `{key}`, the list does not")),
    }
}

fn further(
    target: &Target,
    listed: &[Listed],
    inspected: &[Inspected],
    ours: &BTreeSet<VolumeName>,
    folders: &Folders,
) -> Result<Vec<ContainerId>, Why> {
    let mut further = Vec::new();
    for entry in listed.iter().filter(|entry| inspected.iter().all(|inspected| inspected.id != entry.id)) {
        if read(LIST, entry.bears_on(target, ours, folders))? {
            further.push(entry.id.clone());
        }
    }
    Ok(further)
}

impl Found {
    /// Every container that bears on the gateway, ordered by name, with the answers of the second round to
    /// [`Found::further`].
    pub fn seen(
        self,
        further: Vec<Result<Option<Inspected>, Why>>,
        networks: &Result<Vec<NetworkSeen>, Why>,
    ) -> Result<Vec<ContainerSeen>, Why> {
        let Self { listed, mut inspected, folders, .. } = self;
        for (id, answer) in self.further.iter().zip(further) {
            let answer = answer?;
            agree(id.as_str(), listed.iter().find(|entry| entry.id == *id), answer.as_ref())?;
            inspected.extend(answer);
        }
        let mut seen = Vec::new();
        for container in inspected {
            let entry = listed.iter().find(|entry| entry.id == container.id);
            if !entry.is_some_and(|entry| entry.is_named(&container.name)) {
                return contradiction(format!("list and inspect name container `{}` differently", container.id));
            }
            seen.push(container.seen(&folders, networks)?);
        }
        seen.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(seen)
    }
}

fn contradiction<T>(what: String) -> Result<T, Why> {
    Err(Why::Contradiction { what })
}

#[cfg(test)]
mod tests {
    use engine::{Known, MountedSource};

    use super::*;
    use crate::docker::look::fixtures::{GATEWAY, inspected, list, networks_listed, target, volumes_listed};

    const ALL_VOLUMES: &str = include_str!("fixtures/all-volumes.json");
    const HOST: &str = include_str!("fixtures/host.json");

    fn inspect(text: &str) -> Result<Option<Inspected>, Why> {
        inspected(&serde_json::from_str(text).unwrap()).map(Some)
    }

    fn lost() -> Why {
        Why::ConnectionLost { call: "x".into() }
    }

    fn is_contradiction<T: std::fmt::Debug>(found: Result<T, Why>) -> bool {
        match found {
            Err(Why::Contradiction { .. }) => true,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_gateway_and_who_has_its_volume_by_a_bind_are_seen() {
        let found = find(&target("h-b-gw"), &Ok(list()), inspect(GATEWAY), Ok(None), &Ok(volumes_listed()));
        let found = found.unwrap();
        assert_eq!(found.further.len(), 2);
        let seen = found.seen(vec![inspect(ALL_VOLUMES), inspect(HOST)], &Ok(networks_listed())).unwrap();
        let names: Vec<_> = seen.iter().map(|container| container.name.as_str()).collect();
        assert_eq!(names, ["h-b-gw", "h-b-host", "h-b-loop"]);
        let volume = VolumeName::new("h-b-data");
        assert!(matches!(&seen[1].mounts[0].source, MountedSource::FolderOfVolume { name, .. } if *name == volume));
        assert!(matches!(seen[1].status, Known::Known(_)));
    }

    #[test]
    fn nobody_is_missing_while_list_and_inspect_disagree() {
        let found =
            |list: Vec<Listed>, named| find(&target("h-b-gw"), &Ok(list), named, Ok(None), &Ok(volumes_listed()));
        assert!(is_contradiction(found(list(), Ok(None))));
        assert!(is_contradiction(found(Vec::new(), inspect(GATEWAY))));
        let mut list = list();
        list.iter_mut().for_each(|entry| entry.id = ContainerId::new("another"));
        assert!(is_contradiction(found(list, inspect(GATEWAY))));
        let neither = found(Vec::new(), Ok(None)).unwrap();
        assert!(neither.own.is_none() && neither.seen(Vec::new(), &Ok(Vec::new())).unwrap().is_empty());
    }

    #[test]
    fn the_recorded_container_is_denied_only_by_both() {
        let mut target = target("none-such");
        let gateway = inspect(GATEWAY).unwrap().unwrap();
        target.recorded = Some(gateway.id.clone());
        let found = |list: Vec<Listed>, recorded| find(&target, &Ok(list), Ok(None), recorded, &Ok(Vec::new()));
        assert!(is_contradiction(found(list(), Ok(None))));
        assert!(is_contradiction(found(Vec::new(), Ok(Some(gateway.clone())))));
        assert_eq!(found(Vec::new(), Ok(None)).unwrap().denied, target.recorded);
        let renamed = found(list(), Ok(Some(gateway.clone()))).unwrap();
        assert_eq!((renamed.own, renamed.denied), (None, None));
    }

    #[test]
    fn two_answers_about_one_container_agree_on_its_status() {
        let gateway = inspect(GATEWAY).unwrap().unwrap();
        let target = Target { recorded: Some(gateway.id), ..target("h-b-gw") };
        let found = |recorded: &str| {
            find(&target, &Ok(list()), inspect(GATEWAY), inspect(recorded), &Ok(volumes_listed()))
                .map(|found| found.own)
        };
        assert_eq!(found(GATEWAY), Ok(target.recorded.clone()));
        for status in ["exited", "hibernating"] {
            let other = GATEWAY.replace("\"Status\": \"running\"", &format!("\"Status\": \"{status}\""));
            assert_ne!(other, GATEWAY);
            assert!(is_contradiction(found(&other)), "{status}");
        }
    }

    #[test]
    fn a_container_that_goes_or_is_renamed_between_the_rounds_is_a_contradiction() {
        let target = target("h-b-gw");
        let found = || find(&target, &Ok(list()), inspect(GATEWAY), Ok(None), &Ok(volumes_listed())).unwrap();
        assert!(is_contradiction(found().seen(vec![inspect(ALL_VOLUMES), Ok(None)], &Ok(networks_listed()))));
        let renamed = HOST.replace("/h-b-host", "/h-b-other");
        assert!(is_contradiction(found().seen(vec![inspect(ALL_VOLUMES), inspect(&renamed)], &Ok(networks_listed()))));
        assert_eq!(found().seen(vec![inspect(ALL_VOLUMES), Err(lost())], &Ok(networks_listed())), Err(lost()));
    }

    #[test]
    fn an_unknown_answer_makes_the_containers_unknown() {
        let (target, list, volumes) = (target("h-b-gw"), || Ok(list()), || Ok(volumes_listed()));
        let whys = [
            find(&target, &Err(lost()), inspect(GATEWAY), Ok(None), &volumes()),
            find(&target, &list(), Err(lost()), Ok(None), &volumes()),
            find(&target, &list(), inspect(GATEWAY), Err(lost()), &volumes()),
            find(&target, &list(), inspect(GATEWAY), Ok(None), &Err(lost())),
        ];
        assert!(whys.into_iter().all(|found| found.err() == Some(lost())));
    }
}
