//! Both kinds of OpenShell gateway, in every situation that the reference gateway was in, and in those that are their
//! own. Each is the built-in preset with the reference gateway standing in for its image: it answers on the preset's
//! ports. Absent on purpose: the real images, and whatever only they could show.

pub mod found;
pub mod node_name;
pub mod permission;
pub mod sandboxes;
mod situations;
mod world;

pub use world::{Kind, World};

macro_rules! of_each_kind {
    ($($case:ident)+) => {
        /// Today's kind.
        pub mod today {
            $(pub fn $case(suite: &crate::support::Suite) {
                super::situations::$case(suite, super::Kind::Today);
            })+
        }
        /// The older kind.
        pub mod cluster {
            $(pub fn $case(suite: &crate::support::Suite) {
                super::situations::$case(suite, super::Kind::Cluster);
            })+
        }
    };
}

of_each_kind! {
    made_then_reused stopped killed paused created_never_started removed_with_record removed_without_record
    port_held renamed_running renamed_stopped as_documented_running as_documented_stopped composed
    another_preset_recorded another_preset_there
}
