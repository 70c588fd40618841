//! What a person asked for, as plain values. An owner's consent is a type that only their typed word can make.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::names::{GatewayName, VolumeName};
use crate::record::GatewayRecord;
use crate::spec::{GatewaySpec, PortSpec};

/// What one run is to achieve, or only to look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Intent {
    /// The gateway meant.
    pub gateway: GatewayName,
    /// Whether to act.
    pub purpose: Purpose,
    /// What the preset and today's flags say the gateway looks like.
    pub spec: GatewaySpec,
    /// What every other preset that could be meant says, with nothing of today's flags, which go on top of the one that
    /// is; none where the person typed which.
    pub alternatives: Vec<GatewaySpec>,
    /// Which parts of `spec` were typed today, rather than left to the preset.
    pub typed: Typed,
    /// Whether a replacement was asked for, whatever the drift.
    pub replace: Option<Replace>,
    /// Whether unlisted files of the old container's own layer may be left behind.
    pub leave_behind: bool,
    /// Paths of the old container's own layer to take along, besides the preset's.
    pub carry: Vec<String>,
    /// Whether what is replaced or given up is not backed up before.
    pub no_backup: bool,
    /// The owner's consent to lose what is there and to begin anew.
    pub reset: Option<Consent>,
    /// The owner's consent to what a destruction removes besides the container.
    pub consent: Option<Consent>,
    /// The folder of the backup that the gateway is to be restored from.
    pub restore: Option<String>,
    /// The node name that the data on the volume is keyed by, where its owner knows it.
    pub node_name: Option<String>,
    /// The volume that its owner chose among several.
    pub adopt: Option<VolumeName>,
    /// Whether to go on with a daemon that is not the recorded one.
    pub accept_daemon: bool,
    /// Whether to wait for another run on the same gateway.
    pub wait_for_lock: bool,
}

/// Whether a run acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Bring the gateway up.
    Onboard,
    /// Look, and say what onboarding would do. Takes no lock and sends nothing that changes anything.
    Look,
    /// Start the container that is there, and nothing more.
    Start,
    /// Stop the container.
    Stop,
    /// Copy the gateway's volumes into a backup, stopping it for that time.
    BackUp,
    /// Remove what its owner does not want any more.
    Destroy(Discard),
}

/// What a destruction removes. It backs up before it removes a container, or a volume that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Discard {
    /// Container and network. The volumes stay, and so does the record.
    Container,
    /// The volumes too, with their owner's consent.
    Volumes,
    /// Only the volumes that restores have set aside, with their owner's consent.
    SetAside,
}

/// Which parts of the spec a person typed today. The rest is the record's wish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Typed {
    /// `--preset`.
    pub preset: bool,
    /// `--spec FILE`.
    pub spec: bool,
    /// `--image REF`.
    pub image: bool,
    /// `--port N`.
    pub port: bool,
}

/// A replacement that was asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replace {
    /// To this release's defaults.
    Upgrade,
    /// Whatever the drift.
    Recreate,
}

/// The owner's word for one destructive act on one named gateway. There is no other way to make one than to type the
/// gateway's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Consent {
    gateway: GatewayName,
}

/// The name typed to consent is not the gateway's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{typed}` is not the gateway's name, `{gateway}`")]
pub struct ConsentRefused {
    /// What was typed.
    pub typed: String,
    /// The gateway's name.
    pub gateway: GatewayName,
}

impl Consent {
    /// Takes the name that the owner typed to confirm.
    ///
    /// # Errors
    /// Any other name than the gateway's own.
    pub fn typed(gateway: &GatewayName, typed: &str) -> Result<Self, ConsentRefused> {
        if typed == gateway.as_str() {
            Ok(Self { gateway: gateway.clone() })
        } else {
            Err(ConsentRefused { typed: typed.to_owned(), gateway: gateway.clone() })
        }
    }

    /// The one gateway that it holds for.
    pub fn gateway(&self) -> &GatewayName {
        &self.gateway
    }
}

impl Intent {
    /// What is asked for where nothing but the command and the gateway is typed. A lock that is held is waited for.
    pub fn of(gateway: GatewayName, spec: GatewaySpec, purpose: Purpose) -> Self {
        Self {
            gateway,
            purpose,
            spec,
            alternatives: Vec::new(),
            typed: Typed::default(),
            replace: None,
            leave_behind: false,
            carry: Vec::new(),
            no_backup: false,
            reset: None,
            consent: None,
            restore: None,
            node_name: None,
            adopt: None,
            accept_daemon: false,
            wait_for_lock: true,
        }
    }

    /// What the owner wants: the record's wish with what was typed today on top, or the preset's where there is no
    /// record. Another default of a newer release is no wish of anybody's.
    pub fn wanted(&self, record: Option<&GatewayRecord>) -> GatewaySpec {
        let Some(record) = record else { return self.spec.clone() };
        if self.typed.spec {
            return self.spec.clone();
        }
        if self.replace == Some(Replace::Upgrade) {
            // Whoever reaches the gateway does so on the port that it has.
            let recorded = &record.spec.port;
            let port = PortSpec { host_ip: recorded.host_ip.clone(), ..self.spec.port.on(recorded.host) };
            return self.with_typed(GatewaySpec { port, gpu: record.spec.gpu || self.spec.gpu, ..self.spec.clone() });
        }
        self.with_typed(record.spec.clone())
    }

    /// Whether the gateway is to be ready in the end, and a ready one is all that is asked for.
    pub fn is_for_ready(&self) -> bool {
        match self.purpose {
            Purpose::Onboard | Purpose::Look | Purpose::Start => true,
            Purpose::Stop | Purpose::BackUp | Purpose::Destroy(_) => false,
        }
    }

    /// Whether the whole spec is asked for today, and not only what was typed of it.
    pub fn asks_for_spec(&self) -> bool {
        self.typed.spec || self.replace == Some(Replace::Upgrade)
    }

    /// Another spec than the one that the flags were typed for, with all of them.
    pub fn with_flags(&self, spec: GatewaySpec) -> GatewaySpec {
        GatewaySpec { gpu: spec.gpu || self.spec.gpu, ..self.with_typed(spec) }
    }

    /// A spec from earlier with the image and port that were typed today.
    pub fn with_typed(&self, mut spec: GatewaySpec) -> GatewaySpec {
        if self.typed.image && spec.image != self.spec.image {
            spec.image = self.spec.image.clone();
            spec.image_source = self.spec.image_source;
        }
        if self.typed.port {
            spec.port = spec.port.on(self.spec.port.host);
        }
        spec
    }
}
