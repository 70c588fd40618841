//! What every case needs: the run's image, a registry that has it with a layer of the case's own, and `onboard` with a
//! spec file that names it there. What was pulled goes with the case.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bollard::query_parameters::{ListImagesOptions, RemoveImageOptions};

use crate::image::{Image, Saved};
use crate::server::{Fault, REPOSITORY, Registry, TAG};
use crate::support::{Case, Cli, Run, Spec, Suite};

/// The size of the layer that nobody has, in bytes.
const LAYER_BYTES: usize = 2 << 20;

/// One run of the suite.
pub struct World {
    /// The daemon, the packed image, names and ports.
    pub suite: Suite,
    saved: OnceLock<Saved>,
}

impl World {
    /// Prepares a run. Nothing is asked of the daemon yet.
    pub fn new(socket: PathBuf) -> Self {
        Self { suite: Suite::new(socket), saved: OnceLock::new() }
    }

    /// An image that nobody has.
    fn image(&self) -> Image {
        let daemon = self.suite.daemon();
        let save = || daemon.run(Saved::of(daemon.docker(), self.suite.image())).unwrap();
        self.saved.get_or_init(save).with_layer_of(LAYER_BYTES)
    }
}

/// A case under way: its containers go first, then what it pulled, then its registry.
pub struct Pull<'a> {
    /// The gateway's own world.
    pub case: Case<'a>,
    _images: Images<'a>,
    /// The registry.
    pub registry: Registry,
}

impl<'a> Pull<'a> {
    /// Begins a case with a registry that is open to all.
    pub fn new(world: &'a World, about: &str, fault: Fault) -> Self {
        Self::with(world, about, None, fault)
    }

    /// Begins a case with a registry that asks for a name and a password.
    pub fn closed(world: &'a World, about: &str, account: (&str, &str)) -> Self {
        Self::with(world, about, Some(account), Fault::None)
    }

    fn with(world: &'a World, about: &str, account: Option<(&str, &str)>, fault: Fault) -> Self {
        let case = Case::new(&world.suite, about);
        let registry = Registry::start(world.suite.runtime(), world.image(), account, fault);
        std::fs::create_dir(case.file("docker")).unwrap();
        let images = Images { suite: &world.suite, prefix: format!("{}/", registry.name()) };
        Self { case, _images: images, registry }
    }

    /// The image's reference by tag.
    pub fn by_tag(&self) -> String {
        format!("{}/{REPOSITORY}:{TAG}", self.registry.name())
    }

    /// `nemoclaw onboard` with a spec file whose image is this one, from a registry, and no stored credentials.
    pub fn onboard(&self, reference: &str) -> Cli {
        let file = self.case.file("spec.toml");
        Spec::of(reference, self.case.port()).write(&file);
        let mut spec: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        let image = spec.get_mut("image").and_then(toml::Value::as_table_mut).expect("a table");
        image.insert("source".to_owned(), "registry".into());
        std::fs::write(&file, spec.to_string()).unwrap();
        let config = self.case.file("docker").display().to_string();
        self.case.onboard().args(&["--spec", &file.display().to_string()]).env("DOCKER_CONFIG", &config)
    }

    /// Has Docker's configuration say this.
    pub fn configure(&self, config: &serde_json::Value) {
        std::fs::write(self.case.file("docker/config.json"), config.to_string()).unwrap();
    }

    /// Asserts that onboarding makes the gateway, from this image, and that it works.
    #[track_caller]
    pub fn created(&self, cli: Cli) -> Run {
        let run = cli.run();
        run.ended(0, "created", "ready");
        let work = self.case.put_work();
        self.case.assert_kept(&work);
        run
    }

    /// Asserts that onboarding refuses, since the image cannot be had, and changes nothing.
    #[track_caller]
    pub fn refused(&self, cli: Cli) -> Run {
        let run = self.case.refused(cli, 3, "image-unavailable");
        self.assert_nothing_made(&run);
        run
    }

    /// Asserts that there is no container, volume, network or record.
    #[track_caller]
    pub fn assert_nothing_made(&self, run: &Run) {
        let made: Vec<_> = self.case.picture().into_iter().filter(|(_, seen)| !seen.is_null()).collect();
        assert!(made.is_empty(), "{made:?}\n{}", run.dump());
    }

    /// Asserts that no file of the state directory and nothing that was said holds any of these.
    #[track_caller]
    pub fn assert_told_nowhere(&self, run: &Run, secrets: &[&str]) {
        let dump = run.dump();
        let mut told = vec![("the output".to_owned(), dump.as_bytes().to_vec())];
        told.extend(self.case.files().iter().map(|(path, file)| (path.display().to_string(), file.bytes().to_vec())));
        for (place, bytes) in told {
            let text = String::from_utf8_lossy(&bytes);
            for secret in secrets {
                assert!(!text.contains(secret), "`{secret}` is told in {place}\n{text}");
            }
        }
    }
}

/// The images of one registry; they go with this value.
struct Images<'a> {
    suite: &'a Suite,
    prefix: String,
}

impl Drop for Images<'_> {
    fn drop(&mut self) {
        let daemon = self.suite.daemon();
        let docker = daemon.docker();
        let all = daemon.run(docker.list_images(None::<ListImagesOptions>)).unwrap_or_default();
        let names = all.into_iter().flat_map(|image| [image.repo_tags, image.repo_digests].concat());
        for name in names.filter(|name| name.starts_with(&self.prefix)) {
            let options = RemoveImageOptions { force: true, ..Default::default() };
            // With its last tag, an image's digest goes too.
            let _ = daemon.run(docker.remove_image(&name, Some(options), None));
        }
    }
}

/// Random bytes of the system's.
pub fn random(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    std::fs::File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    bytes
}

/// A program, written by a process of its own: no child of another case then has it open for writing while it is run.
pub fn write_program(path: &Path, text: &str) {
    let script = r#"printf '%s\n' "$1" > "$0" && chmod 755 "$0""#;
    let written =
        std::process::Command::new("sh").args(["-c", script]).args([path.as_os_str(), text.as_ref()]).status();
    assert!(written.unwrap().success());
}
