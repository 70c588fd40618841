//! How a run ends: its outcome, with everything that there is to tell.

use std::sync::Arc;

use super::Run;
use crate::act::Act;
use crate::case::named_volumes;
use crate::intent::{Discard, Purpose};
use crate::known::Known;
use crate::labels;
use crate::names::VolumeName;
use crate::outcome::{End, GatewaySeen, How, Outcome, Told};
use crate::plan::{Decision, Note, Plan};
use crate::reason::Reason;
use crate::record::GatewayRecord;
use crate::refusal::Refusal;

impl Run {
    /// The end of a run that a decision refuses.
    pub fn refused_by(&self, decision: Decision) -> Outcome {
        match (decision.plan, self.intent.purpose) {
            (
                Plan::Refuse { refusal },
                Purpose::Onboard | Purpose::Start | Purpose::Stop | Purpose::BackUp | Purpose::Destroy(_),
            ) => self.refused(refusal),
            (plan, _) => self.looked(Decision { plan, ..decision }),
        }
    }

    /// The end of a run that refuses.
    pub fn refused(&self, refusal: Refusal) -> Outcome {
        self.ended(End::Refused { refusal: Box::new(refusal) })
    }

    /// The end of a run that was to stop the gateway.
    pub fn stopped(&self) -> Outcome {
        self.ended(End::Stopped)
    }

    /// The end of a run that was to make a backup.
    pub fn backed_up(&self) -> Outcome {
        self.ended(End::BackedUp)
    }

    /// The end of a run that was to destroy something.
    pub fn destroyed(&self, what: Discard) -> Outcome {
        let there = self.seen().host.volumes.known();
        let is_there = |name: &&VolumeName| there.into_iter().flatten().any(|volume| volume.name == **name);
        let removed = self.tried.removed.iter().filter(|name| !is_there(name)).cloned().collect();
        self.ended(End::Destroyed { what, removed })
    }

    /// The end of a look.
    pub fn looked(&self, decision: Decision) -> Outcome {
        self.ended(End::Looked { decision: Arc::new(decision) })
    }

    /// The end of a run on a gateway that is ready.
    pub fn ready_or_looked(&self, decision: &Arc<Decision>) -> Outcome {
        let mut outcome = match (&decision.plan, self.intent.purpose) {
            (Plan::Keep { verdict }, Purpose::Onboard | Purpose::Start) => {
                let reason = if self.missing.is_empty() { verdict.reason } else { Reason::SandboxesMissing };
                let mut outcome = self.ended(End::Ready { how: self.how(), reason });
                outcome.notes.extend(verdict.notes.iter().map(|note: &Note| Told::Note { said: note.clone() }));
                outcome.notes.extend(self.notice());
                outcome
            }
            (_, _) => self.ended(End::Looked { decision: decision.clone() }),
        };
        // Something answers there, also where Docker could not be asked.
        outcome.seen.endpoint = Some(self.case().endpoint());
        outcome
    }

    /// What the preset has to say of a container that this run has made.
    fn notice(&self) -> Option<Told> {
        let text = match self.how() {
            How::Created | How::Adopted | How::Reset | How::Restored => self.case().wanted.notice?,
            How::Reused | How::Recovered | How::Repaired | How::Upgraded => return None,
        };
        Some(Told::Notice { text })
    }

    /// How the gateway came to be ready, by what this run has done, or may have.
    pub(super) fn how(&self) -> How {
        let any = |acts: &[Act]| acts.iter().any(|act| self.tried.may_have(*act));
        // Somebody may have made another one since.
        let took_place =
            self.own().and_then(|own| labels::role_in(own, &self.intent.gateway)) == Some(labels::ROLE_NEXT);
        if self.tried.has(Act::Restore) {
            How::Restored
        } else if took_place && (self.tried.committed.is_some() || any(&[Act::RemoveOld])) {
            How::Upgraded
        } else if any(&[Act::RemoveVolume]) {
            How::Reset
        } else if any(&[Act::Create]) {
            How::Created
        } else if any(&[Act::Adopt]) {
            How::Adopted
        } else if any(&[Act::StopToRepair, Act::Restart]) {
            How::Repaired
        } else if self.tried.has_undone() || any(&[Act::Connect, Act::Start, Act::Unpause]) {
            How::Recovered
        } else {
            How::Reused
        }
    }

