//! The situations that lead to different plans, and the world in which one is brought about again and again.

use std::collections::HashMap;

use bollard::query_parameters::ListImagesOptions;

use crate::server::{Server, Trap, is_mutating};
use crate::support::{ByHand, Case, Cli, Holder, Run, Speaks, Spec, Suite, Work};

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
    /// A gateway whose container was removed. Its volume is there.
    Removed,
    /// The same, and a stranger's container bears its name.
    Foreign,
    /// A stopped gateway, and a process has its port.
    PortTaken,
    /// A running gateway without its network: it is stopped and started.
    Disconnected,
    /// A running gateway that does nothing any more: it is restarted.
    Hung,
    /// A ready gateway that is to be stopped.
    ToStop,
    /// A stopped gateway that is to be started, and no more than that.
    ToStart,
}

/// All of them.
pub const SITUATIONS: [Situation; 11] = [
    Situation::Nothing,
    Situation::Unpacked,
    Situation::Healthy,
    Situation::Stopped,
    Situation::Removed,
    Situation::Foreign,
    Situation::PortTaken,
    Situation::Disconnected,
    Situation::Hung,
    Situation::ToStop,
    Situation::ToStart,
];

/// A gateway of its own, for one case after another.
pub struct World {
    /// Its names, port and state directory.
    pub case: Case<'static>,
    /// What its runs find.
    pub situation: Situation,
    /// What is in the gateway; nothing where each case begins without one.
    pub work: Option<Work>,
    holder: Option<Holder>,
    // It goes after the containers that use it.
    image: Image,
}

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
            Self::Stopped | Self::ToStart => (0, "recovered", "ready"),
            Self::Removed => (0, "adopted", "ready"),
            Self::Foreign => (3, "refused", "foreign-container"),
            Self::PortTaken => (3, "refused", "port-held"),
            Self::Disconnected | Self::Hung => (0, "repaired", "ready"),
            Self::ToStop => (0, "stopped", "as-asked"),
        }
    }

    /// The outcomes of a run that finds what a disturbed one has left: the rest is done, whatever that is.
    pub fn next_outcomes(self) -> &'static [&'static str] {
        match self {
            Self::Nothing | Self::Unpacked => &["created", "adopted", "recovered", "reused"],
            Self::Healthy => &["reused"],
            Self::Stopped | Self::ToStart => &["recovered", "reused"],
            Self::Removed => &["adopted", "recovered", "reused"],
            Self::Foreign | Self::PortTaken => &["refused"],
            Self::Disconnected | Self::Hung => &["repaired", "recovered", "reused"],
            Self::ToStop => &["stopped"],
        }
    }

    /// Whether there is a gateway before the run.
    pub fn begins_with_gateway(self) -> bool {
        !matches!(self, Self::Nothing | Self::Unpacked)
    }

    /// Whether the container that is there is to be there afterwards.
    pub fn keeps_container(self) -> bool {
        self.begins_with_gateway() && self != Self::Removed
    }

    /// Whether the gateway is ready once the run has done what it was asked for.
    pub fn ends_ready(self) -> bool {
        !matches!(self, Self::Foreign | Self::PortTaken | Self::ToStop)
    }

    /// Whether a fault there tells something that no other situation does.
    pub fn has_of_its_own(self, shape: &str, nth: usize) -> bool {
        match self {
            // The rest of a first run is that of the situation in which nothing but the image is there.
            Self::Unpacked => {
                let checks_image = shape == "GET /images/{image}/json" && nth <= 2;
                checks_image || shape == "GET /version" || shape == "POST /images/create"
            }
            // Each of its looks waits for an answer of the gateway's.
            Self::Hung => is_mutating(shape),
            Self::Nothing
            | Self::Healthy
            | Self::Stopped
            | Self::Removed
            | Self::Foreign
            | Self::PortTaken
            | Self::Disconnected
            | Self::ToStop
            | Self::ToStart => true,
        }
    }

    /// The run's own time limit, in seconds.
    pub fn time_limit_s(self) -> u64 {
        if self == Self::Hung { 45 } else { 8 }
    }

    /// What is typed.
    fn command(self) -> &'static str {
        match self {
            Self::ToStop => "stop",
            Self::ToStart => "start",
            Self::Nothing
            | Self::Unpacked
            | Self::Healthy
            | Self::Stopped
            | Self::Removed
            | Self::Foreign
            | Self::PortTaken
            | Self::Disconnected
            | Self::Hung => "onboard",
        }
    }
}

