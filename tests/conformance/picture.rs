//! What is compared after each step: what Docker says to the step, and how things stand then. Every object is one line,
//! under its short name; what a real daemon names by chance, or by the clock, is not in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture(pub BTreeMap<String, String>);

/// A container, as both daemons show it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub status: String,
    pub exit: i64,
    pub oom: bool,
    /// Whether Docker keeps an error of its last start.
    pub error: bool,
    pub restarts: u64,
    /// The volumes by their short names, and where they are mounted.
    pub mounts: BTreeSet<String>,
    /// The networks, and what became of them.
    pub networks: BTreeSet<String>,
    /// Whether a port of the host leads to it.
    pub published: bool,
}

/// How a container belongs to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinned {
    /// By its name: it was never started in it.
    ByName,
    /// By an ID that is there.
    There,
    /// By an ID that is gone.
    Gone,
}

/// What cannot be told for certain of a container, and so is not compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubt {
    /// Its process ends again and again: at some moments it runs.
    pub loops: bool,
    /// How often Docker has started it again: its process ended again and again.
    pub restarts: bool,
    /// Its exit code: its process ended with its daemon, whereupon it says nothing (DESIGN section 7), or it was killed
    /// while it ended again and again.
    pub exit: bool,
}

impl Seen {
    /// One line of a picture.
    pub fn line(&self, doubt: Doubt) -> String {
        let mut words = Vec::new();
        if doubt.loops {
            words.push("ends again and again".to_owned());
        } else {
            let exit = if doubt.exit { "?".to_owned() } else { self.exit.to_string() };
            let restarts = if doubt.restarts { "?".to_owned() } else { self.restarts.to_string() };
            words.push(format!("{}, exit {exit}, restarts {restarts}", self.status));
            words.extend(self.error.then(|| "error".to_owned()));
        }
        words.extend(self.oom.then(|| "out of memory".to_owned()));
        words.extend((self.published && !doubt.loops).then(|| "published".to_owned()));
        words.extend(self.mounts.iter().cloned());
        words.extend(self.networks.iter().cloned());
        words.join(", ")
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByName => "by name",
            Self::There => "there",
            Self::Gone => "gone",
        })
    }
}

impl Picture {
    /// Notes an object.
    pub fn note(&mut self, kind: &str, name: &str, line: String) {
        self.0.insert(format!("{kind} {name}"), line);
    }

    /// What has changed since an earlier picture; none where something is gone.
    pub fn since(&self, before: &Self) -> BTreeMap<String, Option<String>> {
        let new = self.0.iter().filter(|(name, line)| before.0.get(*name) != Some(line));
        let gone = before.0.keys().filter(|name| !self.0.contains_key(*name));
        new.map(|(name, line)| (name.clone(), Some(line.clone())))
            .chain(gone.map(|name| (name.clone(), None)))
            .collect()
    }

    /// The picture that such changes lead to.
    pub fn and(&self, changes: &BTreeMap<String, Option<String>>) -> Self {
        let mut after = self.clone();
        for (name, line) in changes {
            match line {
                Some(line) => after.0.insert(name.clone(), line.clone()),
                None => after.0.remove(name),
            };
        }
        after
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, line)| writeln!(f, "      {name}: {line}"))
    }
}
