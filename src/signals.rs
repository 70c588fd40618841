//! SIGINT and SIGTERM as answers: whichever command is under way is answered with `Interrupted`, and the engine ends the
//! run. A signal that comes between two commands waits for the next one, so none is lost.

use std::io;

use engine::{Command, Event, Host, Signal};
use tokio::signal::unix::{Signal as Arrivals, SignalKind, signal};

/// A host whose commands end when the person or the system asks the run to end.
#[derive(Debug)]
pub struct Interruptible<H> {
    inner: H,
    interrupts: Arrivals,
    terminations: Arrivals,
}

impl<H> Interruptible<H> {
    /// Takes both signals from now on.
    ///
    /// # Errors
    /// Whatever the system says when a handler cannot be set.
    pub fn new(inner: H) -> io::Result<Self> {
        let interrupts = signal(SignalKind::interrupt())?;
        Ok(Self { inner, interrupts, terminations: signal(SignalKind::terminate())? })
    }
}

impl<H: Host> Host for Interruptible<H> {
    async fn perform(&mut self, command: &Command) -> Event {
        tokio::select! {
            // Signals first: one that has come already must not start another act.
            biased;
            _ = self.interrupts.recv() => Event::Interrupted { signal: Signal::Interrupt },
            _ = self.terminations.recv() => Event::Interrupted { signal: Signal::Terminate },
            event = self.inner.perform(command) => event,
        }
    }
}

/// Waits until the person or the system asks the program to end.
///
/// # Errors
/// Whatever the system says when a handler cannot be set.
pub async fn asked_to_end() -> io::Result<Signal> {
    let (mut interrupts, mut terminations) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupts.recv() => Ok(Signal::Interrupt),
        _ = terminations.recv() => Ok(Signal::Terminate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::GatewayName;
    use rustix::process::{Signal as Raised, getpid, kill_process};

    /// Answers the first command at once, and none after that.
    #[derive(Default)]
    struct Once {
        answered: bool,
        asked: usize,
    }

    impl Host for Once {
        async fn perform(&mut self, _: &Command) -> Event {
            self.asked += 1;
            if std::mem::replace(&mut self.answered, true) {
                std::future::pending::<()>().await;
            }
            Event::Done
        }
    }

    // One test for all, since a signal reaches every handler of the process.
    #[tokio::test]
    async fn a_signal_answers_the_command_under_way_and_is_not_lost_between_two() {
        let command = Command::ReadRecord { gateway: GatewayName::parse("prod").unwrap() };
        let mut host = Interruptible::new(Once::default()).unwrap();
        assert_eq!(host.perform(&command).await, Event::Done);

        kill_process(getpid(), Raised::TERM).unwrap();
        assert_eq!(host.perform(&command).await, Event::Interrupted { signal: Signal::Terminate });

        let under_way = async {
            tokio::task::yield_now().await;
            kill_process(getpid(), Raised::INT).unwrap();
        };
        let (event, ()) = tokio::join!(host.perform(&command), under_way);
        assert_eq!(event, Event::Interrupted { signal: Signal::Interrupt });
        assert!(host.inner.asked >= 2, "the command was under way");
    }
}
