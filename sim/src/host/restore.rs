//! The commands that read a backup and write it into empty volumes, as the calls that they take.

use std::collections::BTreeMap;

use engine::{ContainerId, Event, RestoreOrder, RestoredVolume, VolumeName};

use super::gate::{Gate, Told};
use super::replace::mounted;
use super::words::{cut_short, failed, rejected, unknown};
use super::{SimHost, Stop, Witness};
use crate::fault::CallKind;
use crate::world::backup::Backup;
use crate::world::call::Call;
use crate::world::container::{Container, Content};

/// Files of a volume by their paths there.
type Files = BTreeMap<String, Content>;

impl<W: Witness> SimHost<'_, W> {
    /// Creating a volume whose name exists succeeds and returns the old one: by its labels it is told.
    pub(super) fn create_volume(
        &mut self,
        name: &VolumeName,
        labels: &BTreeMap<String, String>,
    ) -> Result<Event, Stop> {
        let event = self.change(Call::CreateVolume { name: name.clone(), labels: labels.clone() }, true)?;
        let is_another = self.world.daemon().volumes.get(name).is_some_and(|volume| volume.labels != *labels);
        if event == Event::Done && is_another {
            return Ok(failed(409, format!("a volume `{name}` is there, with other labels"), true));
        }
        Ok(event)
    }

    pub(super) fn verify_backup(&mut self, path: &str) -> Result<Event, Stop> {
        let read = self.read_backup(path)?;
        Ok(match read {
            Ok(backup) => Event::BackupVerified { contents: Box::new(backup.contents()) },
            Err(no) => no,
        })
    }

    /// Reads a backup to its end; or the answer where that is not a whole one. Whatever goes wrong with a file of
    /// nemoclaw's own is known at once.
    fn read_backup(&mut self, path: &str) -> Result<Result<Backup, Event>, Stop> {
        let gate = self.gate(CallKind::File)?;
        let found = self.world.state.backups.iter().find(|backup| backup.path == path);
        let read = match (gate, found) {
            (Gate::Through | Gate::Stale, Some(backup)) if backup.complete => Ok(backup.clone()),
            (Gate::Through | Gate::Stale, Some(_)) => Err(rejected("a checksum does not fit")),
            (Gate::Through | Gate::Stale, None) => Err(rejected("there is no such backup")),
            (Gate::Fails(_) | Gate::Cut | Gate::Lost(_) | Gate::Late(..) | Gate::Refused(_), _) => {
                Err(rejected("it cannot be read to its end"))
            }
        };
        self.after(CallKind::File)?;
        Ok(read)
    }

    /// Each volume is empty before it is written, and reads back as the backup lists it afterwards.
    pub(super) fn restore(&mut self, order: &RestoreOrder) -> Result<Event, Stop> {
        let helper = match self.helper(&order.helper)? {
            Ok(helper) => helper,
            Err(no) => return Ok(no),
        };
        if let Some(one) = order.volumes.iter().find(|one| !mounted(&helper).any(|at| at == (&one.into, &one.at))) {
            return Ok(rejected(format!("the helper does not mount volume `{}` at `{}`", one.into, one.at)));
        }
        let backup = match self.read_backup(&order.backup)? {
            Ok(backup) => backup,
            Err(no) => return Ok(no),
        };
        for one in &order.volumes {
            let Some(files) = backup.restored(&one.name, &one.at, &order.carried) else {
                return Ok(rejected(format!("the backup does not hold the volume `{}`", one.name)));
            };
            match self.files_at(&order.helper, &one.at)? {
                Err(event) => return Ok(event),
                Ok(there) if !there.is_empty() => return Ok(rejected(format!("volume `{}` is not empty", one.into))),
                Ok(_) => {}
            }
            let written = self.write_files(order, one, &files)?;
            if written != Event::Done {
                return Ok(written);
            }
        }
        for one in &order.volumes {
            match self.files_at(&order.helper, &one.at)? {
                Err(event) => return Ok(event),
                Ok(there) if backup.restored(&one.name, &one.at, &order.carried).as_ref() != Some(&there) => {
                    return Ok(rejected(format!("volume `{}` does not read back as it was listed", one.into)));
                }
                Ok(_) => {}
            }
        }
        Ok(Event::Done)
    }

    /// The helper as Docker shows it, or the answer where it does not.
    pub(super) fn helper(&mut self, id: &ContainerId) -> Result<Result<Container, Event>, Stop> {
        let found = match self.ask(CallKind::InspectContainer)? {
            Err(why) => return Ok(Err(unknown(why))),
            Ok(Told::Denied) => None,
            Ok(from @ (Told::Now | Told::First)) => self.world_of(from).daemon().store.containers.get(id).cloned(),
        };
        Ok(found.ok_or_else(|| failed(404, "No such container".to_owned(), true)))
    }

    /// What is on the volume that a helper has there, by the paths on the volume.
    pub(super) fn files_at(&mut self, helper: &ContainerId, at: &str) -> Result<Result<Files, Event>, Stop> {
        let files = match self.read_archive(helper, at)? {
            Err(event) => return Ok(Err(event)),
            Ok(Err(no)) => return Ok(Err(failed(no.status, no.message, true))),
            Ok(Ok(files)) => files,
        };
        let inner = |(file, content): (String, Content)| {
            let inner = file.strip_prefix(at).unwrap_or(&file);
            (inner.trim_start_matches('/').to_owned(), content)
        };
        Ok(Ok(files.into_iter().map(inner).collect()))
    }

    /// Writes through the helper. What breaks off has written the half.
    fn write_files(&mut self, order: &RestoreOrder, one: &RestoredVolume, files: &Files) -> Result<Event, Stop> {
        let kind = CallKind::ArchiveWrite;
        let whole: Vec<_> = files.iter().map(|(path, content)| (format!("{}/{path}", one.at), *content)).collect();
        let write = |files: &[(String, Content)]| Call::WriteArchive {
            id: order.helper.clone(),
            files: files.iter().cloned().collect(),
        };
        let event = match self.gate(kind)? {
            Gate::Through | Gate::Stale => match self.world.apply(self.actor, &write(&whole), self.history) {
                Ok(_) => Event::Done,
                Err(no) => failed(no.status, no.message, true),
            },
            Gate::Fails(why) => unknown(why),
            Gate::Cut => {
                let half = write(&whole[..whole.len().div_ceil(2)]);
                let _nobody_hears_it = self.world.apply(self.actor, &half, self.history);
                unknown(cut_short(kind))
            }
            Gate::Lost(why) => {
                let _nobody_hears_it = self.world.apply(self.actor, &write(&whole), self.history);
                unknown(why)
            }
            Gate::Late(in_ms, why) => {
                self.world.apply_later(in_ms, self.actor, write(&whole));
                unknown(why)
            }
            Gate::Refused(status) => failed(status, "refused".to_owned(), true),
        };
        self.after(kind)?;
        Ok(event)
    }
}
