//! Who the daemon is. Half an identity is none: each part must be there.

use bollard::models::SystemInfo;
use engine::DaemonIdentity;

use super::field::{Unreadable, need_text};

/// The identity that an answer to `GET /info` tells.
pub fn seen(info: SystemInfo) -> Result<DaemonIdentity, Unreadable> {
    Ok(DaemonIdentity {
        id: need_text(info.id, "ID")?,
        data_root: need_text(info.docker_root_dir, "DockerRootDir")?,
        storage_driver: need_text(info.driver, "Driver")?,
        name: need_text(info.name, "Name")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_identity_is_none() {
        let whole = serde_json::json!({ "ID": "A:B", "DockerRootDir": "/d", "Driver": "overlay2", "Name": "box" });
        let read = |json: &serde_json::Value| seen(serde_json::from_value(json.clone()).unwrap());
        assert_eq!(read(&whole).unwrap().data_root, "/d");
        for field in ["ID", "DockerRootDir", "Driver", "Name"] {
            let mut less = whole.clone();
            less[field] = "".into();
            assert_eq!(read(&less), Err(Unreadable::new(format!("`{field}` is empty"))));
            less.as_object_mut().unwrap().remove(field);
            assert_eq!(read(&less), Err(Unreadable::new(format!("`{field}` is missing"))));
        }
    }
}
