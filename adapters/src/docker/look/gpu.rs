//! Whether the daemon has GPUs to give to containers, and how. Seen before anything is created: a start that asks for a
//! driver that is not there fails and leaves the container.

use std::path::Path;

use bollard::models::SystemInfo;
use engine::Gpu;

/// What an answer to `GET /info` and, on this machine, the folders that it names tell. `DiscoveredDevices` came with
/// Docker 28.2; before, only the specification files say which devices there are.
pub fn seen(info: &SystemInfo, local: bool) -> Option<Gpu> {
    let folders = info.cdi_spec_dirs.as_deref().unwrap_or_default();
    if local && folders.iter().any(|folder| has_specification(Path::new(folder))) {
        return Some(Gpu::Cdi);
    }
    let runtimes = info.runtimes.as_ref();
    runtimes.is_some_and(|runtimes| runtimes.contains_key("nvidia")).then_some(Gpu::Nvidia)
}

fn has_specification(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("nvidia"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_are_told_by_runtime_or_by_specification() {
        let folder = tempfile::tempdir().unwrap();
        let info = |json: serde_json::Value| serde_json::from_value::<SystemInfo>(json).unwrap();
        assert_eq!(seen(&info(serde_json::json!({ "Runtimes": { "runc": {} } })), true), None);
        assert_eq!(seen(&info(serde_json::json!({ "Runtimes": { "nvidia": {} } })), true), Some(Gpu::Nvidia));
        let cdi = info(serde_json::json!({ "CDISpecDirs": [folder.path()] }));
        assert_eq!(seen(&cdi, true), None);
        std::fs::write(folder.path().join("nvidia.yaml"), "").unwrap();
        assert_eq!((seen(&cdi, true), seen(&cdi, false)), (Some(Gpu::Cdi), None));
    }
}
