//! The dimensions of a run: what it is for, and what it has done so far.

use engine::{Act, Discard, Failure, Purpose, Tried, WaitEnd};

use crate::parts::dimension;
use crate::product::{Choice, Dimension};
use crate::support::*;

dimension! {
    /// What the run is for.
    purpose;
    "stop" => |world| world.intent.purpose = Purpose::Stop;
    "start" => |world| world.intent.purpose = Purpose::Start;
    "back up" => |world| world.intent.purpose = Purpose::BackUp;
    "destroy" => |world| destroys(world, Discard::Container, false);
    "destroy with its volumes" => |world| destroys(world, Discard::Volumes, true);
    "destroy with its volumes, no consent" => |world| destroys(world, Discard::Volumes, false);
    "destroy what is set aside" => |world| destroys(world, Discard::SetAside, true);
    "destroy what is set aside, no consent" => |world| destroys(world, Discard::SetAside, false);
}

dimension! {
    /// What this run has done.
    tried;
    "nothing" => |world| set_tried(world, |_| ());
    "all looks" => |world| set_tried(world, |tried| tried.looks = engine::LOOKS_MAX);
    "all acts" => |world| set_tried(world, |tried| tried.acts = u8::MAX);
    "waited" => |world| set_tried(world, |tried| waited(tried, WaitEnd::NotReady));
    "was ready" => |world| set_tried(world, |tried| waited(tried, WaitEnd::Ready));
    "ended" => |world| set_tried(world, |tried| waited(tried, WaitEnd::Ended));
    "out of time" => |world| set_tried(world, |tried| waited(tried, WaitEnd::OutOfTime));
    "started and waited" => |world| set_tried(world, |tried| {
        tried.note_done(Act::Start);
        waited(tried, WaitEnd::NotReady);
    });
    "restarted and waited" => |world| set_tried(world, |tried| {
        tried.note_done(Act::Restart);
        waited(tried, WaitEnd::NotReady);
    });
    "unpaused" => |world| set_tried(world, |tried| tried.note_done(Act::Unpause));
    "stopped to repair" => |world| set_tried(world, |tried| tried.note_done(Act::StopToRepair));
    "start rejected" => |world| set_tried(world, |tried| fail(tried, Act::Start, rejected(500)));
    "start lost" => |world| set_tried(world, |tried| fail(tried, Act::Start, lost()));
    "restart lost" => |world| set_tried(world, |tried| {
        waited(tried, WaitEnd::NotReady);
        fail(tried, Act::Restart, lost());
    });
    "unpause rejected" => |world| set_tried(world, |tried| fail(tried, Act::Unpause, rejected(500)));
    "stop lost" => |world| set_tried(world, |tried| fail(tried, Act::Stop, lost()));
    "stop lost twice" => |world| set_tried(world, |tried| {
        fail(tried, Act::Stop, lost());
        fail(tried, Act::Stop, lost());
    });
    "image rejected" => |world| set_tried(world, |tried| fail(tried, Act::ProvideImage, rejected(404)));
    "volume made" => |world| set_tried(world, |tried| tried.note_done(Act::MakeVolume));
    "volume lost" => |world| set_tried(world, |tried| fail(tried, Act::MakeVolume, lost()));
    "created" => |world| set_tried(world, |tried| { tried.note_done(Act::MakeVolume); tried.note_done(Act::Create); });
    "volume made and all looks" => |world| set_tried(world, |tried| {
        tried.note_done(Act::MakeVolume);
        tried.looks = engine::LOOKS_MAX;
    });
    "began elsewhere" => |world| set_tried(world, |tried| tried.daemon = Some(daemon("two")));
    "next made" => |world| set_tried(world, |tried| tried.note_done(Act::CreateNext));
    "next made and carried" => |world| set_tried(world, |tried| {
        tried.note_done(Act::CreateNext);
        tried.note_done(Act::Carry);
        tried.note_done(Act::BackUp);
    });
    "next started" => |world| set_tried(world, |tried| {
        tried.note_done(Act::CreateNext);
        tried.note_done(Act::BackUp);
        tried.note_done(Act::Start);
        waited(tried, WaitEnd::NotReady);
    });
    "rolling back" => |world| set_tried(world, |tried| {
        tried.note_done(Act::CreateNext);
        tried.note_rolling_back(engine::Because::LeftOver, Vec::new());
    });
    "rolling back, started" => |world| set_tried(world, |tried| {
        tried.note_done(Act::CreateNext);
        tried.note_rolling_back(engine::Because::LeftOver, Vec::new());
        tried.note_done(Act::Start);
        waited(tried, WaitEnd::NotReady);
    });
    "helper made" => |world| set_tried(world, |tried| tried.note_done(Act::MakeHelper));
    "backed up" => |world| set_tried(world, |tried| {
        tried.note_done(Act::MakeHelper);
        tried.note_done(Act::BackUp);
    });
    "helper lacks its image" => |world| set_tried(world, |tried| fail(tried, Act::MakeHelper, rejected(404)));
    "backup failed" => |world| set_tried(world, |tried| {
        tried.note_done(Act::MakeHelper);
        fail(tried, Act::BackUp, rejected(500));
    });
    "verified" => |world| set_tried(world, verify);
    "backup refused" => |world| set_tried(world, |tried| fail(tried, Act::VerifyBackup, rejected(500)));
    "made to restore into" => |world| set_tried(world, |tried| {
        verify(tried);
        tried.note_done(Act::MakeRestored);
    });
    "restored" => |world| set_tried(world, |tried| {
        verify(tried);
        tried.note_done(Act::MakeRestored);
        tried.note_done(Act::MakeHelper);
        tried.note_done(Act::Restore);
    });
    "restore failed" => |world| set_tried(world, |tried| {
        verify(tried);
        tried.note_done(Act::MakeRestored);
        fail(tried, Act::Restore, rejected(500));
    });
    "written down" => |world| set_tried(world, |tried| tried.note_done(Act::Record));
    "removal rejected" => |world| set_tried(world, |tried| fail(tried, Act::RemoveOwn, rejected(500)));
    "create taken" => |world| set_tried(world, |tried| {
        tried.note_done(Act::MakeVolume);
        fail(tried, Act::Create, rejected(409));
    });
}

fn destroys(world: &mut World, what: Discard, consents: bool) {
    world.intent.purpose = Purpose::Destroy(what);
    world.intent.consent = consents.then(consent);
}

fn verify(tried: &mut Tried) {
    tried.note_done(Act::VerifyBackup);
    tried.restoring = Some(backup_contents());
}

fn set_tried(world: &mut World, change: impl FnOnce(&mut Tried)) {
    world.tried = Tried::default();
    change(&mut world.tried);
}

fn waited(tried: &mut Tried, end: WaitEnd) {
    tried.note_done(Act::Await);
    tried.waited = Some(end);
}

fn fail(tried: &mut Tried, act: Act, failure: Failure) {
    tried.note_failed(act, "do it".to_owned(), failure);
}