    fn ended(&self, end: End) -> Outcome {
        let adopted = self.tried.may_have(Act::Adopt);
        let holds = |told: &&Told| match told {
            Told::NodeName { .. } | Told::SpecAsOfBirth { .. } => adopted,
            Told::Note { .. }
            | Told::Notice { .. }
            | Told::SandboxesUnknown { .. }
            | Told::NoGpu
            | Told::Older { .. }
            | Told::ReplacementUndone
            | Told::PreviousKept { .. }
            | Told::NetworkKept { .. }
            | Told::RecordNotWritten { .. } => true,
        };
        Outcome {
            end,
            row: self.row,
            changed: self.recorded || self.tried.may_have_changed(),
            seen: self.gateway_seen(),
            backup: self.tried.backup.clone(),
            notes: self.told.iter().filter(holds).cloned().chain(self.no_gpu()).chain(self.left_over()).collect(),
        }
    }

    /// What is left of what was to go, or was.
    fn left_over(&self) -> Vec<Told> {
        let mut told = Vec::new();
        if self.tried.has_undone() {
            told.push(Told::ReplacementUndone);
        }
        if let Some((_, old)) = self.committed_pair() {
            told.push(Told::PreviousKept { container: old.name.clone() });
        }
        if let Some(failed) = self.tried.gave_up(&[Act::RemoveNetwork]) {
            told.push(Told::NetworkKept { failure: failed.failure.clone() });
        }
        told
    }

    /// That there is no GPU where one was asked for: optional means optional, and it is said.
    fn no_gpu(&self) -> Option<Told> {
        let seen = self.seen.as_ref()?;
        let made = self.tried.may_have(Act::Create) || self.tried.may_have(Act::Adopt);
        let wanted = self.intent.spec.gpu || made && self.case().wanted.gpu;
        (wanted && !matches!(seen.host.gpu, Some(Known::Known(Some(_))))).then_some(Told::NoGpu)
    }

    fn gateway_seen(&self) -> GatewaySeen {
        let record = self.record.record();
        let own = self.own();
        let recorded_volumes = || record.map_or_else(Vec::new, GatewayRecord::volume_names);
        let left = || {
            let case = self.seen.as_ref().map(|_| self.case())?;
            let wanted = case.wanted.volumes().map(|(name, _)| name.clone());
            let there = case.volumes().ok()?;
            Some(wanted.filter(|name| there.iter().any(|volume| volume.name == *name)).collect::<Vec<_>>())
        };
        GatewaySeen {
            preset: match record {
                Some(record) => Some(record.spec.preset.clone()),
                // As long as several could be meant it has none.
                None => self.intent.alternatives.is_empty().then(|| self.intent.spec.preset.clone()),
            },
            container: own.map(|own| (own.id.clone(), own.name.clone(), own.status.known().copied())),
            image: own.map(|own| (own.image.clone(), own.image_id.clone())),
            volumes: match own {
                Some(own) => named_volumes(own).cloned().collect(),
                None if record.is_some() => recorded_volumes(),
                None => left().unwrap_or_default(),
            },
            set_aside: record.map_or_else(Vec::new, |record| record.set_aside.iter().cloned().collect()),
            endpoint: own.map(|_| self.case().endpoint()),
            daemon: self.tried.daemon.clone().or_else(|| record.map(|record| record.daemon.clone())),
            sandboxes: self.sandboxes.clone(),
            missing: self.missing.clone(),
        }
    }
}
