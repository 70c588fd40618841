//! What lives only in a container's own layer, and would go with it. Paths that the container deleted are left out:
//! they lose nothing.

use bollard::models::{ChangeType, FilesystemChange};

/// The paths that an answer to `GET /containers/ID/changes` names as changed or added, in order. Docker sends null
/// where nothing differs from the image.
pub fn paths(changes: Option<Vec<FilesystemChange>>) -> Vec<String> {
    let kept = |change: &FilesystemChange| match change.kind {
        ChangeType::_0 | ChangeType::_1 => true, // modified, added
        ChangeType::_2 => false,                 // deleted
    };
    let mut paths: Vec<_> = changes.unwrap_or_default().into_iter().filter(kept).map(|change| change.path).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deleted_is_not_listed() {
        let json = r#"[{"Path":"/z","Kind":1},{"Path":"/gone","Kind":2},{"Path":"/etc","Kind":0}]"#;
        assert_eq!(paths(serde_json::from_str(json).unwrap()), ["/etc", "/z"]);
        assert!(paths(serde_json::from_str("null").unwrap()).is_empty());
    }
}
