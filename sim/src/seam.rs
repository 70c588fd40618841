//! What stands between the engine and the simulated host: nothing, or, in a test, a bug that is planted on purpose. What
//! passes is plain values, so that neither engine nor host has a hook for it.

use engine::{Command, Event, Host};

use crate::host::{SimHost, Witness};

/// Hands on a command and its answer, as they are or changed.
#[expect(async_fn_in_trait, reason = "as `Host`'s own: one task drives one run")]
pub trait Seam {
    /// Has the command carried out and tells the answer.
    async fn perform<W: Witness>(&mut self, host: &mut SimHost<'_, W>, command: &Command) -> Event;
}

/// Nothing stands there.
#[derive(Clone, Copy, Debug)]
pub struct Open;

impl Seam for Open {
    async fn perform<W: Witness>(&mut self, host: &mut SimHost<'_, W>, command: &Command) -> Event {
        host.perform(command).await
    }
}

/// A host behind a seam.
pub(crate) struct Behind<'s, 'h, 'w, S, W>(pub &'s mut S, pub &'h mut SimHost<'w, W>);

impl<S: Seam, W: Witness> Host for Behind<'_, '_, '_, S, W> {
    async fn perform(&mut self, command: &Command) -> Event {
        self.0.perform(self.1, command).await
    }
}
