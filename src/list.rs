//! `nemoclaw list`: every gateway that has a record or that a label names, each looked at as `status` does. It changes
//! nothing and leaves no trace.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use adapters::gateways_by_label;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::args::Args;
use crate::input::Around;
use crate::run::run;
use crate::view::{self, Asked, Listing};

/// How long Docker may take to list containers or volumes. It takes milliseconds.
const ASK_LIMIT: Duration = Duration::from_secs(5);

/// How many gateways are looked at at a time. Each look keeps some ten connections.
const AT_A_TIME: usize = 8;

/// Looks at every gateway, tells how each stands, and gives the exit code.
///
/// # Errors
/// As [`run`].
pub async fn list(around: Around, args: &Args) -> io::Result<ExitCode> {
    let (labelled, unlabelled) = split(gateways_by_label(&around.address, ASK_LIMIT).await);
    let (mut names, unread) = split(around.state.recorded());
    names.extend(labelled);
    let looks = names.iter().map(|name| async {
        let request = around.look_at(name).map_err(|bad| io::Error::other(bad.render()))?;
        run(request, Asked::Status, args).await
    });
    let gateways = stream::iter(looks).buffered(AT_A_TIME).try_collect().await?;
    let listing = Listing { gateways, unlabelled, unread };
    Ok(view::tell_list(&listing, args.output))
}

/// What is known, and why there may be more.
fn split<T: Default, E>(known: Result<T, E>) -> (T, Option<E>) {
    match known {
        Ok(known) => (known, None),
        Err(error) => (T::default(), Some(error)),
    }
}
