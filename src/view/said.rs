//! What there is to tell beside the result: one sentence each, and whether it calls for attention.

use engine::{NodeNameFrom, Note, Told};

use super::{Said, sentence};

/// What the run had to tell.
pub fn told(told: &Told) -> Said {
    match told {
        Told::Note { said } => noted(said),
        Told::NodeName { name, from: NodeNameFrom::Record } => {
            note(format!("the new container has the node name `{name}`, as recorded: its data is kept under that name"))
        }
        Told::NodeName { name, from: NodeNameFrom::Backup } => note(format!(
            "the new container has the node name `{name}`, as the backup says: its data is kept under that name"
        )),
        Told::NodeName { name, from: NodeNameFrom::Typed } => {
            note(format!("the new container has the node name `{name}`, as typed"))
        }
        Told::NodeName { name, from: NodeNameFrom::Volume } => note(format!(
            "the new container has the node name `{name}`, as is written on its volume: its data is kept under that name"
        )),
        Told::NodeName { name, from: NodeNameFrom::VolumeLabel } => note(format!(
            "the new container has the node name `{name}`, as the volume's label says: its data is kept under that name"
        )),
        Told::NodeName { name, from: NodeNameFrom::Preset } => warning(format!(
            "the new container has the node name `{name}`, by the preset's rule, since no record and no label names \
             one; if it looks empty, its data is there, kept under another node name"
        )),
        Told::SpecAsOfBirth { image, created } => warning(format!(
            "the image `{image}` is the one as of {}; if the gateway was upgraded since, name its image with `--image`",
            created.as_deref().unwrap_or("when the volume was made")
        )),
        Told::SandboxesUnknown { why } => warning(format!("the sandboxes could not be listed: {why}")),
        Told::Notice { text } => note(text.clone()),
        Told::NoGpu => {
            note("GPUs were asked for, and Docker has none to give, or did not say so: it goes without".to_owned())
        }
        Told::Older { problem } => warning(problem.clone()),
        Told::ReplacementUndone => warning(
            "a replacement that another run had begun and not ended was undone; ask for it again to have it".to_owned(),
        ),
        Told::PreviousKept { container } => warning(format!(
            "the container `{container}`, which was replaced, could not be removed; the next run tries again"
        )),
        Told::NetworkKept { failure } => warning(format!(
            "the network could not be removed: {failure}; it holds no data, and is used again where the gateway is made anew"
        )),
        Told::RecordNotWritten { failure } => {
            warning(format!("the record of this gateway could not be written: {failure}"))
        }
    }
}

/// What its decision had to tell.
pub fn noted(said: &Note) -> Said {
    match said {
        Note::NewerDefault { .. } | Note::Managed { .. } | Note::HealthNotPublished => note(said.to_string()),
        Note::Unverified | Note::Drifted { .. } | Note::AutoRemoved | Note::HomeNotKept | Note::SecondWriter { .. } => {
            warning(said.to_string())
        }
    }
}

fn note(text: String) -> Said {
    Said { warning: false, text: sentence(&text) }
}

/// Something that calls for attention.
pub fn warning(text: String) -> Said {
    Said { warning: true, text: sentence(&text) }
}
