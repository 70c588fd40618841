//! An image as a registry keeps it: a manifest, and what it names by digest. It is the run's packed image with one more
//! layer, of random bytes, so that Docker cannot have that one already.

use std::collections::BTreeMap;
use std::io::Read;

use bollard::Docker;
use bollard::errors::Error;
use futures_util::TryStreamExt;
use hyper::body::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The type of the manifest (Docker's Image Manifest Version 2, Schema 2).
pub const MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// An image that Docker has saved: its configuration, and its only layer as a tar.
pub struct Saved {
    config: Value,
    layer: Bytes,
}

/// An image in a registry.
#[derive(Clone)]
pub struct Image {
    /// The manifest.
    pub manifest: Bytes,
    /// Configuration and layers by digest.
    pub blobs: BTreeMap<String, Bytes>,
    /// The digest of the layer that nobody has.
    pub own_layer: String,
}

impl Saved {
    /// What `docker save` writes of an image.
    pub async fn of(docker: &Docker, name: &str) -> Result<Self, Error> {
        let chunks: Vec<Bytes> = docker.export_image(name).try_collect().await?;
        let mut files = BTreeMap::new();
        for entry in tar::Archive::new(chunks.concat().as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents).unwrap();
            files.insert(entry.path().unwrap().display().to_string(), contents);
        }
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let named = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).expect("a saved image");
        Ok(Self {
            config: serde_json::from_slice(&files[named("/0/Config")]).unwrap(),
            layer: files[named("/0/Layers/0")].clone().into(),
        })
    }

    /// The same with one more layer, of this many random bytes.
    pub fn with_layer_of(&self, count: usize) -> Image {
        let own = tar_of(&crate::world::random(count));
        let mut config = self.config.clone();
        let ids = config.pointer_mut("/rootfs/diff_ids").and_then(Value::as_array_mut).expect("a configuration");
        ids.push(digest(&own).into());
        let history = config.get_mut("history").and_then(Value::as_array_mut).expect("a configuration");
        history.push(json!({ "created": "2026-01-01T00:00:00Z", "created_by": "the registry's tests" }));
        let config = Bytes::from(config.to_string());

        let layer_type = "application/vnd.docker.image.rootfs.diff.tar.gzip";
        let entry = |kind: &str, blob: &Bytes| json!({ "mediaType": kind, "size": blob.len(), "digest": digest(blob) });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": entry("application/vnd.docker.container.image.v1+json", &config),
            "layers": [entry(layer_type, &self.layer), entry(layer_type, &own)],
        });
        Image {
            manifest: Bytes::from(manifest.to_string()),
            own_layer: digest(&own),
            blobs: [config, self.layer.clone(), own].into_iter().map(|blob| (digest(&blob), blob)).collect(),
        }
    }
}

impl Image {
    /// The manifest's own digest.
    pub fn digest(&self) -> String {
        digest(&self.manifest)
    }
}

fn tar_of(contents: &[u8]) -> Bytes {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(contents.len() as u64);
    tar.append_data(&mut header, "own", contents).unwrap();
    tar.into_inner().unwrap().into()
}

fn digest(bytes: &[u8]) -> String {
    let hex: Vec<_> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", hex.concat())
}
