//! The world of one case about a kind of gateway that people run: its names, its spec with a stand-in, and work in it.

use std::ops::Deref;

use crate::support::{ByHand, Case, Cli, Run, Spec, Suite, Work};

/// A kind of gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Today's: one process, whose sandboxes are containers beside it.
    Today,
    /// The older one: k3s in a container, whose sandboxes are listed by a program in it.
    Cluster,
}

/// A case, of one kind.
pub struct World<'a> {
    case: Case<'a>,
    kind: Kind,
}

/// Today's kind does not key its data by a node name, as the stand-in does: there it is always the same.
const NO_NODE: &str = "none";

/// A sandbox of today's kind bears its name in this label.
const NAME_LABEL: &str = "openshell.ai/sandbox-name";

impl Kind {
    /// Its preset.
    pub fn preset(self) -> &'static str {
        match self {
            Self::Today => "openshell-gateway",
            Self::Cluster => "openshell-cluster",
        }
    }

    /// Where it has its data.
    pub fn data(self) -> &'static str {
        match self {
            Self::Today => "/var/openshell",
            Self::Cluster => "/var/lib/rancher/k3s",
        }
    }

    fn port_inside(self) -> &'static str {
        match self {
            Self::Today => "{port}",
            Self::Cluster => "30051",
        }
    }
}

impl<'a> World<'a> {
    /// Begins a case. `about` becomes part of its gateway's name.
    pub fn new(suite: &'a Suite, kind: Kind, about: &str) -> Self {
        Self { case: Case::new(suite, about), kind }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its container's exact name.
    pub fn container(&self) -> String {
        match self.kind {
            Kind::Today => format!("openshell-gateway-{}", self.gateway()),
            Kind::Cluster => format!("openshell-cluster-{}", self.gateway()),
        }
    }

    /// Its volume's exact name.
    pub fn volume(&self) -> String {
        match self.kind {
            Kind::Today => format!("openshell-state-{}", self.gateway()),
            Kind::Cluster => format!("openshell-cluster-{}", self.gateway()),
        }
    }

    /// The preset, with the stand-in.
    pub fn stand_in(&self) -> Spec {
        let kind = self.kind;
        let image = self.suite().image();
        let spec = Spec::stand_in(kind.preset(), image, self.port(), kind.port_inside(), kind.data());
        match kind {
            // Cases run side by side, and whoever has the real label is a sandbox of every gateway of the daemon's.
            Kind::Today => spec
                .env("OPENSHELL_NODE_NAME", NO_NODE)
                .sandboxes("label", format!("openshell.ai/managed-by={}", self.manager())),
            Kind::Cluster => spec,
        }
    }

    /// `nemoclaw onboard --spec FILE`
    pub fn onboard_stand_in(&self) -> Cli {
        self.onboard_as(&self.stand_in())
    }

    /// `nemoclaw onboard --preset PRESET --image IMAGE`: the preset as it is built in, for a gateway that is there.
    pub fn onboard_preset(&self) -> Cli {
        self.onboard().args(&["--preset", self.kind.preset(), "--image", self.suite().image()])
    }

    /// A gateway made by nemoclaw, with work in it.
    #[track_caller]
    pub fn made(&self) -> (Run, Work) {
        self.made_as(&self.stand_in())
    }

    /// The same, from another spec. The older kind is made on a volume that is there, because only the older tool makes
    /// one from nothing.
    #[track_caller]
    pub fn made_as(&self, spec: &Spec) -> (Run, Work) {
        let run = match self.kind {
            Kind::Today => {
                let run = self.onboard_as(spec).run();
                run.ended(0, "created", "ready");
                run
            }
            Kind::Cluster => {
                self.daemon().create_volume(&self.volume(), &[]);
                let run = self.onboard_as(spec).args(&["--node-name", &self.node_name()]).run();
                run.ended(0, "adopted", "ready");
                run
            }
        };
        (run, self.put_work())
    }

    /// Puts work into the gateway: bytes, and a sandbox. That of today's kind is a container beside it.
    #[track_caller]
    pub fn put_work(&self) -> Work {
        let work = self.case.put_work();
        if self.kind == Kind::Today {
            self.sandbox(&work.sandbox).create(self.suite());
        }
        work
    }

    /// A sandbox of today's kind.
    pub fn sandbox(&self, name: &str) -> ByHand {
        self.sandbox_of(&self.manager(), name)
    }

    /// The same with another value of the label that tells whose it is.
    pub fn sandbox_of(&self, manager: &str, name: &str) -> ByHand {
        ByHand::named(&self.other_name(name), self.suite().image())
            .label("openshell.ai/managed-by", manager)
            .label("openshell.ai/sandbox-namespace", "default")
            .label(NAME_LABEL, name)
    }

    /// The gateway as its documentation, or the older tool, makes it: no labels of ours, no record.
    pub fn by_hand(&self) -> ByHand {
        let (container, volume, image) = (self.container(), self.volume(), self.suite().image());
        let port = self.port();
        let by_hand = match self.kind {
            Kind::Today => ByHand::named(&container, image)
                .bind("/var/run/docker.sock", "/var/run/docker.sock")
                .env("OPENSHELL_DB_URL", "sqlite:/var/openshell/openshell.db")
                .env("OPENSHELL_DISABLE_TLS", "true")
                .env("OPENSHELL_NODE_NAME", NO_NODE)
                .env("NEMOCLAW_REFERENCE_LISTEN", &format!("0.0.0.0:{port}"))
                .publish_at("127.0.0.1", port, port),
            Kind::Cluster => {
                if self.daemon().networks(&container).is_empty() {
                    self.daemon().create_network(&container);
                }
                ByHand::named(&container, image)
                    .network(&container)
                    .env("OPENSHELL_NODE_NAME", &self.node_name())
                    .env("NEMOCLAW_REFERENCE_LISTEN", "0.0.0.0:30051")
                    .publish_at("0.0.0.0", port, 30051)
            }
        };
        by_hand.volume(&volume, self.kind.data()).restarting()
    }

    fn manager(&self) -> String {
        self.other_name("openshell")
    }
}

impl<'a> Deref for World<'a> {
    type Target = Case<'a>;

    fn deref(&self) -> &Case<'a> {
        &self.case
    }
}
