//! What a person types or brings: a spec file, and names. What is wrong is pointed at inside the text; what is right
//! gives a spec that holds what a spec promises and is read back as it was written.

use std::ops::Range;

use engine::{BUILT_IN, BadPreset, GatewayName, GatewaySpec, ImageRef, Place, Preset, check_docker_name};

use super::scene::gateway;

/// Longer texts are no names: they are read as spec files alone.
const NAME_MAX_BYTES: usize = 300;

pub fn target(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.len() <= NAME_MAX_BYTES {
        names(text);
    }
    let preset = match Preset::parse(text) {
        Ok(preset) => preset,
        Err(bad) => return is_pointed_at(text, bad),
    };
    let everywhere = Place {
        files: "/files".to_owned(),
        docker_socket: Some("/run/docker.sock".to_owned()),
        certificates: Some("/certificates".to_owned()),
    };
    let remote = Place { files: "/files".to_owned(), docker_socket: None, certificates: None };
    for place in [everywhere, remote] {
        match preset.resolve(&gateway(), &place) {
            Ok(spec) => holds(&spec),
            Err(bad) => is_pointed_at(text, bad),
        }
    }
}

fn is_pointed_at(text: &str, bad: BadPreset) {
    assert!(!bad.problem.is_empty());
    assert!(bad.at.is_none_or(|at| is_inside(text, at)), "{}", bad.problem);
}

fn is_inside(text: &str, at: Range<usize>) -> bool {
    at.start <= at.end && text.get(at).is_some()
}

fn names(text: &str) {
    match GatewayName::parse(text) {
        Ok(name) => {
            assert_eq!(name.as_str(), text);
            assert_eq!(check_docker_name(text), Ok(()));
            // Every kind that is compiled in has a spec for every name.
            let place = Place { files: "/f".to_owned(), docker_socket: Some("/s".to_owned()), certificates: None };
            for (_, preset) in BUILT_IN {
                holds(&Preset::parse(preset).and_then(|preset| preset.resolve(&name, &place)).expect("it is built in"));
            }
        }
        Err(bad) => assert!(is_inside(text, bad.at)),
    }
    match ImageRef::parse(text) {
        Ok(image) => {
            assert!(text.starts_with(image.repository()) && text.contains(image.tag()) || image.tag() == "latest");
            assert!(!image.repository().is_empty() && !image.tag().is_empty());
        }
        Err(bad) => assert!(is_inside(text, bad.at)),
    }
    if let Err(bad) = check_docker_name(text) {
        assert!(is_inside(text, bad.at));
    }
}

/// What every spec promises, whoever wrote it.
fn holds(spec: &GatewaySpec) {
    for name in [spec.container.as_str(), spec.preset.as_str()] {
        assert_eq!(check_docker_name(name), Ok(()));
    }
    for (volume, _) in spec.volumes() {
        assert_eq!(check_docker_name(volume.as_str()), Ok(()));
    }
    assert_eq!(ImageRef::parse(spec.image.as_str()).as_ref(), Ok(&spec.image));
    for image in spec.companion_images() {
        assert!(ImageRef::parse(image.as_str()).is_ok(), "{image}");
    }
    for (at, mount) in spec.mounts.iter().enumerate() {
        let is_clean = |path: &str| path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
        assert!(mount.path.starts_with('/') && is_clean(&mount.path), "{}", mount.path);
        assert!(mount.source.on_host().is_none_or(|path| path.starts_with('/') && is_clean(path)));
        assert!(spec.mounts[..at].iter().all(|other| other.path != mount.path), "{} is there twice", mount.path);
    }
    assert!(spec.environment().0.keys().all(|name| !name.is_empty() && !name.contains(['=', '\0'])));
    assert_eq!(spec.port.check(), Ok(()));
    assert!((1..=63).contains(&spec.node_name.len()), "{}", spec.node_name);
    assert!(spec.warm_up_ms > 0);
    spec.command_line();
    let text = serde_json::to_string(spec).expect("a spec has a JSON form");
    assert_eq!(serde_json::from_str::<GatewaySpec>(&text).as_ref().ok(), Some(spec));
}
