//! The situations that lead to different plans, and the world in which one is brought about again and again.

use std::collections::HashMap;

use bollard::query_parameters::ListImagesOptions;

use crate::server::{Server, Trap};
use crate::support::{ByHand, Case, Cli, Holder, Run, Speaks, Spec, Suite, Work};

/// What a run finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Situation {
    /// No container, volume, network or record.
    Nothing,
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
    /// A running gateway without its network.
    Disconnected,
}

/// All of them.
pub const SITUATIONS: [Situation; 7] = [
    Situation::Nothing,
    Situation::Healthy,
    Situation::Stopped,
    Situation::Removed,
    Situation::Foreign,
    Situation::PortTaken,
    Situation::Disconnected,
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
            Self::Nothing => (0, "created", "ready"),
            Self::Healthy => (0, "reused", "ready"),
            Self::Stopped => (0, "recovered", "ready"),
            Self::Removed => (0, "adopted", "ready"),
            Self::Foreign => (3, "refused", "foreign-container"),
            Self::PortTaken => (3, "refused", "port-held"),
            Self::Disconnected => (0, "repaired", "ready"),
        }
    }

    /// The outcomes of a run that finds what a disturbed one has left: the rest is done, whatever that is.
    pub fn next_outcomes(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &["created", "adopted", "recovered", "reused"],
            Self::Healthy => &["reused"],
            Self::Stopped => &["recovered", "reused"],
            Self::Removed => &["adopted", "recovered", "reused"],
            Self::Foreign | Self::PortTaken => &["refused"],
            Self::Disconnected => &["repaired", "recovered", "reused"],
        }
    }

    /// Whether the container that is there is to be there afterwards.
    pub fn keeps_container(self) -> bool {
        !matches!(self, Self::Nothing | Self::Removed)
    }

    /// Whether something that is in the way is still there afterwards.
    pub fn has_obstacle(self) -> bool {
        matches!(self, Self::Foreign | Self::PortTaken)
    }
}

impl World {
    /// Makes the gateway, unless the situation is that there is none.
    pub fn new(suite: &'static Suite, situation: Situation) -> Self {
        let case = Case::new(suite, &format!("{situation:?}").to_lowercase());
        let image = Image::new(suite, &case.other_name("image"));
        let mut world = Self { case, situation, work: None, holder: None, image };
        if situation != Situation::Nothing {
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
            Situation::Nothing => {
                case.suite().sweep(&case.other_name(""));
                let _ = std::fs::remove_dir_all(case.home());
            }
            Situation::Healthy => {}
            Situation::Stopped => case.daemon().stop(&name),
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
    pub fn onboard(&self, address: &str) -> Cli {
        let cli = self.case.nemoclaw_at(address, &["onboard", "--gateway", self.case.gateway()]);
        if self.work.is_some() {
            return cli;
        }
        let file = self.case.file("spec.toml");
        self.spec().write(&file);
        cli.args(&["--spec", &file.display().to_string()])
    }

    /// A run that nothing disturbs.
    pub fn onboard_well(&self) -> Run {
        self.onboard(&self.case.suite().address()).run()
    }

    fn spec(&self) -> Spec {
        Spec::of(&self.image.reference, self.case.port())
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
