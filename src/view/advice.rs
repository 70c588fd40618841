//! The next command to type: the engine's advice, in the words of what was typed, and with the backup that leads back where
//! one does. Absent on purpose: consent, which is typed each time.

use engine::{Advice, Discard, Effect, End, Plan, Refusal, Trouble, shell_word};

use super::{Asked, Report};

impl Report {
    /// The next command to type, where there is one.
    pub fn advice(&self) -> Option<String> {
        if let Some(refusal) = self.outcome.refusal() {
            return Some(self.next(refusal));
        }
        match (&self.outcome.end, self.asked) {
            (End::Looked { decision }, Asked::Status | Asked::Logs) => match decision.plan {
                Plan::Keep { .. } => None,
                Plan::Look(_)
                | Plan::Refuse { .. }
                | Plan::Perform { .. }
                | Plan::RollBack { .. }
                | Plan::Replace { .. }
                | Plan::EndReplacement { .. }
                | Plan::Reset { .. } => Some(self.again.onboard(&self.gateway)),
            },
            (End::Stopped, _) => Some(self.again.complete(&format!("nemoclaw start --gateway {}", self.gateway))),
            (End::Destroyed { what: Discard::Container, .. }, _) => Some(self.again.onboard(&self.gateway)),
            (End::Destroyed { what: Discard::Volumes, .. }, _) => {
                self.outcome.backup.as_ref().map(|backup| self.again.restore(&backup.path))
            }
            (
                End::Looked { .. },
                Asked::Onboard
                | Asked::DryRun
                | Asked::Start
                | Asked::Stop
                | Asked::Backup
                | Asked::Restore
                | Asked::Destroy(_),
            )
            | (
                End::Ready { .. }
                | End::BackedUp
                | End::Destroyed { what: Discard::SetAside, .. }
                | End::Refused { .. },
                _,
            ) => None,
        }
    }

    /// The next command to type after a refusal.
    pub fn next(&self, refusal: &Refusal) -> String {
        self.way_out(refusal).command
    }

    /// The way out of a refusal. Where the same command with another flag leads on, it stays the same.
    pub fn way_out(&self, refusal: &Refusal) -> Advice {
        if let Some(backup) = self.way_back(refusal) {
            return Advice { command: self.again.restore(&backup), effect: Effect::LeadsOut };
        }
        let Advice { command, effect } = refusal.advice(&self.gateway);
        let same = matches!(
            refusal,
            Refusal::PresetAmbiguous { .. }
                | Refusal::OtherPreset { .. }
                | Refusal::Locked { .. }
                | Refusal::Interrupted { .. }
        ) || self.asked == Asked::Restore
            && matches!(refusal, Refusal::PortHeld { container_has_it: false, .. });
        let (command, effect) = match (self.asked, refusal) {
            // To take it along into another container would not put it into a backup.
            (Asked::Destroy(_), Refusal::LayerHoldsData { .. }) => {
                (format!("{} --gateway {} --leave-behind", self.asked_for(), self.gateway), Effect::LeadsOut)
            }
            // Whose it is has to be found out first.
            (Asked::Destroy(_), Refusal::VolumeHeld { container, rename_to: None, writing: false, .. }) => {
                (format!("docker inspect {container}"), Effect::OnTheMachine)
            }
            // A record of that kind would be in the way of the other, and so would the kind that was typed.
            (Asked::Restore, Refusal::OtherPreset { what, .. }) if what == "the backup" => {
                let backup = self.again.restore(self.restored_from.as_deref().unwrap_or("BACKUP"));
                return Advice {
                    command: format!("{backup} --gateway {}-restored", self.gateway),
                    effect: Effect::LeadsOut,
                };
            }
            (_, _) if same => (command.replacen("nemoclaw onboard", &self.asked_for(), 1), effect),
            (_, _) => (command, effect),
        };
        Advice { command: self.again.complete(&command), effect }
    }

    /// The backup that brings back what a refused run found gone, or changed by what it undid.
    fn way_back(&self, refusal: &Refusal) -> Option<String> {
        if let Refusal::DataGone { .. } = refusal {
            return self.backups.first().map(|backup| backup.path.display().to_string());
        }
        // Whoever holds the port has not changed the data.
        let by_port = matches!(refusal, Refusal::NotPutBack { trouble: Trouble::PortHeld { .. }, .. });
        let not_put_back = matches!(refusal, Refusal::NotPutBack { .. }) && !by_port;
        self.outcome.backup.as_ref().filter(|_| not_put_back).map(|backup| backup.path.clone())
    }

    /// The command that was typed, less the gateway and what has to be typed each time.
    fn asked_for(&self) -> String {
        match self.asked {
            Asked::Start => "nemoclaw start".to_owned(),
            Asked::Stop => "nemoclaw stop".to_owned(),
            Asked::Logs => "nemoclaw logs".to_owned(),
            Asked::Backup => "nemoclaw backup".to_owned(),
            Asked::Restore => {
                format!("nemoclaw restore {}", shell_word(self.restored_from.as_deref().unwrap_or("BACKUP")))
            }
            Asked::Destroy(Discard::Container) => "nemoclaw destroy".to_owned(),
            Asked::Destroy(Discard::Volumes) => "nemoclaw destroy --volumes".to_owned(),
            Asked::Destroy(Discard::SetAside) => "nemoclaw destroy --set-aside".to_owned(),
            Asked::Onboard | Asked::DryRun | Asked::Status => "nemoclaw onboard".to_owned(),
        }
    }
}
