//! What is written is read back the same, and no text that somebody types or keeps makes a parser fall over.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    BUILT_IN, Command, Env, GatewayName, GatewayRecord, GatewaySpec, ImageRef, ImageSource, Instance, MountSource,
    MountSpec, Plan, PortSpec, Preset, RecordedVolume, RestartPolicy, SandboxListing, SandboxName, VolumeName,
    check_docker_name,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use support::{But, gateway, own, place, record, spec, volume, world};

prop_compose! {
    fn mounts()(mounts in vec((any::<String>(), any::<bool>(), any::<bool>()), 0..4)) -> Vec<MountSpec> {
        let source = |name: String, is_volume| match is_volume {
            true => MountSource::Volume { name: VolumeName::new(name) },
            false => MountSource::Bind { folder: name },
        };
        mounts.into_iter().enumerate().map(|(at, (name, is_volume, read_only))| {
            MountSpec { source: source(name, is_volume), path: format!("/{at}"), read_only }
        }).collect()
    }
}

prop_compose! {
    fn specs()(
        command in vec(any::<String>(), 0..4),
        env in btree_map(any::<String>(), any::<String>(), 0..4),
        mounts in mounts(),
        (host, container) in any::<(u16, u16)>(),
        image in any::<String>(),
        source in prop_oneof![Just(ImageSource::Registry), Just(ImageSource::Executable)],
        restart in prop_oneof![
            Just(RestartPolicy::No), Just(RestartPolicy::Always),
            Just(RestartPolicy::UnlessStopped), Just(RestartPolicy::OnFailure),
        ],
        node_name in any::<String>(),
        sandboxes in proptest::option::of(any::<String>()),
    ) -> GatewaySpec {
        GatewaySpec {
            image: ImageRef::new(image),
            image_source: source,
            command,
            env: Env(env),
            mounts,
            port: PortSpec { host, container, ..spec().port },
            restart,
            node_name,
            sandboxes: sandboxes.map_or(SandboxListing::None, |path| SandboxListing::Http { path }),
            ..spec()
        }
    }
}

prop_compose! {
    fn records()(
        spec in specs(),
        names in btree_set(any::<String>(), 0..4),
        missing in btree_set(any::<String>(), 0..4),
        compared in proptest::option::of(any::<String>()),
        was_ready in any::<bool>(),
    ) -> GatewayRecord {
        let sandboxes = |names: BTreeSet<String>| names.into_iter().map(SandboxName::new).collect();
        let volumes = names
            .iter()
            .map(|name| RecordedVolume { name: VolumeName::new(name.as_str()), path: name.clone() });
        GatewayRecord {
            spec,
            volumes: volumes.collect(),
            sandboxes: sandboxes(names),
            missing: sandboxes(missing),
            compared_in: compared.map(Instance::new),
            was_ready,
            ..record()
        }
    }
}

/// The labels that a volume of a gateway with this spec gets.
fn labels_at_birth(spec: &GatewaySpec) -> BTreeMap<String, String> {
    let world = world().asked(|intent| {
        intent.typed.spec = true;
        intent.spec = spec.clone();
    });
    let plan = world.decide().plan;
    let Plan::Perform { step: Command::CreateVolume { labels, .. }, .. } = plan else { panic!("{plan:?}") };
    labels
}

