//! The file of a simulated host, which takes Docker's place in a demo where no Docker answers. What is in it is not read
//! here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use engine::GatewayName;

use super::{StateDir, make_folder, write_whole};

/// The file of the simulated host that one gateway is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoFile(PathBuf);

impl DemoFile {
    /// Where it lies. Nothing is read or made yet.
    pub fn new(state: &StateDir, gateway: &GatewayName) -> Self {
        Self(state.path().join("demo").join(format!("{gateway}.json")))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What it holds; none where there is no such file.
    ///
    /// # Errors
    /// What the file system says.
    pub fn read(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(&self.0) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes it whole, or leaves what was there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, text: &str) -> io::Result<()> {
        if let Some(folder) = self.0.parent() {
            make_folder(folder)?;
        }
        write_whole(&self.0, text, 0o600)
    }
}