impl World {
    /// Makes the gateway, unless the situation is that there is none.
    pub fn new(suite: &'static Suite, situation: Situation) -> Self {
        let case = Case::new(suite, &format!("{situation:?}").to_lowercase());
        let image = Image::new(suite, &case.other_name("image"));
        let mut world = Self { case, situation, work: None, holder: None, image };
        if situation.begins_with_gateway() {
            let (_, work) = world.case.created_as(&world.spec());
            // The record learns of the sandbox.
            world.case.onboard().run().ended(0, "reused", "ready");
            world.work = Some(work);
        }
        world
    }

    /// Brings the situation about. Except for the first, it begins with a ready gateway.
    pub fn arrange(&mut self) {
        let (case, name) = (&self.case, self.case.name());
        match self.situation {
            Situation::Nothing => self.forget(),
            Situation::Unpacked => {
                self.forget();
                case.daemon().sweep_image(&self.image.reference);
            }
            Situation::Healthy | Situation::ToStop => {}
            Situation::Hung => case.daemon().hang(&name),
            Situation::Stopped | Situation::ToStart => case.daemon().stop(&name),
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
        }
    }

    /// Takes everything away but the image.
    fn forget(&self) {
        self.case.suite().sweep(&self.case.other_name(""));
        let _ = std::fs::remove_dir_all(self.case.home());
    }

    /// Takes away what is in the way.
    pub fn clear(&mut self) {
        self.holder = None;
        if self.situation == Situation::Foreign {
            self.case.daemon().remove(&self.case.name());
        }
    }

    /// A server before the daemon.
    pub fn server(&self, trap: Option<Trap>) -> Server {
        let suite = self.case.suite();
        let signs = vec![(self.case.name(), "{name}"), (self.image.reference.clone(), "{image}")];
        Server::start(suite.runtime(), suite.socket(), signs, trap)
    }

    /// What a person types here.
    pub fn typed(&self, address: &str) -> Cli {
        self.line(self.situation.command(), address)
    }

    /// The same, and nothing disturbs it.
    pub fn run_well(&self) -> Run {
        self.typed(&self.case.suite().address()).run()
    }

    /// Brings the gateway up, and nothing disturbs that.
    pub fn onboard_well(&self) -> Run {
        self.line("onboard", &self.case.suite().address()).run()
    }

    fn line(&self, command: &str, address: &str) -> Cli {
        let cli = self.case.nemoclaw_at(address, &[command, "--gateway", self.case.gateway()]);
        if self.work.is_some() {
            return cli;
        }
        let file = self.case.file("spec.toml");
        self.spec().write(&file);
        cli.args(&["--spec", &file.display().to_string()])
    }

    fn spec(&self) -> Spec {
        let spec = Spec::of(&self.image.reference, self.case.port());
        if self.situation == Situation::Hung { spec.warm_up("2s").stop_grace("1s") } else { spec }
    }

    /// The container that bears the gateway's name.
    pub fn container(&self) -> String {
        self.case.daemon().id(&self.case.name())
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

/// Removes the images that runs packed anew because they were told that there was none, and that bear no name by now.
pub fn sweep_repacked(suite: &Suite) {
    let (daemon, docker) = (suite.daemon(), suite.daemon().docker());
    let layers = |image: &str| daemon.run(docker.inspect_image(image)).ok()?.root_fs?.layers;
    let ours = layers(suite.image());
    let filters = HashMap::from([("dangling".to_owned(), vec!["true".to_owned()])]);
    let options = ListImagesOptions { filters: Some(filters), ..Default::default() };
    let nameless = daemon.run(docker.list_images(Some(options))).unwrap_or_default();
    for image in nameless.iter().filter(|image| layers(&image.id) == ours) {
        daemon.sweep_image(&image.id);
    }
}
