//! The situations that lead to different plans, and the world in which one is brought about again and again.

use std::path::PathBuf;

use super::by_hand::ByHand;
use super::case::Case;
use super::cli::{Cli, Run};
use super::gateway::Work;
use super::holder::{Holder, Speaks};
use super::proxy::{Changes, Proxy};
use super::spec::Spec;
use super::suite::Suite;

/// What a run finds, and what it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Situation {
    /// No container, volume, network or record.
    Nothing,
    /// The same, and no image: it is packed and imported.
    Unpacked,
    /// A ready gateway.
    Healthy,
    /// A gateway whose container was stopped.
    Stopped,
    /// A gateway whose container was paused.
    Paused,
    /// A gateway whose container was removed. Its volume is there.
    Removed,
    /// The same, and a stranger's container bears its name.
    Foreign,
    /// A stopped gateway, and a process has its port.
    PortTaken,
    /// A running gateway without its network: it is stopped and started.
    Disconnected,
    /// The same, and the network is gone.
    NetworkGone,
    /// A ready gateway that is to be stopped.
    ToStop,
    /// A stopped gateway that is to be started, and no more than that.
    ToStart,
    /// A running gateway that does nothing any more: it is restarted.
    Hung,
    /// A removed gateway whose record is of another daemon, and its owner accepts this one.
    ToAccept,
    /// A ready gateway that is to be replaced by the same again.
    ToReplace,
    /// A ready gateway that is to be backed up.
    ToBackUp,
}

/// A gateway of its own, for one case after another.
pub struct World {
    /// Its names, port and state directory.
    pub case: Case<'static>,
    /// What its runs find.
    pub situation: Situation,
    /// What is in the gateway; nothing where each case begins without one.
    pub work: Option<Work>,
    holder: Option<Holder>,
    /// The record that the situation is about, where that is not the last one written.
    record: Option<Vec<u8>>,
    // It goes after the containers that use it.
    image: Image,
}

/// Where backups lie in a state directory.
const BACKUPS: &str = "backups";

/// The run's image under a name of this world's own: a run that is told that there is none packs it anew.
struct Image {
    suite: &'static Suite,
    reference: String,
}

impl Situation {
    /// How a run ends here that nothing disturbs.
    pub fn end(self) -> (i32, &'static str, &'static str) {
        match self {
            Self::Nothing | Self::Unpacked => (0, "created", "ready"),
            Self::Healthy => (0, "reused", "ready"),
            Self::Stopped | Self::Paused | Self::ToStart => (0, "recovered", "ready"),
            Self::Removed | Self::ToAccept => (0, "adopted", "ready"),
            Self::Foreign => (3, "refused", "foreign-container"),
            Self::PortTaken => (3, "refused", "port-held"),
            Self::Disconnected | Self::NetworkGone | Self::Hung => (0, "repaired", "ready"),
            Self::ToStop => (0, "stopped", "as-asked"),
            Self::ToReplace => (0, "upgraded", "ready"),
            Self::ToBackUp => (0, "backed-up", "as-asked"),
        }
    }

    /// How a run ends that comes after a disturbed one: its exit code and reason. A replacement or a backup that was cut
    /// off is not asked for again.
    pub fn next_end(self) -> (i32, &'static str) {
        match self.is_asked_once() {
            true => (0, "ready"),
            false => (self.end().0, self.end().2),
        }
    }

    /// Whether the run after a disturbed one is a plain `onboard`.
    pub fn is_asked_once(self) -> bool {
        matches!(self, Self::ToReplace | Self::ToBackUp)
    }

