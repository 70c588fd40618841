//! The table of the measurements, in Markdown, and whether each limit was met.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::time::Duration;

use crate::versus::Pair;
use crate::world::said;

/// What stands in an empty cell.
const NOTHING: &str = "–";

/// What a ratio may be.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// No more than this.
    AtMost(f64),
    /// Anything: it is told for comparison.
    None,
}

/// One measurement.
#[derive(Debug)]
pub struct Row {
    cells: [String; 6],
    /// None where there is no limit.
    is_met: Option<bool>,
}

impl Row {
    /// Two contenders.
    pub fn of(what: &str, beside: &str, pair: &Pair, limit: Limit) -> Self {
        let ratio = pair.ratio();
        let (said, is_met) = match limit {
            Limit::AtMost(most) => (format!("{most:.3}"), Some(ratio <= most)),
            Limit::None => (NOTHING.to_owned(), None),
        };
        let (ours, theirs, ratio) = (time(pair.ours), time(pair.theirs), format!("{ratio:.3}"));
        Self { cells: [what.to_owned(), ours, beside.to_owned(), theirs, ratio, said], is_met }
    }

    /// An amount that has a limit of its own.
    pub fn amount(what: &str, amount: f64, unit: &str, most: f64) -> Self {
        let none = || NOTHING.to_owned();
        let cells =
            [what.to_owned(), format!("{amount:.2} {unit}"), none(), none(), none(), format!("{most:.0} {unit}")];
        Self { cells, is_met: Some(amount <= most) }
    }
}

fn time(took: Duration) -> String {
    format!("{:.2} ms", took.as_secs_f64() * 1000.0)
}

/// All measurements, and where they were made.
#[derive(Debug)]
pub struct Table {
    place: String,
    rows: Vec<Row>,
}

impl Table {
    /// An empty table that names this machine.
    ///
    /// # Errors
    /// Docker does not answer.
    pub fn new() -> io::Result<Self> {
        let cpus = std::fs::read_to_string("/proc/cpuinfo")?;
        let cpu = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
        let place = format!(
            "{} × {}, Linux {}, Docker {} (client {}), commit {}, load {}",
            std::thread::available_parallelism()?,
            cpu.unwrap_or("unknown"),
            std::fs::read_to_string("/proc/sys/kernel/osrelease")?.trim(),
            said("docker", &["version", "--format", "{{.Server.Version}}"])?,
            said("docker", &["version", "--format", "{{.Client.Version}}"])?,
            said("git", &["describe", "--always", "--dirty"]).unwrap_or_else(|_| "unknown".to_owned()),
            std::fs::read_to_string("/proc/loadavg")?.split(' ').next().unwrap_or_default(),
        );
        Ok(Self { place, rows: Vec::new() })
    }

    /// Adds a measurement, and shows it at once.
    pub fn add(&mut self, row: Row) {
        eprintln!("{row}");
        self.rows.push(row);
    }

    /// Whether every limit was met.
    pub fn is_met(&self) -> bool {
        self.rows.iter().all(|row| row.is_met != Some(false))
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verdict = match self.is_met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => NOTHING,
        };
        write!(f, "| {} | {verdict} |", self.cells.join(" | "))
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.place)?;
        writeln!(f, "| measured | it takes | beside | which takes | ratio | at most | |")?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}