proptest! {
    #[test]
    fn a_record_is_read_back_as_it_was_written(record in records()) {
        let text = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(serde_json::from_str::<GatewayRecord>(&text).unwrap(), record);
    }

    #[test]
    fn a_record_with_a_field_that_this_version_does_not_know_is_not_read(field in "[a-z]{1,12}") {
        let mut json = serde_json::to_value(record()).unwrap();
        prop_assume!(json.get(&field).is_none());
        json.as_object_mut().unwrap().insert(field, serde_json::Value::Null);
        prop_assert!(serde_json::from_value::<GatewayRecord>(json).is_err());
    }

    #[test]
    fn a_volume_carries_its_spec_but_for_the_environment(
        command in vec(any::<String>(), 1..4),
        secret in "[a-z]{8,16}",
    ) {
        let born = GatewaySpec { command, env: Env(BTreeMap::from([("TOKEN".to_owned(), secret.clone())])), ..spec() };
        let labels = labels_at_birth(&born);
        prop_assert!(labels.values().all(|value| !value.contains(&secret)), "{labels:?}");
        let left = world().volume(volume(support::NAME).but(|volume| volume.labels = labels));
        let plan = left.decide().plan;
        let Plan::Perform { step: Command::CreateContainer(new), .. } = plan else { panic!("{plan:?}") };
        prop_assert_eq!(new.command, born.command);
    }

    #[test]
    fn the_names_of_a_gateway_are_just_those_that_docker_takes(text in ".{0,50}") {
        if let Ok(name) = GatewayName::parse(&text) {
            prop_assert_eq!(name.as_str(), &text);
            prop_assert!(check_docker_name(&text).is_ok() && text.len() <= 40);
            prop_assert!(!text.ends_with("-next") && !text.ends_with("-previous"));
            let json = serde_json::to_string(&name).unwrap();
            prop_assert_eq!(serde_json::from_str::<GatewayName>(&json).unwrap(), name);
        }
    }

    #[test]
    fn a_bad_name_is_refused_where_it_is_bad(text in any::<String>()) {
        for bad in [GatewayName::parse(&text).err(), ImageRef::parse(&text).err()].into_iter().flatten() {
            prop_assert_eq!(&bad.text, &text);
            prop_assert!(text.get(bad.at.clone()).is_some(), "{:?} is not in {text:?}", bad.at);
        }
    }

    #[test]
    fn a_name_that_is_not_one_is_not_read_from_a_file_either(text in any::<String>()) {
        let json = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(serde_json::from_str::<GatewayName>(&json).is_ok(), GatewayName::parse(&text).is_ok());
    }

    #[test]
    fn a_reference_has_a_repository_that_it_begins_with(text in "[a-z0-9]{1,5}([:/@.-][a-z0-9]{1,5}){0,4}") {
        let reference = ImageRef::new(text.as_str());
        prop_assert!(text.starts_with(reference.repository()));
    }

    #[test]
    fn no_text_makes_a_preset_fall_over(text in any::<String>()) {
        if let Ok(preset) = Preset::parse(&text) {
            let _ = preset.resolve(&gateway(), &place());
        }
    }

    #[test]
    fn no_change_of_a_line_makes_a_preset_fall_over(line in 0_usize..40, text in any::<String>()) {
        let mut lines: Vec<_> = BUILT_IN[0].1.lines().collect();
        let at = line % lines.len();
        lines[at] = &text;
        match Preset::parse(&lines.join("\n")).and_then(|preset| preset.resolve(&gateway(), &place())) {
            Ok(spec) => prop_assert!(check_docker_name(spec.container.as_str()).is_ok()),
            Err(bad) => prop_assert!(!bad.problem.is_empty()),
        }
    }

    #[test]
    fn no_value_makes_a_preset_fall_over(key in 0_usize..40, value in "[ -~]{0,12}") {
        let text: Vec<_> = BUILT_IN[0].1.lines().enumerate().map(|(at, line)| match line.split_once(" = ") {
            Some((name, _)) if at == key => format!("{name} = {value:?}"),
            _ => line.to_owned(),
        }).collect();
        if let Ok(spec) = Preset::parse(&text.join("\n")).and_then(|preset| preset.resolve(&gateway(), &place())) {
            prop_assert!(spec.mounts.iter().all(|mount| mount.path.starts_with('/')));
            prop_assert!(spec.carry.iter().chain(&spec.noise).all(|path| path.starts_with('/')));
        }
    }
}

#[test]
fn a_container_is_not_told_from_another_by_its_environments_values_in_debug() {
    let own = own(engine::Status::Running).but(|own| {
        own.env.0.insert("TOKEN".to_owned(), "s3cret-value".to_owned());
    });
    assert!(!format!("{own:?}").contains("s3cret-value"));
}
