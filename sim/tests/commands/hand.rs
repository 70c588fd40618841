//! Whoever gives commands by hand.

#![expect(clippy::expect_used, clippy::panic, reason = "it is only ever part of a test")]

use std::collections::BTreeMap;

use engine::{
    Absence, Asked, BackupOrder, Command, Consent, ContainerId, ContainerName, Event, GatewayRecord, HelperContainer,
    HelperMount, HostSeen, ImageRef, ImageSource, Intent, LABEL_GATEWAY, LABEL_REPLACES, LABEL_ROLE, NextContainer,
    Observation, Purpose, ROLE_HELPER, ROLE_NEXT, RecordSeen, RestartPolicy, Target,
};
use sim::act::Act;
use sim::base::{Names, at_once};
use sim::fault::Rule;
use sim::host::{Nobody, SimHost, Witness};
use sim::oracle::{Acts, Breach, Oracle};
use sim::run::intent;
use sim::scenario::{Base, Bases, Kind};
use sim::world::World;
use sim::world::container::{Container, Mounted};
use sim::world::effect::{Actor, History};

/// The image of helpers.
pub const EMPTY: &str = "nemoclaw-empty:1";

/// A gateway, what is wanted of it, and what goes wrong.
pub struct Hand {
    pub world: World,
    pub names: Names,
    pub intent: Intent,
    pub rules: Vec<Rule>,
}

impl Hand {
    pub fn new(kind: Kind, base: Base) -> Self {
        let bases = Bases::new().expect("the built-in presets resolve");
        let (names, world) = bases.get(kind, base).clone();
        let intent = intent(&names, Purpose::Onboard);
        Self { world, names, intent, rules: Vec::new() }
    }

    /// Its owner consents to a reset.
    pub fn resets(mut self) -> Self {
        let consent = Consent::typed(&self.names.gateway, self.names.gateway.as_str());
        self.intent.reset = Some(consent.expect("it is the gateway's name"));
        self
    }

    /// Somebody else removed its container.
    pub fn remove_own(&mut self) {
        let act = Act::Remove { container: None, force: true, volumes: false };
        act.perform(&mut self.world, &self.names, &mut History::default());
    }

    /// Puts a next container into its place, and goes on.
    pub fn replaced(&mut self, then: impl FnOnce(&mut Giver<'_, Nobody>, &ContainerId)) -> (ContainerId, ContainerId) {
        let mut both = None;
        self.watched(&mut Nobody, |giver| {
            let own = giver.id_of(&giver.names.container);
            giver.done(&Command::CreateNext(Box::new(giver.next())));
            let next = giver.id_of(&giver.names.next());
            giver.policy(&own, RestartPolicy::No);
            giver.stop(&own);
            giver.rename(&own, giver.names.previous());
            giver.rename(&next, giver.names.container.clone());
            then(giver, &next);
            both = Some((own, next));
        });
        both.expect("both are there")
    }

    /// The gateway's container.
    pub fn own(&self) -> &Container {
        self.world.daemon().named(&self.names.container).expect("it is there")
    }

    /// Gives commands while an oracle judges them.
    pub fn judged(&mut self, script: impl FnOnce(&mut Giver<'_, Oracle<'_>>)) -> (Vec<Breach>, Acts) {
        let Self { world, names, intent, rules } = self;
        let mut history = History::default();
        let mut oracle = Oracle::new(names, intent, &history);
        let host = SimHost::new(world, &mut history, names, Actor::Run, rules, &mut oracle);
        let mut giver = Giver { host, names, intent };
        giver.give(&Command::TakeLock { gateway: names.gateway.clone(), wait: false });
        script(&mut giver);
        giver.host.end();
        oracle.died(world, &history);
        (oracle.breaches, oracle.acts)
    }

    /// Gives commands while somebody watches.
    pub fn watched<W: Witness>(&mut self, witness: &mut W, script: impl FnOnce(&mut Giver<'_, W>)) {
        let Self { world, names, intent, rules } = self;
        let mut history = History::default();
        let host = SimHost::new(world, &mut history, names, Actor::Run, rules, witness);
        script(&mut Giver { host, names, intent });
    }
}

/// Gives them.
pub struct Giver<'a, W> {
    pub host: SimHost<'a, W>,
    pub names: &'a Names,
    pub intent: &'a Intent,
}

impl<W: Witness> Giver<'_, W> {
    pub fn give(&mut self, command: &Command) -> Event {
        at_once(engine::Host::perform(&mut self.host, command)).expect("nobody kills it")
    }

    /// The same, and it is done.
    pub fn done(&mut self, command: &Command) {
        let event = self.give(command);
        assert_eq!(event, Event::Done, "{}", command.describe());
    }

    pub fn id_of(&self, name: &ContainerName) -> ContainerId {
        self.host.world.daemon().named(name).expect("it is there").id.clone()
    }

