//! What a sequence is made of: the adapter's calls, and what a person does to Docker behind its back. Names are short
//! and stand for others on a real daemon. Every list of choices draws a sequence, and no step has a precondition: one
//! that names what is not there is answered with a no.

use engine::RestartPolicy;
use serde::{Deserialize, Serialize};
use sim::draw::Choices;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    // The adapter's.
    CreateNetwork {
        network: String,
    },
    CreateVolume {
        volume: String,
    },
    CreateContainer(Made),
    Start {
        container: String,
    },
    Stop {
        container: String,
    },
    Restart {
        container: String,
    },
    Unpause {
        container: String,
    },
    Connect {
        container: String,
        network: String,
    },
    // A person's.
    StartByHand {
        container: String,
    },
    StopByHand {
        container: String,
    },
    RestartByHand {
        container: String,
    },
    UnpauseByHand {
        container: String,
    },
    Kill {
        container: String,
    },
    Pause {
        container: String,
    },
    Rename {
        container: String,
        to: String,
    },
    Remove {
        container: String,
        force: bool,
        volumes: bool,
    },
    RemoveVolume {
        volume: String,
    },
    RemoveNetwork {
        network: String,
    },
    Disconnect {
        container: String,
        network: String,
    },
    Tag {
        image: Image,
        to: Image,
    },
    RemoveImage {
        image: Image,
        force: bool,
    },
    /// Somebody writes a file into a volume.
    Work {
        volume: String,
        bytes: String,
    },
    // What happens to a daemon that is this sequence's own.
    /// `docker system prune`, with every volume that nothing refers to or with none.
    Prune {
        volumes: bool,
    },
    /// The power goes, and comes back.
    CutPower,
}

/// A container to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Made {
    pub container: String,
    #[serde(default)]
    pub image: Image,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// None is Docker's default network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Whether it publishes the port that others publish too, and not one of its own.
    #[serde(default)]
    pub port: bool,
    #[serde(default = "no")]
    pub restart: RestartPolicy,
    /// `docker create --rm`, which only a person types.
    #[serde(default)]
    pub auto_remove: bool,
}

/// An image, and what its program does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Image {
    /// It serves.
    #[default]
    Serves,
    /// It serves, and declares a volume of its own.
    Anonymous,
    /// It ends at once, with exit code 0.
    Ends,
    /// It ends at once, with exit code 3.
    Fails,
    /// It serves, and no other sequence has it.
    Own,
    /// The reference that [`Step::Tag`] gives.
    Tagged,
    /// There is none.
    Missing,
}

impl Image {
    /// How it is called in pictures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::Anonymous => "anonymous",
            Self::Ends => "ends",
            Self::Fails => "fails",
            Self::Own => "own",
            Self::Tagged => "tagged",
            Self::Missing => "missing",
        }
    }
}

const CONTAINERS: [&str; 2] = ["a", "b"];
const NEW_NAMES: [&str; 3] = ["c", "a", "b"];
const VOLUMES: [&str; 2] = ["v", "w"];
const NETWORKS: [&str; 2] = ["n", "m"];

/// Draws a sequence of up to so many steps. `alone` is whether the daemon is the sequence's own.
pub fn sequence(choices: &mut impl Choices, steps_max: usize, alone: bool) -> Vec<Step> {
    let count = steps_max / 2 + 1 + choices.below(steps_max - steps_max / 2);
    // Something to act on comes first more often than not: most steps need a container.
    let mut steps = vec![Step::CreateContainer(made(choices))];
    if choices.below(2) == 0 {
        steps.insert(0, Step::CreateNetwork { network: NETWORKS[0].to_owned() });
    }
    while steps.len() < count {
        let step = if alone && choices.below(5) == 4 { of_daemon(choices) } else { step(choices) };
        steps.push(step);
    }
    steps
}

fn of_daemon(choices: &mut impl Choices) -> Step {
    match choices.below(3) {
        0 | 1 => Step::CutPower,
        _ => Step::Prune { volumes: choices.below(2) == 1 },
    }
}

fn step(choices: &mut impl Choices) -> Step {
    let container = choices.one_of(&CONTAINERS).to_owned();
    let volume = choices.one_of(&VOLUMES).to_owned();
    let network = choices.one_of(&NETWORKS).to_owned();
    match choices.below(34) {
        0..=3 => Step::CreateContainer(made(choices)),
        4..=6 => Step::Start { container },
        7 | 8 => Step::Stop { container },
        9 => Step::Restart { container },
        10 => Step::Unpause { container },
        11 | 12 => Step::Connect { container, network },
        13 => Step::CreateNetwork { network },
        14 => Step::CreateVolume { volume },
        15 | 16 => Step::StartByHand { container },
        17 => Step::StopByHand { container },
        18 => Step::RestartByHand { container },
        19 => Step::UnpauseByHand { container },
        20 | 21 => Step::Kill { container },
        22 | 23 => Step::Pause { container },
        24 => Step::Rename { container, to: choices.one_of(&NEW_NAMES).to_owned() },
        25 | 26 => Step::Remove { container, force: choices.below(2) == 1, volumes: choices.below(2) == 1 },
        27 | 28 => Step::RemoveVolume { volume },
        29 => Step::RemoveNetwork { network },
        30 => Step::Disconnect { container, network },
        31 => Step::Tag { image: choices.one_of(&[Image::Own, Image::Own, Image::Tagged]), to: Image::Tagged },
        32 => Step::RemoveImage { image: choices.one_of(&[Image::Own, Image::Tagged]), force: choices.below(2) == 1 },
        _ => Step::Work { volume, bytes: format!("work {}", choices.below(1000)) },
    }
}

fn made(choices: &mut impl Choices) -> Made {
    let images = [
        Image::Serves,
        Image::Serves,
        Image::Serves,
        Image::Anonymous,
        Image::Anonymous,
        Image::Own,
        Image::Fails,
        Image::Ends,
        Image::Tagged,
        Image::Missing,
    ];
    let volume = [Some("v"), Some("v"), Some("w"), None];
    let network = [Some("n"), Some("n"), Some("m"), None];
    let policies = [RestartPolicy::No, RestartPolicy::UnlessStopped, RestartPolicy::Always, RestartPolicy::OnFailure];
    let auto_remove = choices.below(6) == 5;
    Made {
        container: choices.one_of(&CONTAINERS).to_owned(),
        image: choices.one_of(&images),
        volume: choices.one_of(&volume).map(str::to_owned),
        network: choices.one_of(&network).map(str::to_owned),
        port: choices.below(2) == 1,
        // Docker takes no restart policy beside it.
        restart: if auto_remove { RestartPolicy::No } else { choices.one_of(&policies) },
        auto_remove,
    }
}

fn no() -> RestartPolicy {
    RestartPolicy::No
}
