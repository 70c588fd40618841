//! What was asked for, flag by flag, and the intent that it stands for.

use engine::{Consent, Discard, ImageRef, Intent, Purpose, VolumeName};
use serde::{Deserialize, Serialize};

use super::{BadScenario, Base, Bases, Kind};
use crate::base::Names;
use crate::run::intent;
use crate::world::World;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Ask {
    /// The command.
    pub command: Verb,
    /// `--accept-daemon`.
    pub accept_daemon: bool,
    /// `--reset --confirm` with the gateway's name.
    pub reset: bool,
    /// `--adopt VOLUME`.
    pub adopt: Option<String>,
    /// `--port N`.
    pub port: Option<u16>,
    /// `--image REF`.
    pub image: Option<String>,
    /// `--recreate`.
    pub recreate: bool,
    /// `--upgrade`.
    pub upgrade: bool,
    /// `--leave-behind`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub leave_behind: bool,
    /// `--carry PATH`, each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carry: Vec<String>,
    /// `--no-backup`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_backup: bool,
    /// Which backup `restore` is to take: one of the gateway's by its number, or a folder; its latest where none is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// `destroy --volumes`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub volumes: bool,
    /// `destroy --set-aside`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub set_aside: bool,
    /// `--confirm` with the gateway's name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// No `--preset` was typed: the kind is to be found out.
    pub preset_not_typed: bool,
}

/// Which command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// `onboard`.
    #[default]
    Onboard,
    /// `status`.
    Status,
    /// `start`.
    Start,
    /// `stop`.
    Stop,
    /// `backup`.
    Backup,
    /// `restore`.
    Restore,
    /// `destroy`.
    Destroy,
}

impl Ask {
    /// The intent that it stands for.
    ///
    /// # Errors
    /// A flag's value that `nemoclaw` would refuse.
    pub fn intent(&self, names: &Names, bases: &Bases) -> Result<Intent, BadScenario> {
        let bad = |key, problem: String| BadScenario::Value { key, problem };
        let purpose = match self.command {
            Verb::Onboard | Verb::Restore => Purpose::Onboard,
            Verb::Status => Purpose::Look,
            Verb::Start => Purpose::Start,
            Verb::Stop => Purpose::Stop,
            Verb::Backup => Purpose::BackUp,
            Verb::Destroy => Purpose::Destroy(match (self.volumes, self.set_aside) {
                (_, true) => Discard::SetAside,
                (true, false) => Discard::Volumes,
                (false, false) => Discard::Container,
            }),
        };
        let mut wish = intent(names, purpose);
        wish.accept_daemon = self.accept_daemon;
        wish.leave_behind = self.leave_behind;
        wish.carry.clone_from(&self.carry);
        wish.no_backup = self.no_backup;
        wish.adopt = self
            .adopt
            .as_deref()
            .map(|volume| if volume == "own" { names.volume.clone() } else { VolumeName::new(volume) });
        let consent = |key| {
            let typed = Consent::typed(&names.gateway, names.gateway.as_str());
            typed.map_err(|refused| bad(key, refused.to_string()))
        };
        if self.reset {
            wish.reset = Some(consent("reset")?);
        }
        if self.confirm {
            wish.consent = Some(consent("confirm")?);
        }
        if let Some(port) = self.port {
            wish.spec.port = wish.spec.port.on(port);
            wish.typed.port = true;
        }
        if let Some(image) = &self.image {
            wish.spec.image = ImageRef::parse(image).map_err(|error| bad("image", error.to_string()))?;
            wish.typed.image = true;
        }
        wish.replace = match (self.recreate, self.upgrade) {
            (true, _) => Some(engine::Replace::Recreate),
            (false, true) => Some(engine::Replace::Upgrade),
            (false, false) => None,
        };
        if self.preset_not_typed {
            wish.typed.preset = false;
            let others = Kind::ALL.into_iter().filter(|kind| kind.as_str() != names.spec.preset.as_str());
            wish.alternatives = others.map(|kind| bases.get(kind, Base::Fresh).0.spec.clone()).collect();
        }
        Ok(wish)
    }

    /// The folder of the backup that is to be restored.
    pub(super) fn backup_in(&self, world: &World, names: &Names) -> String {
        let latest = || world.state.latest_backup(&names.gateway).map(|backup| backup.path.clone());
        match &self.backup {
            Some(folder) if folder.contains('/') => folder.clone(),
            Some(number) => format!("backups/{}/{number}", names.gateway),
            None => latest().unwrap_or_else(|| format!("backups/{}/none", names.gateway)),
        }
    }
}
