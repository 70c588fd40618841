//! What one run knows: the intent, the record, the latest picture, what it has tried, what there is to tell. The states
//! in `machine.rs` move it; the questions that they ask of it are here, and how it ends is in `run/ends.rs`.

mod ends;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::act::Act;
use crate::case::{Case, own_names, spec_of_birth};
use crate::command::{Command, Target};
use crate::container::ContainerSeen;
use crate::event::{Event, Failure};
use crate::intent::{Intent, Purpose};
use crate::known::{Known, Why};
use crate::labels;
use crate::make::node_name;
use crate::names::{ContainerId, SandboxName, VolumeName};
use crate::observation::{Asked, HostSeen, Observation};
use crate::older::Older;
use crate::outcome::{How, Told};
use crate::plan::{Because, Decision, Look, Plan, Row};
use crate::preset_choice::{self, Named};
use crate::record::{GatewayRecord, RecordSeen};
use crate::recording::{Compared, Listed, compare, record_after};
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::spec::ImageSource;
use crate::tried::{LOOKS_MAX, Tried};

/// How many of a container's last log lines a refusal shows.
const LOG_LINES: u32 = 20;

/// How many of a next container's last log lines are kept when it is undone: it is removed, and they are all that is left
/// of it.
const NEXT_LOG_LINES: u32 = 200;

/// What undoing a replacement may take beside two warm-ups, in milliseconds: as much as a run has.
const ROLL_BACK_BESIDE_WARM_UP_MS: u64 = 60_000;

/// One run's knowledge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// What was asked.
    pub intent: Shared<Intent>,
    /// The record, as read or as written since.
    pub record: RecordSeen,
    /// What this run has done.
    pub tried: Tried,
    /// The row that decided last.
    pub row: Option<Row>,
    seen: Option<Shared<Observation>>,
    sandboxes: Option<BTreeMap<SandboxName, Option<String>>>,
    missing: BTreeSet<SandboxName>,
    being_written: Option<Arc<GatewayRecord>>,
    removing: Option<VolumeName>,
    making: Option<(VolumeName, VolumeName)>,
    recorded: bool,
    record_failed: bool,
    older: BTreeSet<SandboxName>,
    told: Vec<Told>,
}

impl Run {
    /// Begins.
    pub fn new(intent: Shared<Intent>) -> Self {
        Self {
            intent,
            record: RecordSeen::Absent,
            tried: Tried::default(),
            row: None,
            seen: None,
            sandboxes: None,
            missing: BTreeSet::new(),
            being_written: None,
            removing: None,
            making: None,
            recorded: false,
            record_failed: false,
            older: BTreeSet::new(),
            told: Vec::new(),
        }
    }

    /// Notes the record, or what the older tool left where there is none. The wish behind a record is that of its
    /// preset, unless another was typed.
    pub fn note_record(&mut self, record: &RecordSeen, older: Option<&Older>) {
        self.record = record.clone();
        let typed = self.intent.typed;
        let intent = &mut *self.intent;
        if let Some(record) = record.record()
            && !typed.preset
            && !typed.spec
        {
            intent.spec = intent.with_flags(preset_choice::of_record(intent, record));
            intent.alternatives.clear();
        }
        let Some(older) = older else { return };
        for spec in std::iter::once(&mut intent.spec).chain(&mut intent.alternatives) {
            let Some(port) = older.port.map(|port| spec.port.on(port)) else { continue };
            if !typed.port && !typed.spec && spec.image_source == ImageSource::Registry && port.check().is_ok() {
                spec.port = port;
            }
        }
        self.older.clone_from(&older.sandboxes);
        self.told.extend(older.problems.iter().map(|problem| Told::Older { problem: problem.clone() }));
    }

    /// What tells which preset is meant, where nobody said so.
    pub fn question_about_preset(&self, wait_ms: u64) -> Option<Command> {
        let open = !self.intent.alternatives.is_empty() && self.record == RecordSeen::Absent;
        open.then(|| preset_choice::question(&self.intent, wait_ms))
    }

