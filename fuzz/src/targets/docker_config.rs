//! The files of Docker's own client: the first line is `config.json`, the rest the `meta.json` of the context `prod`. A
//! file that cannot be understood never stands for the default context, and no credential is ever told.

use std::cell::RefCell;
use std::sync::mpsc::{Receiver, channel};

use adapters::Address;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use engine::{Command, Event, Failure, ImageRef, ImageSource};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::daemon::{Answer, Server};
use super::scene::{SECRET, Scene, lines};

/// Where the context lies: `printf prod | sha256sum`.
const META: &str = ".docker/contexts/meta/6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77/meta.json";

thread_local! {
    static STAGE: RefCell<(Scene, Receiver<String>)> = RefCell::new(stage());
}

/// A daemon that denies every image and hands on what it was asked.
fn stage() -> (Scene, Receiver<String>) {
    let scene = Scene::new();
    let (tell, told) = channel();
    Server::daemon(&scene).answers(move |head| {
        // The one who listens lives as long as the daemon.
        let _ = tell.send(head.to_owned());
        Answer::from_docker(404, br#"{"message":"no such image"}"#)
    });
    (scene, told)
}

pub fn target(bytes: &[u8]) {
    let [config, meta] = lines(bytes);
    STAGE.with_borrow_mut(|(scene, told)| {
        scene.put(".docker/config.json", config);
        scene.put(META, meta);
        context(scene, config);
        credentials(scene, told);
    });
}

fn context(scene: &Scene, config: &[u8]) {
    let home = scene.home.to_str();
    let found = Address::find(None, &|name| (name == "HOME").then(|| home.map(str::to_owned))?);
    if serde_json::from_slice::<IgnoredAny>(config).is_err() {
        assert!(found.is_err(), "what is no JSON was taken for the default context");
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(config) else { return };
    let is_default = match fields.get("currentContext") {
        None | Some(Value::Null) => true,
        Some(Value::String(name)) => matches!(name.as_str(), "" | "default"),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => false,
    };
    let is_prod = fields.get("currentContext") == Some(&"prod".into());
    match found {
        Ok(_) => assert!(is_default || is_prod, "another context was taken for the named one"),
        Err(bad) => assert!(!is_default && !bad.problem.is_empty(), "{bad}"),
    }
}

fn credentials(scene: &mut Scene, told: &Receiver<String>) {
    let reference = ImageRef::new("one.example/a:1");
    let pulled = scene.perform(&Command::ProvideImage { reference, source: ImageSource::Registry });
    let Event::Failed { failure: Failure::Rejected { message, .. } } = pulled else { panic!("{pulled:?}") };
    assert!(!message.contains(SECRET), "a credential was told: {message}");
    for head in told.try_iter() {
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        for (_, shown) in headers.filter(|(name, _)| name.eq_ignore_ascii_case("x-registry-auth")) {
            let shown = BASE64_URL_SAFE.decode(shown).expect("it is in the alphabet of URLs");
            let shown: Value = serde_json::from_slice(&shown).expect("it is JSON");
            assert!(shown.get("serveraddress").is_none_or(|server| server == "one.example"), "for another registry");
        }
    }
}
