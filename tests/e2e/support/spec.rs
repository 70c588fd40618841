//! The spec file of a case: a built-in preset with the run's own image and the case's own port. What those of
//! OpenShell need besides, so that the reference gateway can stand in for them, is added here and nothing else changed.

use std::path::Path;

/// A spec file in the making.
#[derive(Clone, Debug)]
pub struct Spec(toml::Table);

impl Spec {
    /// The preset of the reference gateway, with this image and port.
    pub fn of(image: &str, port: u16) -> Self {
        Self::of_preset("reference", image, port).env("NEMOCLAW_REFERENCE_WARM_UP", "0s")
    }

    /// A preset of OpenShell's, with the reference gateway in the place of its image. `port_inside` is where it listens,
    /// `{port}` for the host's; `data` is where its volume is.
    pub fn stand_in(preset: &str, image: &str, port: u16, port_inside: &str, data: &str) -> Self {
        let mut spec = Self::of_preset(preset, image, port);
        spec.0.remove("arguments").expect("a preset that keeps its image's entry point");
        spec.0.insert("command".to_owned(), vec!["/nemoclaw".to_owned(), "reference-gateway".to_owned()].into());
        spec.0.insert("privileged".to_owned(), false.into());
        spec.table("image").insert("source".to_owned(), "executable".into());
        spec.table("image").remove("companions");
        let health = spec.table("port").get("health").and_then(toml::Value::as_integer);
        if let Some(health) = health {
            spec = spec.env("NEMOCLAW_REFERENCE_HEALTH_LISTEN", &format!("0.0.0.0:{health}"));
        }
        if spec.table("sandboxes").contains_key("exec") {
            spec = spec.sandboxes("exec", vec!["/nemoclaw".to_owned(), "reference-sandboxes".to_owned()]);
        }
        spec.env("NEMOCLAW_REFERENCE_LISTEN", &format!("0.0.0.0:{port_inside}")).env("NEMOCLAW_REFERENCE_DATA", data)
    }

    fn of_preset(preset: &str, image: &str, port: u16) -> Self {
        let (_, text) = engine::BUILT_IN.iter().find(|(name, _)| *name == preset).expect("a built-in preset");
        let mut spec = Self(text.parse().expect("the built-in preset is TOML"));
        spec.table("image").insert("reference".to_owned(), image.into());
        spec.table("port").insert("host".to_owned(), i64::from(port).into());
        spec
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.table("env").insert(name.to_owned(), value.into());
        self
    }

    /// Without an environment variable of the preset's.
    pub fn without_env(mut self, name: &str) -> Self {
        self.table("env").remove(name);
        self
    }

    /// With paths of the container's own layer that go along.
    pub fn carry(mut self, paths: &[&str]) -> Self {
        let paths: Vec<_> = paths.iter().map(|path| toml::Value::from(*path)).collect();
        self.0.insert("carry".to_owned(), paths.into());
        self
    }

    /// With another image.
    pub fn image(mut self, reference: &str) -> Self {
        self.table("image").insert("reference".to_owned(), reference.into());
        self
    }

    /// With another restart policy.
    pub fn restart(mut self, policy: &str) -> Self {
        self.0.insert("restart".to_owned(), policy.into());
        self
    }

    /// With another limit for the time from start to ready.
    pub fn warm_up(mut self, limit: &str) -> Self {
        self.0.insert("warm_up".to_owned(), limit.into());
        self
    }

    /// With another time that it gets to end in when it is stopped.
    pub fn stop_grace(mut self, grace: &str) -> Self {
        self.0.insert("stop_grace".to_owned(), grace.into());
        self
    }

    /// With sandboxes listed in another way.
    pub fn sandboxes(mut self, key: &str, value: impl Into<toml::Value>) -> Self {
        self.table("sandboxes").insert(key.to_owned(), value.into());
        self
    }

    /// With all capabilities and devices of the host.
    pub fn privileged(mut self) -> Self {
        self.0.insert("privileged".to_owned(), true.into());
        self
    }

    /// With an image from a registry, which the daemon has already.
    pub fn pulled(mut self) -> Self {
        self.table("image").insert("source".to_owned(), "registry".into());
        self
    }

    /// With a folder of the host mounted too.
    pub fn bind(mut self, folder: &str, path: &str) -> Self {
        let mount = toml::Table::from_iter([("bind".to_owned(), folder.into()), ("path".to_owned(), path.into())]);
        let mounts = self.0.get_mut("mounts").and_then(toml::Value::as_array_mut).expect("an array of mounts");
        mounts.push(mount.into());
        self
    }

    /// Under another preset's name.
    pub fn named(mut self, preset: &str) -> Self {
        self.0.insert("name".to_owned(), preset.into());
        self
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) {
        std::fs::write(path, self.0.to_string()).unwrap();
    }

    fn table(&mut self, key: &str) -> &mut toml::Table {
        let entry = self.0.entry(key).or_insert_with(|| toml::Table::new().into());
        entry.as_table_mut().expect("a table")
    }
}
