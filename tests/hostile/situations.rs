//! Which situations this suite has, what of each it takes, and how long a run in it may take.

use crate::support::{Situation, is_mutating};

/// What a run may find.
pub const SITUATIONS: [Situation; 11] = [
    Situation::Nothing,
    Situation::Unpacked,
    Situation::Healthy,
    Situation::Stopped,
    Situation::Removed,
    Situation::Foreign,
    Situation::PortTaken,
    Situation::Disconnected,
    Situation::ToStop,
    Situation::ToStart,
    Situation::Hung,
];

/// Whether a fault at a request in a situation tells something that it does not tell in any other.
pub fn has_of_its_own(situation: Situation, shape: &str, nth: usize) -> bool {
    match situation {
        // The rest of a first run is that of the situation in which nothing but the image is there.
        Situation::Unpacked => {
            let checks_image = shape == "GET /images/{image}/json" && nth <= 2;
            checks_image || shape == "GET /version" || shape == "POST /images/create"
        }
        // Each of its looks waits for an answer of the gateway's.
        Situation::Hung => is_mutating(shape),
        Situation::Nothing
        | Situation::Healthy
        | Situation::Stopped
        | Situation::Paused
        | Situation::Removed
        | Situation::Foreign
        | Situation::PortTaken
        | Situation::Disconnected
        | Situation::NetworkGone
        | Situation::ToStop
        | Situation::ToStart
        | Situation::ToAccept
        | Situation::ToReplace
        | Situation::ToBackUp => true,
    }
}

/// The run's own time limit, in seconds.
pub fn time_limit_s(situation: Situation) -> u64 {
    if situation == Situation::Hung { 45 } else { 8 }
}
