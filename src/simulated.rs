//! A demo where no Docker answers: the same engine on a simulated host, which is kept in a file of the state directory
//! from one run to the next. Absent on purpose: a way to it for a gateway that is no demo.

use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use adapters::DemoFile;
use engine::{Intent, Outcome, Purpose, Watch};
use sim::demo::{BadDemo, Demo};
use thiserror::Error;

use crate::input::Request;

/// What takes Docker's place, should no Docker answer.
#[derive(Debug)]
pub struct StandIn {
    intent: Intent,
    file: DemoFile,
}

/// Why it cannot.
#[derive(Debug, Error)]
pub enum Unusable {
    /// Its file cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// Its file holds something else.
    #[error(transparent)]
    Text(#[from] BadDemo),
    /// It cannot be put into words.
    #[error(transparent)]
    Form(#[from] serde_json::Error),
}

impl StandIn {
    /// For this request.
    pub fn of(request: &Request) -> Self {
        let intent = request.intent.clone();
        Self { file: DemoFile::new(&request.settings.state, &intent.gateway), intent }
    }

    /// Its file.
    pub fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    /// Runs the engine on it, and keeps what came of that. A look keeps nothing.
    ///
    /// # Errors
    /// Its file cannot be used. Where it cannot be written, what was done is not kept.
    pub async fn run(self, watch: &mut impl Watch) -> Result<Outcome, Unusable> {
        let (gateway, spec, purpose) = (self.intent.gateway.clone(), self.intent.spec.clone(), self.intent.purpose);
        let mut demo = match self.file.read()? {
            Some(text) => Demo::read(gateway, spec, &text, now_ms())?,
            None => Demo::new(gateway, spec),
        };
        let outcome = demo.run(watch, self.intent).await;
        match purpose {
            Purpose::Onboard | Purpose::Start | Purpose::Stop | Purpose::BackUp | Purpose::Destroy(_) => {
                self.file.write(&demo.text(now_ms())?)?
            }
            Purpose::Look => {}
        }
        Ok(outcome)
    }
}

/// Now, in milliseconds since the Unix epoch; nothing where the clock stands before it.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
