//! `nemoclaw logs`: what the gateway's container wrote, on stdout as it comes. It changes nothing and leaves no trace.

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;

use adapters::Address;
use engine::{ContainerId, Reason, Refusal, Signal, Why};

use crate::args::{Args, Output};
use crate::input::{Logs, Request};
use crate::run::run;
use crate::signals::asked_to_end;
use crate::view::{self, Asked, Report};

/// Looks for the gateway's container, prints what it wrote, and gives the exit code.
///
/// # Errors
/// As [`run`]; what was written cannot be printed.
pub async fn logs(request: Request, wanted: Logs, args: &Args) -> io::Result<ExitCode> {
    let address = request.settings.address.clone();
    let report = run(request, Asked::Logs, args).await?;
    let Some(container) = own_container(&report) else {
        let exit = if report.exit() == 0 { Reason::DockerUnknown.exit() } else { report.exit() };
        return Ok(match args.output {
            Output::Text => {
                view::complain(&view::text(&report, view::color(&io::stderr())));
                ExitCode::from(exit)
            }
            Output::Json => view::put(&view::json::json(&report), exit),
        });
    };
    let mut printer = Printer::new(args.output);
    tokio::select! {
        ended = print(&address, container, wanted, &mut printer) => {
            let exit = if ended.is_ok() { Reason::AsAsked } else { Reason::DockerUnknown }.exit();
            if args.output == Output::Json {
                let written = String::from_utf8_lossy(&printer.kept);
                return Ok(view::put(&view::json::logs(&report, &written, ended.as_ref().err()), exit));
            }
            if let Err(why) = &ended {
                view::complain(&format!("nemoclaw: {}\n", view::sentence(&format!("the logs broke off: {why}"))));
            }
            printer.failed.map_or(Ok(ExitCode::from(exit)), Err)
        }
        signal = asked_to_end() => {
            let reason = match signal? {
                Signal::Interrupt => Reason::Interrupted,
                Signal::Terminate => Reason::Terminated,
            };
            Ok(ExitCode::from(reason.exit()))
        }
    }
}

/// The container, where it is the gateway's.
fn own_container(report: &Report) -> Option<&ContainerId> {
    let strange = matches!(
        report.outcome.refusal(),
        Some(Refusal::ForeignContainer { .. } | Refusal::OtherPreset { .. } | Refusal::Interrupted { .. })
    );
    report.outcome.seen.container.as_ref().map(|(id, _, _)| id).filter(|_| !strange)
}

async fn print(address: &Address, id: &ContainerId, wanted: Logs, printer: &mut Printer) -> Result<(), Why> {
    adapters::logs(address, id, wanted.tail, wanted.follow, |part| printer.print(part)).await
}

/// Takes what a container wrote.
struct Printer {
    output: Output,
    /// Whether a person's terminal reads it, which foreign bytes must not steer.
    steers: bool,
    /// What goes into the document.
    kept: Vec<u8>,
    failed: Option<io::Error>,
}

impl Printer {
    fn new(output: Output) -> Self {
        Self { output, steers: io::stdout().is_terminal(), kept: Vec::new(), failed: None }
    }

    /// Breaks off where nobody reads any more.
    fn print(&mut self, part: &[u8]) -> ControlFlow<()> {
        if self.output == Output::Json {
            self.kept.extend_from_slice(part);
            return ControlFlow::Continue(());
        }
        let mut stdout = io::stdout().lock();
        let written = if self.steers { stdout.write_all(&harmless(part)) } else { stdout.write_all(part) };
        match written.and_then(|()| stdout.flush()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error).filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
                ControlFlow::Break(())
            }
        }
    }
}

/// The same without control characters but for those that end and indent lines. A part may end within a character, so
/// that only single bytes can be judged.
fn harmless(part: &[u8]) -> Vec<u8> {
    let steers = |byte: u8| byte.is_ascii_control() && !b"\n\t\r".contains(&byte);
    part.iter().map(|byte| if steers(*byte) { b'?' } else { *byte }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_steered() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{7}\tü\r\n".as_bytes()), "a?[2Jb?\tü\r\n".as_bytes());
    }
}