    pub fn record(&self) -> GatewayRecord {
        let record = self.host.world.state.records.get(&self.names.gateway).and_then(RecordSeen::record);
        record.expect("there is one").clone()
    }

    pub fn look(&mut self) -> HostSeen {
        let Names { gateway, spec, container, image, network, .. } = self.names;
        let record = self.host.world.state.records.get(gateway).and_then(RecordSeen::record).cloned();
        let target = Target {
            gateway: gateway.clone(),
            container: container.clone(),
            replacement: vec![self.names.next(), self.names.previous(), self.names.helper()],
            recorded: record.as_ref().map(|record| record.container.clone()),
            data_root: record.as_ref().map(|record| record.daemon.data_root.clone()),
            volumes: spec.volumes().map(|(name, _)| name.clone()).collect(),
            network: Some(network.clone()),
            image: image.clone(),
            companions: Vec::new(),
            port: spec.port.clone(),
            readiness: spec.readiness.clone(),
            wait_ms: 0,
            identity: true,
            layer: true,
            gpu: false,
            node_name_file: None,
        };
        let event = self.give(&Command::Observe(Box::new(target)));
        let Event::Observed { host } = event else { panic!("a look is answered with {event:?}") };
        *host
    }

    /// The proof, from a look, that the gateway's first volume has no container.
    pub fn absence(&mut self) -> Absence {
        let record = self.host.world.state.records.get(&self.names.gateway).cloned().unwrap_or(RecordSeen::Absent);
        let seen = Observation { record, asked: Asked::for_spec(&self.names.spec), host: self.look() };
        let consent = self.intent.reset.as_ref().expect("its owner consented");
        let Names { gateway, spec, volume, .. } = self.names;
        Absence::prove(&seen, consent, gateway, spec, volume).expect("it is proved")
    }

    /// The next container of the one that has the gateway's name.
    pub fn next(&self) -> NextContainer {
        let own = self.host.world.daemon().named(&self.names.container).expect("it is there");
        NextContainer {
            replaces: own.id.clone(),
            name: self.names.next(),
            image: self.names.image.clone(),
            command: None,
            keeps_entry_point: false,
            env: engine::Env::default(),
            labels: BTreeMap::from([
                (LABEL_GATEWAY.to_owned(), self.names.gateway.to_string()),
                (LABEL_ROLE.to_owned(), ROLE_NEXT.to_owned()),
                (LABEL_REPLACES.to_owned(), own.id.to_string()),
            ]),
            mounts: Vec::new(),
            port: None,
            hostname: own.config.hostname.clone(),
        }
    }

    /// Makes the helper, and tells what to back up through it.
    pub fn helper(&mut self) -> BackupOrder {
        let daemon = self.host.world.daemon();
        let own = daemon.named(&self.names.container);
        let mounts: Vec<_> = own
            .map(|own| own.config.mounts.clone())
            .unwrap_or_else(|| self.names.spec.mounts.iter().map(Mounted::of).collect());
        let container = own.map(|own| own.id.clone());
        let named = mounts.iter().filter_map(Mounted::volume).enumerate();
        let volumes =
            named.map(|(nth, name)| HelperMount { volume: name.clone(), path: None, at: format!("/v/{nth}") });
        let volumes: Vec<_> = volumes.collect();
        let image = ImageRef::new(EMPTY);
        self.done(&Command::ProvideImage { reference: image.clone(), source: ImageSource::Empty });
        self.done(&Command::CreateHelper(Box::new(HelperContainer {
            name: self.names.helper(),
            image,
            labels: BTreeMap::from([
                (LABEL_GATEWAY.to_owned(), self.names.gateway.to_string()),
                (LABEL_ROLE.to_owned(), ROLE_HELPER.to_owned()),
            ]),
            volumes: volumes.clone(),
            read_only: true,
        })));
        BackupOrder {
            gateway: self.names.gateway.clone(),
            helper: self.id_of(&self.names.helper()),
            container,
            image_id: None,
            spec: self.names.spec.clone(),
            volumes,
            beside: Vec::new(),
            carried: Vec::new(),
            left_out: Vec::new(),
        }
    }

    pub fn policy(&mut self, container: &ContainerId, policy: RestartPolicy) {
        self.done(&Command::SetRestartPolicy { container: container.clone(), policy });
    }

    pub fn rename(&mut self, container: &ContainerId, name: ContainerName) {
        self.done(&Command::RenameContainer { container: container.clone(), name });
    }

    pub fn stop(&mut self, container: &ContainerId) {
        self.done(&Command::StopContainer { container: container.clone(), grace_s: 10 });
    }

    pub fn start(&mut self, container: &ContainerId) {
        self.done(&Command::StartContainer { container: container.clone(), files: Vec::new() });
    }

    pub fn remove(&mut self, container: &ContainerId) {
        self.done(&Command::RemoveContainer { container: container.clone() });
    }
}
