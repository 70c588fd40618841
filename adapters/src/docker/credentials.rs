//! Docker's stored credentials: what its own client would show a registry, from `config.json` or from the credential
//! helper that is named there. They are read anew for each pull and go to the daemon alone: nothing here prints them, and
//! what a helper says is never repeated. Absent on purpose: writing any, and asking a person.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bollard::auth::DockerCredentials;
use engine::ImageRef;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::context;

/// The key under which credentials of Docker Hub are kept (docker/cli `cli/registry`, `IndexServer`).
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// How long a credential helper may take: one may ask its server, or a person for a passphrase.
const HELPER_LIMIT: Duration = Duration::from_secs(30);

/// The longest answer of a helper that is read, in bytes. Tokens have some KiB.
const ANSWER_MAX_BYTES: u64 = 64 * 1024;

/// How a helper says that it has none: the protocol has a text for it, and no status
/// (docker-credential-helpers `credentials/error.go`).
const NOT_FOUND: &[u8] = b"credentials not found in native keychain";

/// The user name that marks a secret as an identity token (docker/cli `cli/config/credentials/native_store.go`).
const TOKEN: &str = "<token>";

/// Where Docker's credentials are kept. Nothing is read before a pull.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    folder: Option<PathBuf>,
}

/// What was found for one registry.
#[derive(Default)]
pub(super) struct Found {
    /// What to show it.
    pub(super) credentials: Option<DockerCredentials>,
    /// Why those that may be there could not be had.
    pub(super) problem: Option<String>,
}

impl Credentials {
    /// Those of Docker's own client: `DOCKER_CONFIG`, else `.docker` at home.
    pub fn find(env: &impl Fn(&str) -> Option<String>) -> Self {
        Self { folder: context::folder(&|name: &str| env(name).filter(|value| !value.is_empty())) }
    }

    /// What is kept for the registry that the reference names.
    pub(super) async fn of(&self, reference: &ImageRef) -> Found {
        let registry = registry_of(reference);
        match self.look_up(registry).await {
            Ok(credentials) => Found { credentials, problem: None },
            Err(problem) => Found { credentials: None, problem: Some(problem) },
        }
    }

    async fn look_up(&self, registry: &str) -> Result<Option<DockerCredentials>, String> {
        let Some(config) = self.read()? else { return Ok(None) };
        let own = config.cred_helpers.as_ref().and_then(|helpers| helpers.get(registry));
        match own.or(config.creds_store.as_ref()).filter(|helper| !helper.is_empty()) {
            Some(helper) => ask(&format!("docker-credential-{helper}"), registry).await,
            None => config.stored(registry),
        }
    }

    fn read(&self) -> Result<Option<Config>, String> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let path = folder.join("config.json");
        let problem = |what: String| format!("Docker's credentials in `{}` cannot be read: {what}", path.display());
        match fs::read(&path) {
            // What serde says of a value of the wrong type may repeat it; the place is told without it.
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| problem(format!("line {}, column {}", error.line(), error.column()))),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(problem(error.to_string())),
        }
    }
}

/// Docker's `config.json`, as far as it concerns credentials.
#[derive(Deserialize)]
struct Config {
    auths: Option<BTreeMap<String, Stored>>,
    #[serde(rename = "credHelpers")]
    cred_helpers: Option<BTreeMap<String, String>>,
    #[serde(rename = "credsStore")]
    creds_store: Option<String>,
}

