//! The contexts of Docker's own client: which one is current, and the address it stands for.
//! A file that is there and cannot be understood is bad input, never "no context": another daemon would be taken for
//! the owner's. Absent on purpose: writing any of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::address::{Address, BadAddress};

/// The name that stands for "no context".
const DEFAULT: &str = "default";

/// The address of the context that is in use; none where that is the default one.
pub(super) fn find(env: &impl Fn(&str) -> Option<String>) -> Result<Option<Address>, BadAddress> {
    let folder = folder(env);
    let (name, origin) = match (env("DOCKER_CONTEXT"), &folder) {
        (Some(name), _) => (name, "DOCKER_CONTEXT".to_owned()),
        (None, Some(folder)) => {
            let path = folder.join("config.json");
            let name = read::<Config>(&path)?.and_then(|config| config.current_context).unwrap_or_default();
            (name, path.display().to_string())
        }
        (None, None) => return Ok(None),
    };
    if name.is_empty() || name == DEFAULT {
        return Ok(None);
    }
    let folder = folder.ok_or_else(|| BadAddress::new(&name, &origin, "contexts need `HOME` or `DOCKER_CONFIG`"))?;
    address(&folder.join("contexts"), &name, &origin).map(Some)
}

/// The folder of Docker's own configuration.
pub(super) fn folder(env: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    env("DOCKER_CONFIG").map(PathBuf::from).or_else(|| env("HOME").map(|home| Path::new(&home).join(".docker")))
}

/// The address that one context stands for. Its files lie in folders named by the SHA-256 of its name
/// (docker/cli `cli/context/store/metadatastore.go`).
fn address(contexts: &Path, name: &str, origin: &str) -> Result<Address, BadAddress> {
    let digest = hex_digest(name);
    let path = contexts.join("meta").join(&digest).join("meta.json");
    let meta: Meta = read(&path)?.ok_or_else(|| {
        BadAddress::new(name, origin, format!("no such Docker context; `{}` is not there", path.display()))
    })?;
    let Some(endpoint) = meta.endpoints.get("docker") else {
        return Err(BadAddress::new(name, origin, "the context has no endpoint for Docker"));
    };
    if endpoint.skip_tls_verify {
        return Err(BadAddress::new(name, origin, "the context skips the check of TLS certificates"));
    }
    let certs = contexts.join("tls").join(&digest).join("docker");
    let certs = certs.is_dir().then_some(certs);
    Address::parse(&endpoint.host, &format!("Docker context `{name}`"), certs)
}

fn hex_digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Docker's `config.json`, as far as it concerns us.
#[derive(Deserialize)]
struct Config {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

/// A context's `meta.json`, as far as it concerns us.
#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints")]
    endpoints: BTreeMap<String, Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host")]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

/// What a file says; none where it is not there.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, BadAddress> {
    let bad = |problem: String| BadAddress::new(path.display().to_string(), "Docker's configuration", problem);
    let text = match fs::read(path) {
        Ok(text) => text,
        // A home such as `/dev/null` is that of an account without one.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(bad(error.to_string())),
    };
    serde_json::from_slice(&text).map(Some).map_err(|error| bad(error.to_string()))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// `printf prod | sha256sum`.
    const PROD: &str = "6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77";

    fn write(folder: &TempDir, path: &str, text: &str) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn with_context(host: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let meta = format!(r#"{{"Name":"prod","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
        write(&folder, &format!("contexts/meta/{PROD}/meta.json"), &meta);
        folder
    }

    fn find_in(folder: &TempDir, context: Option<&str>) -> Result<Option<Address>, BadAddress> {
        find(&|name: &str| match name {
            "DOCKER_CONFIG" => folder.path().to_str().map(str::to_owned),
            "DOCKER_CONTEXT" => context.map(str::to_owned),
            _ => None,
        })
    }

    #[test]
    fn the_variable_names_the_context_and_else_the_configuration_does() {
        let folder = with_context("unix:///prod.sock");
        let prod = Ok(Some(Address::Unix { path: "/prod.sock".into() }));
        assert_eq!(find_in(&folder, None), Ok(None));
        assert_eq!(find_in(&folder, Some("prod")), prod);
        write(&folder, "config.json", r#"{"auths":{},"currentContext":"prod"}"#);
        assert_eq!(find_in(&folder, None), prod);
        assert_eq!(find_in(&folder, Some("default")), Ok(None));
    }

    #[test]
    fn certificates_of_a_context_mean_tls() {
        let folder = with_context("tcp://far:2376");
        assert_eq!(find_in(&folder, Some("prod")), Ok(Some(Address::Tcp { host: "far".to_owned(), port: 2376 })));
        write(&folder, &format!("contexts/tls/{PROD}/docker/ca.pem"), "");
        let certs = folder.path().join(format!("contexts/tls/{PROD}/docker"));
        assert_eq!(
            find_in(&folder, Some("prod")),
            Ok(Some(Address::Tls { host: "far".to_owned(), port: 2376, certs }))
        );
    }

    #[test]
    fn what_cannot_be_understood_is_bad_input_and_not_the_default() {
        let folder = with_context("ssh://me@far");
        let bad = find_in(&folder, Some("prod")).unwrap_err();
        assert_eq!(bad.text, "ssh://me@far");
        assert!(bad.origin.contains("`prod`"), "{bad}");
        assert_eq!(find_in(&folder, Some("gone")).unwrap_err().text, "gone");

        write(&folder, "config.json", "");
        assert!(find_in(&folder, None).unwrap_err().text.ends_with("config.json"));
        write(&folder, &format!("contexts/meta/{PROD}/meta.json"), r#"{"Endpoints":{}}"#);
        assert!(find_in(&folder, Some("prod")).unwrap_err().problem.contains("no endpoint"));
        let skips = r#"{"Endpoints":{"docker":{"Host":"tcp://far","SkipTLSVerify":true}}}"#;
        write(&folder, &format!("contexts/meta/{PROD}/meta.json"), skips);
        assert!(find_in(&folder, Some("prod")).unwrap_err().problem.contains("TLS"));
    }
}