    /// The outcomes of a run that finds what a disturbed one has left: the rest is done, whatever that is.
    pub fn next_outcomes(self) -> &'static [&'static str] {
        match self {
            Self::Nothing | Self::Unpacked => &["created", "adopted", "recovered", "reused"],
            Self::Healthy => &["reused"],
            Self::Stopped | Self::Paused | Self::ToStart => &["recovered", "reused"],
            Self::Removed | Self::ToAccept => &["adopted", "recovered", "reused"],
            Self::Foreign | Self::PortTaken => &["refused"],
            Self::Disconnected | Self::NetworkGone | Self::Hung => &["repaired", "recovered", "reused"],
            Self::ToStop => &["stopped"],
            Self::ToReplace => &["upgraded", "recovered", "reused"],
            Self::ToBackUp => &["recovered", "reused"],
        }
    }

    /// Whether the container that is there is to be there afterwards.
    pub fn keeps_container(self) -> bool {
        !self.is_fresh() && !matches!(self, Self::Removed | Self::ToAccept | Self::ToReplace)
    }

    /// Whether its run begins with nothing at all, so that there is no work to keep.
    pub fn is_fresh(self) -> bool {
        matches!(self, Self::Nothing | Self::Unpacked)
    }

    /// The first of the situations that can be brought about in the same world as this one.
    pub fn kind(self) -> Self {
        match self {
            Self::Nothing | Self::Unpacked => Self::Nothing,
            Self::Healthy
            | Self::Stopped
            | Self::Paused
            | Self::Removed
            | Self::Foreign
            | Self::PortTaken
            | Self::Disconnected
            | Self::NetworkGone
            | Self::ToStop
            | Self::ToStart => Self::Healthy,
            Self::Hung => Self::Hung,
            Self::ToAccept => Self::ToAccept,
            Self::ToReplace | Self::ToBackUp => Self::ToReplace,
        }
    }

    /// Whether the gateway runs, and is not well before it was started again.
    pub fn needs_new_start(self) -> bool {
        matches!(self, Self::Disconnected | Self::NetworkGone | Self::Hung)
    }

    /// Whether the gateway is ready once the run has done what it was asked for.
    pub fn ends_ready(self) -> bool {
        !matches!(self, Self::Foreign | Self::PortTaken | Self::ToStop)
    }
}

impl World {
    /// Makes the gateway, unless the situation is that there is none.
    pub fn new(suite: &'static Suite, situation: Situation) -> Self {
        let case = Case::new(suite, &format!("{situation:?}").to_lowercase());
        let image = Image::new(suite, &case.other_name("image"));
        let mut world = Self { case, situation, work: None, holder: None, record: None, image };
        if !situation.is_fresh() {
            let (_, work) = world.case.created_as(&world.spec());
            // The record learns of the sandbox.
            world.case.onboard().run().ended(0, "reused", "ready");
            world.work = Some(work);
        }
        if situation == Situation::ToAccept {
            world.record = Some(world.record_of_another_daemon());
        }
        world
    }

    /// The record of this gateway as it is made where the daemon says that it is another one.
    fn record_of_another_daemon(&self) -> Vec<u8> {
        let suite = self.case.suite();
        let proxy = Proxy::start(suite.runtime(), suite.socket(), Changes::Identity);
        std::fs::remove_file(self.case.record()).unwrap();
        let onboard = self.case.nemoclaw_at(&proxy.address(), &["onboard", "--gateway", self.case.gateway()]);
        self.with_spec(onboard).run().ended(0, "reused", "ready");
        std::fs::read(self.case.record()).unwrap()
    }

    /// Brings the situation about. Except for the first, it begins with a ready gateway.
    pub fn arrange(&mut self) {
        let (case, name) = (&self.case, self.case.name());
        match self.situation {
            Situation::Nothing | Situation::Unpacked => {
                case.suite().sweep(&case.other_name(""));
                let _ = std::fs::remove_dir_all(case.home());
                if self.situation == Situation::Unpacked && case.daemon().has_image(&self.image.reference) {
                    case.daemon().sweep_image(&self.image.reference);
                }
            }
            Situation::Healthy | Situation::ToStop => {}
            Situation::ToReplace | Situation::ToBackUp => {
                let _ = std::fs::remove_dir_all(case.home().join(BACKUPS));
            }
            Situation::Stopped | Situation::ToStart => case.daemon().stop(&name),
            Situation::Paused => case.daemon().pause(&name),
            Situation::Removed => case.daemon().remove(&name),
            Situation::Foreign => {
                case.daemon().remove(&name);
                ByHand::named(&name, case.suite().other_image()).create(case.suite());
            }
            Situation::PortTaken => {
                case.daemon().stop(&name);
                self.holder = Some(Holder::take(case.suite().runtime(), case.port(), Speaks::Http));
            }
            Situation::Disconnected => case.daemon().disconnect(&name, &name),
            Situation::NetworkGone => {
                case.daemon().disconnect(&name, &name);
                case.daemon().remove_network(&name);
            }
            Situation::Hung => case.daemon().hang(&name),
            Situation::ToAccept => {
                case.daemon().remove(&name);
                let _ = std::fs::remove_file(self.kept_record());
                std::fs::write(case.record(), self.record.as_ref().unwrap()).unwrap();
            }
        }
    }

