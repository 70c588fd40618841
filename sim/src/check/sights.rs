//! What was seen to happen, so that no invariant holds only for want of an occasion.

use engine::{Command, End, Event, Outcome, Reason, gateway_of};

use super::coverage::Coverage;
use super::properties::Sight;
use crate::base::Names;
use crate::oracle::Acts;
use crate::world::World;
use crate::world::effect::{Actor, Effect, Happened};

/// What a run says that put another container into the gateway's place.
const UPGRADED: &str = "upgraded";

impl Coverage {
    /// Notes what the run has just done.
    pub(super) fn note_effects(&self, names: &Names, news: &[Happened], world: &World) {
        for Happened { effect, .. } in news.iter().filter(|news| news.by == Actor::Run) {
            match effect {
                Effect::RecordWritten { .. } => self.saw(Sight::Recorded),
                Effect::VolumeRemoved { .. } => self.saw(Sight::VolumeRemoved),
                Effect::ContainerStarted { .. } | Effect::ContainerCreated { .. } | Effect::ContainerEnded { .. } => {
                    let strange = world.daemon().store.containers.values().any(|container| {
                        gateway_of(&container.config.labels) != Some(names.gateway.as_str())
                            && container.name != names.container
                    });
                    if strange {
                        self.saw(Sight::StrangerBeside);
                    }
                }
                Effect::ContainerRemoved { .. }
                | Effect::ContainerFrozen { .. }
                | Effect::ContainerRenamed { .. }
                | Effect::RestartPolicySet { .. }
                | Effect::FilesWritten { .. }
                | Effect::ContainerConnected { .. }
                | Effect::VolumeCreated { .. }
                | Effect::VolumeRemovalAsked { .. }
                | Effect::Network { .. }
                | Effect::Image { .. }
                | Effect::BackedUp { .. }
                | Effect::RecordRemoved { .. } => {}
            }
        }
    }

    /// Notes that a run looks again because it does not know.
    pub(super) fn note_look(&self, event: &Event, next: &Command) {
        if let (Event::Observed { host }, Command::Observe(_)) = (event, next)
            && host.containers.known().is_none()
        {
            self.saw(Sight::LookedAgain);
        }
    }

    /// Notes how a run ended.
    pub(super) fn note_end(&self, outcome: &Outcome, acts: Acts, after_death: bool) {
        if outcome.reason() == Reason::Locked {
            self.saw(Sight::Locked);
        }
        let End::Ready { how, .. } = &outcome.end else { return };
        if how.as_str() == UPGRADED {
            self.saw(Sight::Replaced);
        }
        if after_death {
            self.saw(Sight::ReadyAfterDeath);
        }
        self.saw(if acts.sum() > 0 { Sight::ReadyAfterActs } else { Sight::LeftAlone });
    }
}