/// What the file itself keeps for a registry.
#[derive(Clone, Deserialize)]
struct Stored {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl Config {
    /// What the file keeps for a registry: under its very name, else under a URL of it.
    fn stored(&self, registry: &str) -> Result<Option<DockerCredentials>, String> {
        let Some(auths) = &self.auths else { return Ok(None) };
        let by_url = || auths.iter().find(|(key, _)| host_of(key) == registry).map(|(_, stored)| stored);
        let Some(stored) = auths.get(registry).or_else(by_url).cloned() else { return Ok(None) };
        let (username, password) = match stored.auth.as_deref().filter(|auth| !auth.is_empty()) {
            Some(auth) => {
                let (name, word) = name_and_password(auth)
                    .ok_or_else(|| format!("Docker's stored credentials for `{registry}` are not in their own form"))?;
                (Some(name), Some(word))
            }
            None => (stored.username, stored.password),
        };
        Ok(Some(DockerCredentials {
            username,
            password,
            identitytoken: stored.identitytoken,
            registrytoken: stored.registrytoken,
            serveraddress: Some(registry.to_owned()),
            ..Default::default()
        }))
    }
}

/// The name by which Docker keeps a registry's credentials: its host with its port, but for Docker Hub. A reference's
/// first part names a registry where it could be no part of a path (distribution/reference `normalize.go`).
fn registry_of(reference: &ImageRef) -> &str {
    let Some((first, _)) = reference.repository().split_once('/') else { return DOCKER_HUB };
    let is_host =
        first.contains(['.', ':']) || first == "localhost" || first.contains(|c: char| c.is_ascii_uppercase());
    if is_host && !matches!(first, "docker.io" | "index.docker.io") { first } else { DOCKER_HUB }
}

/// The host in a key of `auths`, which older clients wrote as URLs.
fn host_of(key: &str) -> &str {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    rest.split('/').next().unwrap_or(rest)
}

/// Both from their Base64; a password has no colon before it but the first.
fn name_and_password(auth: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64_STANDARD.decode(auth).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    // Clients once padded it (docker/cli `cli/config/configfile/file.go`, `decodeAuth`).
    Some((name.to_owned(), password.trim_matches('\0').to_owned()))
}

/// Asks a credential helper, as docker-credential-helpers defines it: the registry on its standard input, JSON on its
/// standard output. None where it has none.
async fn ask(helper: &str, registry: &str) -> Result<Option<DockerCredentials>, String> {
    let problem = |what: String| format!("the credential helper `{helper}` {what}");
    let answer = tokio::time::timeout(HELPER_LIMIT, run(helper, registry)).await;
    let (succeeded, said) = match answer {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => return Err(problem(format!("could not be run: {error}"))),
        Err(_) => return Err(problem(format!("did not answer within {} s", HELPER_LIMIT.as_secs()))),
    };
    if !succeeded {
        let has_none = said.trim_ascii() == NOT_FOUND;
        return if has_none { Ok(None) } else { Err(problem("failed".to_owned())) };
    }
    // No word of an answer is told: it may be the secret.
    let Ok(Answer { username, secret }) = serde_json::from_slice(&said) else {
        return Err(problem("gave an answer that is not in its own form".to_owned()));
    };
    let empty = DockerCredentials { serveraddress: Some(registry.to_owned()), ..Default::default() };
    Ok(Some(if username == TOKEN {
        DockerCredentials { identitytoken: Some(secret), ..empty }
    } else {
        DockerCredentials { username: Some(username), password: Some(secret), ..empty }
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Whether the helper ended well, and what it wrote. It is killed when nobody waits for it any more.
async fn run(helper: &str, registry: &str) -> std::io::Result<(bool, Vec<u8>)> {
    let mut command = Command::new(helper);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    if let Some(mut stdin) = stdin {
        // A helper need not read what it has no use for.
        let _ = stdin.write_all(registry.as_bytes()).await;
    }
    let mut said = Vec::new();
    if let Some(stdout) = stdout {
        stdout.take(ANSWER_MAX_BYTES).read_to_end(&mut said).await?;
    }
    Ok((child.wait().await?.success(), said))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;

    fn config(text: &str) -> (TempDir, Credentials) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.json"), text).unwrap();
        let path = folder.path().to_str().map(str::to_owned);
        let credentials = Credentials::find(&|name: &str| (name == "DOCKER_CONFIG").then(|| path.clone()).flatten());
        (folder, credentials)
    }

    async fn found(credentials: &Credentials, reference: &str) -> (Option<String>, Option<String>, Option<String>) {
        let found = credentials.of(&ImageRef::new(reference)).await;
        assert_eq!(found.problem, None);
        found.credentials.map_or((None, None, None), |found| (found.username, found.password, found.identitytoken))
    }

    fn pair(name: &str, password: &str) -> (Option<String>, Option<String>, Option<String>) {
        (Some(name.to_owned()), Some(password.to_owned()), None)
    }

    /// A helper with this body, written by a process of its own: no other test's child then has it open for writing
    /// while it is run.
    fn helper(folder: &Path, body: &str) -> String {
        let path = folder.join("docker-credential-test");
        let written = std::process::Command::new("sh")
            .args(["-c", r#"printf '#!/bin/sh\n%s\n' "$1" > "$0""#])
            .args([path.as_os_str(), body.as_ref()])
            .status();
        assert!(written.unwrap().success());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_reference_names_its_registry() {
        for (reference, registry) in [
            ("x", DOCKER_HUB),
            ("a/b:1", DOCKER_HUB),
            ("docker.io/a/b", DOCKER_HUB),
            ("index.docker.io/a/b", DOCKER_HUB),
            ("localhost/a", "localhost"),
            ("LOCAL/a", "LOCAL"),
            ("127.0.0.1:5000/a:1", "127.0.0.1:5000"),
            ("ghcr.io/a/b@sha256:00", "ghcr.io"),
        ] {
            assert_eq!(registry_of(&ImageRef::new(reference)), registry, "{reference}");
        }
    }

    #[tokio::test]
    async fn the_file_keeps_them_in_several_forms() {
        // `me:a:b` and `you:c` in Base64.
        let (_folder, kept) = config(
            r#"{"auths":{
                "one.example":{"auth":"bWU6YTpi"},
                "https://two.example/v1/":{"auth":"eW91OmM="},
                "three.example":{"username":"we","password":"d"},
                "four.example":{"auth":"bWU6YTpi","identitytoken":"t"},
                "https://index.docker.io/v1/":{"auth":"eW91OmM="}
            }}"#,
        );
        assert_eq!(found(&kept, "one.example/x").await, pair("me", "a:b"));
        assert_eq!(found(&kept, "two.example/x:1").await, pair("you", "c"));
        assert_eq!(found(&kept, "three.example/x").await, pair("we", "d"));
        assert_eq!(found(&kept, "four.example/x").await.2, Some("t".to_owned()));
        assert_eq!(found(&kept, "x").await, pair("you", "c"));
        assert_eq!(found(&kept, "five.example/x").await, (None, None, None));
    }

    #[tokio::test]
    async fn what_is_not_there_is_none_and_what_cannot_be_read_is_told_without_a_secret() {
        assert!(Credentials::default().of(&ImageRef::new("x")).await.problem.is_none());
        let (_folder, kept) = config(r#"{"auths":null}"#);
        assert_eq!(found(&kept, "x").await, (None, None, None));
        for text in [r#"{"auths":{"one.example":{"auth":"s3cret!"}}}"#, r#"{"auths":"s3cret!"}"#] {
            let (_folder, kept) = config(text);
            let told = kept.of(&ImageRef::new("one.example/x")).await.problem.unwrap();
            assert!(!told.contains("s3cret"), "{told}");
        }
    }

    #[tokio::test]
    async fn a_registrys_own_helper_comes_before_the_store_and_both_before_the_file() {
        let (_folder, kept) = config(
            r#"{"auths":{"one.example":{"auth":"bWU6YTpi"},"two.example":{"auth":"bWU6YTpi"}},
                "credsStore":"nowhere-store","credHelpers":{"one.example":"","two.example":"nowhere-own"}}"#,
        );
        assert_eq!(found(&kept, "one.example/x").await, pair("me", "a:b"));
        for (reference, helper) in [("two.example/x", "nowhere-own"), ("three.example/x", "nowhere-store")] {
            let told = kept.of(&ImageRef::new(reference)).await.problem.unwrap();
            assert!(told.contains(&format!("`docker-credential-{helper}`")), "{told}");
        }
    }

    #[tokio::test]
    async fn a_helper_is_told_the_registry_and_gives_a_name_or_a_token() {
        let folder = tempfile::tempdir().unwrap();
        let body = r#"test "$1" = get && printf '{"ServerURL":"x","Username":"me at %s","Secret":"s"}' "$(cat)""#;
        let given = ask(&helper(folder.path(), body), "one.example:5000").await.unwrap().unwrap();
        assert_eq!(given.username.as_deref(), Some("me at one.example:5000"));
        assert_eq!(given.serveraddress.as_deref(), Some("one.example:5000"));

        let body = r#"echo '{"Username":"<token>","Secret":"s"}'"#;
        let given = ask(&helper(folder.path(), body), "one.example").await.unwrap().unwrap();
        assert_eq!((given.username, given.identitytoken.as_deref()), (None, Some("s")));

        let body = "echo credentials not found in native keychain; exit 1";
        assert!(ask(&helper(folder.path(), body), "one.example").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_a_failing_helper_says_is_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        for body in ["echo s3cret; exit 1", "echo s3cret", r#"echo '{"Username":"s3cret"}'"#, "yes s3cret"] {
            let told = ask(&helper(folder.path(), body), "one.example").await.map(|_| ()).unwrap_err();
            assert!(told.contains("docker-credential-test") && !told.contains("s3cret"), "{told}");
        }
    }
}