    /// Chooses the preset by what is there; names the question to ask again while that is unknown.
    ///
    /// # Errors
    /// Several kinds are there, or what is there stays unknown.
    pub fn choose_preset(&mut self, found: &Known<Vec<Named>>) -> Result<Option<Command>, Box<Refusal>> {
        let found = match found {
            Known::Known(found) => found,
            Known::Unknown(why) if self.tried.looks >= LOOKS_MAX => {
                return Err(Box::new(Refusal::DockerUnknown { why: why.clone() }));
            }
            Known::Unknown(_) => {
                let wait_ms = self.tried.pause_ms();
                self.tried.note_look(Look::default());
                return Ok(self.question_about_preset(wait_ms));
            }
        };
        self.tried.looks = 0;
        let chosen = match preset_choice::found(&self.intent, found).as_slice() {
            [] => None,
            [only] => Some((*only).clone()),
            several => {
                let presets = several.iter().map(|spec| spec.preset.clone()).collect();
                return Err(Box::new(Refusal::PresetAmbiguous { presets }));
            }
        };
        let intent = &mut *self.intent;
        intent.alternatives.clear();
        if let Some(chosen) = chosen {
            intent.spec = intent.with_flags(chosen);
        }
        Ok(None)
    }

    /// The latest picture.
    ///
    /// # Panics
    /// Before the first one.
    pub fn seen(&self) -> &Observation {
        let Some(seen) = &self.seen else { unreachable!("only asked after a picture was taken") };
        seen
    }

