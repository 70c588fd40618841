//! The spec file of a case: the built-in preset with the run's own image and the case's own port.

use std::path::Path;

/// A spec file in the making.
#[derive(Clone, Debug)]
pub struct Spec(toml::Table);

impl Spec {
    /// The built-in preset, with this image and port.
    pub fn of(image: &str, port: u16) -> Self {
        let mut spec = Self(engine::BUILT_IN[0].1.parse().expect("the built-in preset is TOML"));
        spec.table("image").insert("reference".to_owned(), image.into());
        spec.table("port").insert("host".to_owned(), i64::from(port).into());
        spec.env("NEMOCLAW_REFERENCE_WARM_UP", "0s")
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.table("env").insert(name.to_owned(), value.into());
        self
    }

    /// With another limit for the time from start to ready.
    pub fn warm_up(mut self, limit: &str) -> Self {
        self.0.insert("warm_up".to_owned(), limit.into());
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