    /// Takes away what is in the way.
    pub fn clear(&mut self) {
        self.holder = None;
        if self.situation == Situation::Foreign {
            self.case.daemon().remove(&self.case.name());
        }
    }

    /// What stands in requests for this world's own names.
    pub fn signs(&self) -> Vec<(String, &'static str)> {
        vec![(self.case.name(), "{name}"), (self.image.reference.clone(), "{image}")]
    }

    /// What a person types here, answered in JSON.
    pub fn typed(&self, address: &str) -> Cli {
        self.typed_in_words(address).args(&["--output", "json"])
    }

    /// The same, answered as to people.
    pub fn typed_in_words(&self, address: &str) -> Cli {
        let (command, flags): (_, &[&str]) = match self.situation {
            Situation::ToStop => ("stop", &[]),
            Situation::ToStart => ("start", &[]),
            Situation::ToReplace => ("onboard", &["--recreate"]),
            Situation::ToBackUp => ("backup", &[]),
            Situation::ToAccept => ("onboard", &["--accept-daemon"]),
            Situation::Nothing
            | Situation::Unpacked
            | Situation::Healthy
            | Situation::Stopped
            | Situation::Paused
            | Situation::Removed
            | Situation::Foreign
            | Situation::PortTaken
            | Situation::Disconnected
            | Situation::NetworkGone
            | Situation::Hung => ("onboard", &[]),
        };
        let cli = Cli::new(&self.case, &[command, "--gateway", self.case.gateway(), "--host", address]).args(flags);
        if self.situation.is_fresh() { self.with_spec(cli) } else { cli }
    }

    /// The same where there is no record yet, so that it takes a spec file.
    fn with_spec(&self, cli: Cli) -> Cli {
        let file = self.case.file("spec.toml");
        self.spec().write(&file);
        cli.args(&["--spec", &file.display().to_string()])
    }

    /// A run that nothing disturbs, against Docker at an address that shows what it asks; and a ready gateway after it.
    pub fn undisturbed(&mut self, address: &str) {
        self.arrange();
        let (exit, outcome, reason) = self.situation.end();
        self.typed(address).run().ended(exit, outcome, reason);
        self.clear();
        assert_eq!(self.case.onboard().run().code(), Some(0));
    }

    /// The run after a disturbed one, undisturbed.
    pub fn typed_well(&self) -> Run {
        match self.situation.is_asked_once() {
            true => self.case.onboard().run(),
            false => self.typed(&self.case.suite().address()).run(),
        }
    }

    fn spec(&self) -> Spec {
        let spec = Spec::of(&self.image.reference, self.case.port());
        // What hangs is waited for, and then not asked to end for long.
        if self.situation == Situation::Hung { spec.warm_up("2s").stop_grace("1s") } else { spec }
    }

    /// Where a record that is replaced by one of another daemon is kept.
    fn kept_record(&self) -> PathBuf {
        self.case.record().with_extension("json.1-kept")
    }

    /// The container that bears the gateway's name.
    pub fn container(&self) -> String {
        self.case.daemon().id(&self.case.name())
    }

    /// Asserts that nothing is left but what a gateway is made of.
    #[track_caller]
    pub fn assert_nothing_else(&self, told: &dyn Fn() -> String) {
        let (case, daemon) = (&self.case, self.case.daemon());
        let token = case.other_name("");
        let there = [daemon.containers(&token), daemon.volumes(&token), daemon.networks(&token)];
        let name = vec![case.name()];
        assert_eq!(there, [name.clone(), name.clone(), name], "leftovers\n{}", told());
        let mut files = case.files();
        // A backup that was not finished goes with the next one.
        let has_backups = self.situation.is_asked_once();
        files.retain(|path, _| !(path.starts_with("traces") || has_backups && path.starts_with(BACKUPS)));
        if let Some(old) = &self.record {
            let kept = files.remove(self.kept_record().strip_prefix(case.home()).unwrap());
            assert!(kept.is_some_and(|kept| kept.bytes() == old), "the old record is not kept\n{}", told());
        }
        let files: Vec<_> = files.into_keys().collect();
        assert_eq!(files, [PathBuf::from(format!("gateways/{}.json", case.gateway()))], "leftovers\n{}", told());
    }
}

impl Image {
    fn new(suite: &'static Suite, repository: &str) -> Self {
        suite.daemon().tag(suite.image(), repository, "x");
        Self { suite, reference: format!("{repository}:x") }
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        self.suite.daemon().sweep_image(&self.reference);
    }
}