    fn case(&self) -> Case<'_> {
        Case::new(self.seen(), &self.intent, &self.tried)
    }

    fn own(&self) -> Option<&ContainerSeen> {
        let seen = self.seen.as_ref()?;
        Case::new(seen, &self.intent, &self.tried).own().ok().flatten()
    }

    /// What the next look is for.
    pub fn target(&self, wait_ms: u64) -> Target {
        let record = self.record.record();
        let wanted = self.seen.as_ref().map_or_else(|| self.intent.wanted(record), |_| self.case().wanted);
        let volumes: BTreeSet<_> = wanted
            .volumes()
            .map(|(name, _)| name.clone())
            .chain(
                record.into_iter().flat_map(|record| record.volume_names().into_iter().chain(record.set_aside.clone())),
            )
            .chain(self.intent.adopt.clone())
            .collect();
        let companions = wanted.companion_images();
        let network = wanted.network_or_default();
        Target {
            companions,
            gpu: wanted.gpu || self.intent.spec.gpu,
            node_name_file: wanted.node_name_file.filter(|_| self.tried.look.node_name),
            gateway: self.intent.gateway.clone(),
            replacement: own_names(&wanted.container).to_vec(),
            container: wanted.container,
            recorded: record.map(|record| record.container.clone()),
            data_root: record.map(|record| record.daemon.data_root.clone()),
            volumes: volumes.into_iter().collect(),
            network: Some(network),
            image: wanted.image,
            port: wanted.port,
            readiness: wanted.readiness,
            wait_ms,
            identity: record.is_none() || self.tried.look.identity,
            layer: self.tried.look.layer,
        }
    }

    /// Notes a picture, and for what it was taken.
    pub fn note_seen(&mut self, host: &HostSeen) {
        let target = self.target(0);
        self.tried.note_daemon(host);
        let asked = Asked { image: target.image, port: target.port };
        self.seen = Some(Shared::new(Observation { record: self.record.clone(), asked, host: host.clone() }));
    }

    /// The record of a container that this run has just made: it is written before anything else is done with it.
    pub fn record_of_new_container(&self) -> Option<GatewayRecord> {
        let own = self.own()?;
        // What we make bears our label; and somebody may have begun to replace it since.
        let is_ours = labels::gateway_of(&own.labels) == Some(self.intent.gateway.as_str());
        if !is_ours || self.pair().is_some() {
            return None;
        }
        let made = self.tried.may_have(Act::Create) || self.tried.may_have(Act::Adopt);
        let known = self.record.record().is_some_and(|record| record.container == own.id);
        // On another daemon, or on one that does not say who it is, what is there may not be what this run has made.
        let host = &self.seen().host;
        let elsewhere = !matches!(host.daemon, Some(Known::Known(_))) || self.tried.other_daemon(host).is_some();
        if !made || known || elsewhere || self.record_failed || self.intent.purpose == Purpose::Look {
            return None;
        }
        record_after(&self.case(), own, self.tried.daemon.as_ref(), false, &Listed { names: None, older: &self.older })
    }

    /// The older tool's sandboxes say something only of a gateway that this run has started or made: of one that runs
    /// its own list is the truth, and the older tool's may be stale.
    fn older_to_compare(&self) -> &BTreeSet<SandboxName> {
        const NONE: &BTreeSet<SandboxName> = &BTreeSet::new();
        if self.how() == How::Reused { NONE } else { &self.older }
    }

    /// Notes what there is to tell of an act before it is carried out.
    pub fn note_planned(&mut self, act: Act, step: &Command) {
        self.tried.looks = 0;
        if let Command::WriteRecord { record, .. } = step {
            self.being_written = Some(record.clone());
        }
        self.removing = None;
        if let Command::RemoveVolume { absence } = step {
            self.removing = Some(absence.volume().clone());
        }
        if let Command::BackUp(order) = step {
            self.tried.backed_up = order.volumes.iter().map(|one| one.volume.clone()).collect();
        }
        self.making = None;
        if let Command::CreateVolume { name, labels } = step {
            let of = labels.get(labels::RESTORED_AS).map(|of| VolumeName::new(of.as_str()));
            self.making = of.map(|of| (of, name.clone()));
        }
        if act != Act::Adopt || self.told.iter().any(|told| matches!(told, Told::NodeName { .. })) {
            return;
        }
        let case = self.case();
        let mut told = Vec::new();
        if let Ok(Some((name, from))) = node_name(&case) {
            told.push(Told::NodeName { name, from });
        }
        // The volumes that a restore has made bear the backup's own.
        let born = spec_of_birth(case.seen, &self.intent).filter(|_| self.intent.restore.is_none());
        if let Some((spec, volume)) = born {
            told.push(Told::SpecAsOfBirth { image: spec.image, created: volume.created.clone() });
        }
        self.told.extend(told);
    }

    /// Notes that an act was done, and what it says of the record or of a volume.
    pub fn note_done(&mut self, act: Act) {
        self.tried.note_done(act);
        self.tried.removed.extend(self.removing.take());
        self.tried.restored_into.extend(self.making.take());
        if act == Act::Record {
            self.note_recorded();
        }
        if act == Act::SetRecordAside {
            self.record = RecordSeen::Absent;
        }
    }

    /// Notes a failed act, and tells how long to wait before the next look, in milliseconds: a stop whose answer was
    /// lost may take effect as long as its grace lasts.
    pub fn note_failed(&mut self, act: Act, what: &str, failure: &Failure) -> u64 {
        self.tried.note_failed(act, what.to_owned(), failure.clone());
        if let Failure::Unknown { .. } = failure {
            self.tried.removed.extend(self.removing.take());
        }
        if let (Failure::Rejected { status: Some(409), .. }, Some((_, name))) = (failure, self.making.take()) {
            self.tried.taken.insert(name);
        }
        let lost = matches!(failure, Failure::Unknown { why } if *why != Why::OutOfTime);
        if lost && act.stops() {
            u64::from(self.case().wanted.stop_grace_s) * 1000
        } else {
            self.tried.pause_after_conflict_ms()
        }
    }

    /// What asks for the sandboxes of the gateway that is there; nothing where Docker could not say that it is.
    pub fn list_sandboxes(&self) -> Option<Command> {
        let container = self.own()?.id.clone();
        let case = self.case();
        Some(Command::ListSandboxes { container, endpoint: case.endpoint(), listing: case.wanted.sandboxes.clone() })
    }

    /// Notes the sandboxes, and names the record that says so where that is another one than is there.
    pub fn note_sandboxes(
        &mut self,
        sandboxes: &Known<BTreeMap<SandboxName, Option<String>>>,
    ) -> Option<GatewayRecord> {
        self.told.retain(|told| !matches!(told, Told::SandboxesUnknown { .. }));
        if let Known::Unknown(why) = sandboxes {
            self.told.push(Told::SandboxesUnknown { why: why.clone() });
        }
        let names = sandboxes.known().map(|listed| listed.keys().cloned().collect());
        let own = self.own()?.clone();
        let listed = Listed { names: names.as_ref(), older: self.older_to_compare() };
        let Compared { missing, .. } = compare(&self.case(), &own, &listed);
        // Found under its recorded ID it proves the recorded daemon, whatever that says of itself by now.
        let recorded = self.record.record().filter(|record| record.container == own.id).map(|record| &record.daemon);
        let record = record_after(&self.case(), &own, recorded.or(self.tried.daemon.as_ref()), true, &listed)?;
        self.missing = missing;
        self.sandboxes = sandboxes.known().cloned();
        (self.record.record() != Some(&record)).then_some(record)
    }

    /// Notes the sandboxes of a gateway that is about to be replaced, and names the record that says so where that is
    /// another one than is there. What its owner wants from today on is written once it is so.
    pub fn note_sandboxes_before(
        &mut self,
        sandboxes: &Known<BTreeMap<SandboxName, Option<String>>>,
    ) -> Option<GatewayRecord> {
        let record = self.note_sandboxes(sandboxes)?;
        let Some(old) = self.record.record() else { return Some(record) };
        let record = GatewayRecord { spec: old.spec.clone(), ..record };
        (record != *old).then_some(record)
    }

    /// The next container of a replacement and the one that it replaces, in the latest picture.
    fn pair(&self) -> Option<(&ContainerSeen, &ContainerSeen)> {
        self.seen.as_ref()?;
        self.case().replacement().ok().flatten()
    }

    /// The pair of a replacement that is written down: of it the old one is still there.
    fn committed_pair(&self) -> Option<(&ContainerSeen, &ContainerSeen)> {
        let recorded = self.record.record().map(|record| &record.container);
        let committed = self.tried.committed.as_ref();
        self.pair().filter(|(next, _)| committed == Some(&next.id) || recorded == Some(&next.id))
    }

    /// The next container of a replacement that is not written down yet.
    pub fn uncommitted(&self) -> Option<&ContainerSeen> {
        let (next, _) = self.pair()?;
        self.committed_pair().is_none().then_some(next)
    }

    /// Whether a replacement is not at its end.
    pub fn is_under_way(&self) -> bool {
        self.pair().is_some()
            && self.tried.gave_up(&[Act::Arm, Act::RemoveOld, Act::StopOld, Act::RemoveHelper]).is_none()
    }

    /// Why the sandboxes that a next container lists undo its replacement, if they do: those that were missing before are
    /// not its doing.
    pub fn sandboxes_lost(&self, sandboxes: &Known<BTreeMap<SandboxName, Option<String>>>) -> Option<Because> {
        // The list is the next one's only where that has the gateway's name; and what is undone already is not undone anew.
        let in_place = self.uncommitted()?.id == self.own()?.id;
        if !in_place || self.tried.rolling_back.is_some() {
            return None;
        }
        if self.intent.restore.is_some() {
            // What is restored is as old as its backup.
            return None;
        }
        let record = self.record.record()?;
        match sandboxes {
            Known::Unknown(_) if record.sandboxes.is_empty() => None,
            Known::Unknown(why) => Some(Because::SandboxesUnknown { why: why.clone() }),
            Known::Known(listed) => {
                let lacks: BTreeSet<_> =
                    record.sandboxes.iter().filter(|name| !listed.contains_key(*name)).cloned().collect();
                (!lacks.is_empty()).then_some(Because::Sandboxes { lacks })
            }
        }
    }

    /// What begins to undo a replacement.
    pub fn begin_roll_back(&self, next: ContainerId) -> Command {
        let limit_ms = 2 * self.case().wanted.warm_up_ms + ROLL_BACK_BESIDE_WARM_UP_MS;
        Command::BeginRollBack { next, lines: NEXT_LOG_LINES, limit_ms }
    }

    /// The next container of a replacement that is undone when somebody asks the run to end: one that this run has begun
    /// and not written down.
    pub fn to_undo_when_interrupted(&self) -> Option<ContainerId> {
        let begun = self.tried.may_have(Act::CreateNext) && self.tried.rolling_back.is_none();
        self.uncommitted().filter(|_| begun).map(|next| next.id.clone())
    }

    /// What writes a record. The one that is there is kept beside it where it speaks of another gateway's life: one on
    /// another daemon, or one whose data is gone.
    pub fn write_record(&mut self, record: GatewayRecord) -> Command {
        let anew = self.record.record().is_some_and(|old| {
            let other_daemon = !old.daemon.is_same_as(&record.daemon);
            other_daemon || (self.intent.reset.is_some() && old.container != record.container)
        });
        let record = Arc::new(record);
        self.being_written = Some(record.clone());
        Command::WriteRecord { record, keep_old: anew }
    }

    /// Notes that the record was written.
    pub fn note_recorded(&mut self) {
        self.recorded = true;
        if let Some(record) = self.being_written.take() {
            if self.uncommitted().is_some_and(|next| next.id == record.container) {
                self.tried.committed = Some(record.container.clone());
            }
            self.record = RecordSeen::Present { record };
        }
        if let Some(seen) = &mut self.seen {
            seen.record = self.record.clone();
        }
    }

    /// Notes that it was not: the gateway is none the worse for it.
    pub fn note_not_recorded(&mut self, failure: &Failure) {
        self.being_written = None;
        self.record_failed = true;
        let told = Told::RecordNotWritten { failure: failure.clone() };
        if !self.told.contains(&told) {
            self.told.push(told);
        }
    }

    /// What a person needs to know besides what was seen, in order to understand a refusal.
    pub fn question_about(&self, decision: &Decision) -> Option<Command> {
        let refusal = decision.plan.refusal()?;
        if let Refusal::NotRecovered { .. } | Refusal::NotPutBack { .. } = refusal {
            return Some(Command::ReadLogs { container: self.own()?.id.clone(), lines: LOG_LINES });
        }
        let Refusal::VolumesAmbiguous { candidates, .. } = refusal else { return None };
        Some(Command::MeasureVolumes { volumes: candidates.iter().map(|volume| volume.name.clone()).collect() })
    }

    /// The decision to refuse with what was learnt since; nothing where the event is no answer to the question.
    pub fn explained(&self, decision: &Decision, event: &Event) -> Option<Decision> {
        let mut refusal = decision.plan.refusal()?.clone();
        match (&mut refusal, event) {
            (Refusal::NotRecovered { log, .. } | Refusal::NotPutBack { log, .. }, Event::LogsRead { lines }) => {
                log.clone_from(lines)
            }
            (Refusal::VolumesAmbiguous { candidates, .. }, Event::VolumesMeasured { volumes }) => {
                for candidate in candidates {
                    let measured = volumes.iter().find(|volume| volume.name == candidate.name);
                    candidate.size_bytes = measured.and_then(|measured| measured.size_bytes);
                }
            }
            _ => return None,
        }
        Some(Decision { row: decision.row, plan: Plan::Refuse { refusal }, waits_on: decision.waits_on.clone() })
    }
}
