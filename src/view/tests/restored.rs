//! What is told of restores and destructions: what is kept, where the data is, and what brings it back.

use engine::BackupMade;

use super::super::BackupThere;
use super::*;

fn made() -> Option<BackupMade> {
    Some(BackupMade { path: backup(), bytes: 48_300_000, lacks: Vec::new() })
}

fn destroyed(what: Discard, removed: &[VolumeName], backup: Option<BackupMade>, seen: GatewaySeen) -> Report {
    let changed = backup.is_some() || !removed.is_empty();
    let end = End::Destroyed { what, removed: removed.to_vec() };
    let mut report = report(
        Asked::Destroy(what),
        Outcome { end, row: Some(Row::Destroy), changed, seen, backup, notes: Vec::new() },
    );
    report.removed = removed.to_vec();
    let removed = removed.iter().map(|volume| format!("removed volume `{volume}`"));
    let did = std::iter::once("removed container 0123456789ab".to_owned()).chain(removed);
    report.steps =
        did.filter(|_| changed).map(|did| step(&did.replacen("removed", "remove", 1), Some(&did), 20)).collect();
    report
}

fn by_reason(reason: Reason) -> Refusal {
    refusals().into_iter().find(|refusal| refusal.reason() == reason).unwrap()
}

#[test]
fn restores() {
    let again = |seen: GatewaySeen| Report {
        asked: Asked::Restore,
        restored_from: Some(backup()),
        ..ready(How::Restored, Reason::Ready, seen, Vec::new())
    };
    let restored = vec![VolumeName::new("openshell-cluster-prod-restored-1")];
    let beside = GatewaySeen { volumes: restored, set_aside: vec![volume()], ..seen(Status::Running) };
    let looked = looked(Asked::Status, Row::Ready, keep(Vec::new()), beside.clone());
    let refused = |reason| Report {
        restored_from: Some(backup()),
        ..refused(Asked::Restore, by_reason(reason), seen(Status::Running))
    };
    let other = Refusal::OtherPreset {
        what: "the backup".to_owned(),
        preset: PresetName::new("openshell-gateway"),
        asked: PresetName::new("reference"),
    };
    let other =
        Report { restored_from: Some(backup()), ..super::refused(Asked::Restore, other, seen(Status::Running)) };
    let ends = [
        ("nothing was there", again(seen(Status::Running))),
        ("its volumes were there", again(beside)),
        ("a look at that one", looked),
        ("a damaged backup", refused(Reason::BackupUnusable)),
        ("no space", refused(Reason::NotRestored)),
        ("undone", refused(Reason::RolledBack)),
        ("another run", refused(Reason::Locked)),
        ("a backup of another kind", other),
    ];
    check("restored", &ends, |report| text::text(report, false));
    check("restored_json", &ends[1..2], json::json);
}

#[test]
fn destructions() {
    let left = || GatewaySeen { volumes: vec![volume()], ..nothing_seen() };
    let nothing = || GatewaySeen { volumes: Vec::new(), ..nothing_seen() };
    let refused = |what, reason| refused(Asked::Destroy(what), by_reason(reason), seen(Status::Running));
    let mut in_part = refused(Discard::Volumes, Reason::NotRemoved);
    in_part.outcome.changed = true;
    in_part.outcome.backup = made();
    in_part.outcome.seen = left();
    in_part.removed = vec![VolumeName::new("openshell-cluster-prod-keys")];
    in_part.steps = vec![step(
        "remove volume `openshell-cluster-prod-keys`",
        Some("removed volume `openshell-cluster-prod-keys`"),
        12,
    )];
    let ends = [
        ("its container", destroyed(Discard::Container, &[], made(), left())),
        ("there was none", destroyed(Discard::Container, &[], None, left())),
        ("its volumes too", destroyed(Discard::Volumes, &[volume()], made(), nothing())),
        ("its volumes too, without a backup", destroyed(Discard::Volumes, &[volume()], None, nothing())),
        ("nothing was there", destroyed(Discard::Volumes, &[], None, nothing())),
        ("what was set aside", destroyed(Discard::SetAside, &[VolumeName::new("old")], None, seen(Status::Running))),
        ("nothing was set aside", destroyed(Discard::SetAside, &[], None, seen(Status::Running))),
        ("files of its own", refused(Discard::Volumes, Reason::LayerHoldsData)),
        ("composed", refused(Discard::Container, Reason::ManagedElsewhere)),
        ("set aside comes first", refused(Discard::Volumes, Reason::SetAsideLeft)),
        ("in part", in_part),
    ];
    check("destroyed", &ends, |report| text::text(report, false));
    check("destroyed_json", &ends[2..3], json::json);
}

#[test]
fn a_backup_is_the_way_back() {
    let there = |name: &str, made: &str| BackupThere { path: format!("/b/prod/{name}").into(), made: made.to_owned() };
    let mut gone = refused(Asked::Onboard, by_reason(Reason::DataGone), nothing_seen());
    gone.backups = vec![there("2", "2026-03-02T08:00:00Z"), there("1", "2026-03-01T08:00:00Z")];
    let mut not_put_back = refused(Asked::Onboard, by_reason(Reason::NotPutBack), seen(Status::Exited));
    not_put_back.outcome.changed = true;
    not_put_back.outcome.backup = made();
    let ends = [("the data is gone", gone), ("the old one does not run any more", not_put_back)];
    check("way_back", &ends, |report| text::text(report, false));
    check("way_back_json", &ends[..1], json::json);
}
