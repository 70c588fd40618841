//! What the older tool left: the first line is its `metadata.json`, the second its `active_gateway`, the rest its
//! `sandboxes.json`. Names are ones that a terminal or a path takes for nothing else, and no sentence quotes a value.

use std::cell::RefCell;

use adapters::OlderTool;
use engine::GatewayName;

use super::scene::{SECRET, Scene, lines};

/// The gateway to which rows belong that name none.
const GATEWAY: &str = "nemoclaw";

/// The longest name of a sandbox.
const NAME_MAX_BYTES: usize = 63;

thread_local! {
    static SCENE: RefCell<Scene> = RefCell::new(Scene::new());
}

pub fn target(bytes: &[u8]) {
    SCENE.with_borrow_mut(|scene| {
        let [metadata, active, sandboxes] = lines(bytes);
        scene.put(&format!(".config/openshell/gateways/{GATEWAY}/metadata.json"), metadata);
        scene.put(".config/openshell/active_gateway", active);
        scene.put(".nemoclaw/sandboxes.json", sandboxes);
        let tool = OlderTool::find(&|name| (name == "HOME").then(|| scene.home.to_str().map(str::to_owned))?);
        let older = tool.read(&GatewayName::parse(GATEWAY).expect("it is a name"));
        assert_ne!(older.port, Some(0), "nothing is reached at port 0");
        for name in older.sandboxes.iter().map(|name| name.as_str()) {
            assert!((1..=NAME_MAX_BYTES).contains(&name.len()), "{name:?}");
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{name:?}");
        }
        for problem in &older.problems {
            assert!(!problem.contains(SECRET) && !problem.contains(char::is_control), "{problem:?}");
        }
        if older.is_active == Some(true) {
            assert_eq!(std::str::from_utf8(active).map(str::trim), Ok(GATEWAY));
        }
    });
}
