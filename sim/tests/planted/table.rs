//! The table: one bug an entry.

use sim::act::Act;
use sim::fault::{CallKind, Point, Rule, Trigger, Verdict};
use sim::oracle::Invariant;
use sim::scenario::{Before, Scenario};

use crate::bug::Bug;
use crate::{acts, pictures, replaced, restored};

/// No bug at all.
const NONE: Bug = Bug {
    name: "",
    from: "",
    breaks: Invariant::VolumesKept,
    exact: None,
    instead: |_, _| None,
    before: |_, _| {},
    after: |_, _, _| {},
    again: |_, _| false,
};

const fn on(name: &'static str, from: &'static str, breaks: Invariant) -> Bug {
    Bug { name, from, breaks, ..NONE }
}

/// An act before the run, and a fault within it.
fn placed(act: Act, command: &str, nth: u32, call: Option<CallKind>, what: Verdict) -> Scenario {
    let when = Trigger { command: Some(command.to_owned()), nth, call, at: Point::Before };
    let world = Before { acts: vec![act], ..Before::default() };
    Scenario { story: "Placed.".to_owned(), world, rules: vec![Rule { when, what }], ..Scenario::default() }
}

use Invariant as I;

/// All of them.
pub const BUGS: &[Bug] = &[
    Bug { after: pictures::stopped_is_missing, ..on("stopped read as missing", "NemoClaw #4187", I::VolumesKept) },
    Bug { after: pictures::unknown_is_missing, ..on("unknown read as missing", "NemoClaw #4210", I::VolumesKept) },
    Bug { after: pictures::time_out_is_missing, ..on("a time-out read as missing", "", I::VolumesKept) },
    Bug { after: pictures::refused_is_missing, ..on("a refused connection read as missing", "", I::VolumesKept) },
    Bug { after: pictures::any_404_is_missing, ..on("a 404 trusted from anyone", "", I::VolumesKept) },
    Bug { after: pictures::contradiction_is_missing, ..on("a torn picture read as missing", "", I::VolumesKept) },
    Bug { after: pictures::lists_only_running, ..on("a list of only what runs", "", I::NoNeedlessActs) },
    Bug { after: pictures::picture_is_kept, ..on("one picture for a whole run", "", I::HonestEnds) },
    Bug { after: pictures::paused_is_exited, ..on("paused read as exited", "", I::NoNeedlessActs) },
    Bug { after: pictures::only_own_is_seen, ..on("a second writer not seen", "", I::DriftKeepsData) },
    Bug { after: pictures::name_is_enough, ..on("a stranger of its name taken for it", "", I::NoStrangersHarmed) },
    Bug { after: pictures::port_is_free, ..on("the port not looked at", "", I::NoNeedlessActs) },
    Bug { after: pictures::disk_has_room, ..on("a restart on a full disk", "", I::NoNeedlessActs) },
    Bug { after: pictures::never_auto_removed, ..on("a stop of what removes itself", "", I::DriftKeepsData) },
    Bug { after: pictures::running_is_ready, ..on("readiness assumed", "NemoClaw #2020", I::HonestEnds) },
    Bug {
        after: pictures::unsure_is_not_ready,
        exact: Some(|| placed(Act::Hang, "observe", 2, Some(CallKind::Health), Verdict::BadBody)),
        ..on("a restart on an unsure probe", "NemoClaw #7418", I::UnknownIsInert)
    },
    Bug {
        after: pictures::corrupt_is_absent,
        before: acts::writes_over_the_unusable,
        ..on("a corrupt record read as none", "", I::RecordsFollowFacts)
    },
    Bug { after: pictures::no_list_is_empty, ..on("no list read as an empty one", "", I::RecordsFollowFacts) },
    Bug {
        after: acts::rebuilds_what_is_not_ready,
        ..on("a late health answer removes all", "NemoClaw #337", I::VolumesKept)
    },
    Bug {
        after: acts::rebuilds_without_record,
        ..on("lost metadata removes the volumes", "NemoClaw #4210", I::VolumesKept)
    },
    Bug { after: acts::rebuilds_on_drift, ..on("drift removes the volumes", "NemoClaw #4210", I::VolumesKept) },
    Bug { after: acts::removes_by_prefix, ..on("removal by prefix", "NemoClaw #337", I::NoStrangersHarmed) },
    Bug { after: acts::removes_by_force, ..on("force on removal", "", I::NoStrangersHarmed) },
    Bug { after: acts::removes_by_an_old_picture, ..on("evidence not refreshed", "", I::VolumesKept) },
    Bug {
        after: acts::removes_what_does_not_start,
        ..on("remove before create", "OpenShell's failed resume", I::DriftKeepsData)
    },
    Bug { after: acts::removes_with_v, ..on("v=1 on a container's removal", "", I::VolumesKept) },
    Bug { after: acts::prunes_a_full_disk, ..on("a prune to make room", "", I::VolumesKept) },
    Bug { instead: acts::forgets_host_name, ..on("the host name not kept", "", I::DriftKeepsData) },
    Bug {
        instead: acts::drops_anonymous_volumes,
        ..on("anonymous volumes dropped", "compose-cli #1815", I::DriftKeepsData)
    },
    Bug { instead: acts::mounts_a_fresh_volume, ..on("a fresh volume beside the old one", "", I::DriftKeepsData) },
    Bug { instead: acts::mounts_by_prefix, ..on("adoption by prefix", "", I::NoStrangersHarmed) },
    Bug { again: acts::creates_again, ..on("a retry that repeats a create", "", I::UnknownIsInert) },
    Bug { instead: acts::does_not_wait, ..on("a restart without waiting out the warm-up", "", I::NoNeedlessActs) },
    Bug {
        instead: acts::does_not_wait_for_late_effects,
        exact: Some(|| placed(Act::LosePorts, "stop-container", 1, None, Verdict::EffectLate { in_ms: 9_000 })),
        ..on("a late effect not waited out", "", I::HonestEnds)
    },
    Bug { after: acts::lets_the_lock_go, ..on("the lock not held", "", I::OneAtATime) },
    Bug { before: acts::disconnects_first, ..on("disconnect before connect", "", I::CrashOnly) },
    Bug {
        instead: acts::connects_to_bridge,
        ..on("another network after a reboot", "NemoClaw #11995", I::NoStrangersHarmed)
    },
    Bug { after: acts::removes_the_record, ..on("a record removed before its container", "", I::RecordsFollowFacts) },
    Bug { after: acts::trusts_another_daemon, ..on("another daemon trusted", "", I::RecordsFollowFacts) },
    Bug { instead: acts::keeps_no_old_record, ..on("the old record not kept", "", I::RecordsFollowFacts) },
    Bug { instead: acts::records_the_default, ..on("another gateway's record written", "", I::RecordsFollowFacts) },
    Bug {
        after: replaced::next_without_anonymous_volumes,
        ..on("a next one without the anonymous volumes", "portainer #4739", I::DriftKeepsData)
    },
    Bug {
        after: replaced::next_under_another_host_name,
        ..on("a next one under another host name", "", I::DriftKeepsData)
    },
    Bug {
        instead: replaced::carries_nothing,
        ..on("the writable layer forgotten", "NemoClaw #9215", I::DriftKeepsData)
    },
    Bug {
        before: replaced::removes_the_old_one_first,
        ..on("the old one removed before the next is ready", "watchtower #444", I::DriftKeepsData)
    },
    Bug { before: replaced::starts_both, ..on("both running at once", "", I::DriftKeepsData) },
    Bug { before: replaced::leaves_the_policy, ..on("the policy left on the old one", "", I::DriftKeepsData) },
    Bug { instead: replaced::commits_before_it_is_ready, ..on("a commit before readiness", "", I::RecordsFollowFacts) },
    Bug { after: replaced::calls_any_backup_good, ..on("a truncated archive called good", "", I::VolumesKept) },
    Bug {
        instead: replaced::makes_no_backup,
        after: replaced::says_that_it_did,
        ..on("a reset without its backup", "", I::VolumesKept)
    },
    Bug { before: replaced::removes_volumes_too, ..on("v=1 on what was replaced", "", I::VolumesKept) },
    Bug {
        before: replaced::removes_what_runs,
        ..on("the old one removed in the place of stopped", "", I::DriftKeepsData)
    },
    Bug { before: restored::restores_over_live_data, ..on("a restore over live data", "", I::VolumesKept) },
    Bug {
        before: restored::writes_what_it_does_not_read,
        after: restored::neither_verifies_nor_reads_back,
        ..on("a backup not verified before a restore", "", I::HonestEnds)
    },
    Bug { after: restored::calls_the_half_restored, ..on("half a restore called one", "", I::HonestEnds) },
    Bug { instead: restored::adopts_the_unfinished, ..on("an unfinished volume adopted", "", I::DriftKeepsData) },
    Bug { after: restored::destroys_without_consent, ..on("a destruction without consent", "", I::VolumesKept) },
    Bug {
        after: restored::clears_what_is_set_aside,
        ..on("what is set aside removed by a plain run", "", I::VolumesKept)
    },
    Bug {
        before: restored::undoes_the_wrong_volume,
        ..on("a restore undone by removing the old volume", "", I::VolumesKept)
    },
    Bug {
        instead: restored::forgets_what_is_set_aside,
        ..on("what is set aside not recorded", "", I::RecordsFollowFacts)
    },
    Bug {
        before: restored::sets_the_record_aside_first,
        ..on("a record set aside before its volumes", "", I::RecordsFollowFacts)
    },
];
