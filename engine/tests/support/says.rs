//! What a case of the decision table expects, and the one door through which it is checked.

use engine::{Act, Decision, EndReplacement, LOOKS_MAX, Plan, Reason, Row};

use crate::support::World;

/// What a row says, less what it says it of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Leave it, and call it ready with this reason.
    Keep(Reason),
    /// Leave it, and say why.
    Refuse(Reason),
    /// Carry out this act.
    Do(Act),
    /// Undo a replacement.
    RollBack,
    /// Replace the container, where it is only looked at.
    Replace,
    /// End a replacement, where it is only looked at.
    End(EndReplacement),
    /// Remove so many volumes, where it is only looked at.
    Reset(usize),
    /// Ask who the daemon is.
    AskIdentity,
    /// Ask what the container's layer holds.
    AskLayer,
    /// Look again for what has been asked already; once all looks are taken, refuse with this reason.
    WaitThen(Reason),
}

/// Decides, and compares row and plan.
pub fn check(world: World, row: Row, says: Says) {
    let decision = world.decide();
    assert_eq!((decision.row, heard(&decision)), (row, heard_as(says)), "{decision:#?}");
    if let Says::WaitThen(reason) = says {
        let last = World { tried: engine::Tried { looks: LOOKS_MAX, ..world.tried.clone() }, ..world };
        let decision = last.decide();
        assert_eq!((decision.row, heard(&decision)), (row, Some(Says::Refuse(reason))), "{decision:#?}");
    }
}

/// What was decided; nothing for a wait on something unknown.
fn heard(decision: &Decision) -> Option<Says> {
    Some(match &decision.plan {
        Plan::Look(_) if decision.waits_on.is_some() => return None,
        Plan::Look(look) if look.layer => Says::AskLayer,
        Plan::Look(_) => Says::AskIdentity,
        Plan::Keep { verdict } => Says::Keep(verdict.reason),
        Plan::Refuse { refusal } => Says::Refuse(refusal.reason()),
        Plan::Perform { act, .. } => Says::Do(*act),
        Plan::RollBack { .. } => Says::RollBack,
        Plan::Replace { .. } => Says::Replace,
        Plan::EndReplacement { how } => Says::End(*how),
        Plan::Reset { absences } => Says::Reset(absences.len()),
    })
}

fn heard_as(says: Says) -> Option<Says> {
    (!matches!(says, Says::WaitThen(_))).then_some(says)
}

/// One named test a case: `name: picture => row, what it says;`.
macro_rules! cases {
    ($($name:ident: $world:expr => $row:expr, $says:expr;)*) => {
        $(#[test]
        fn $name() {
            crate::says::check($world, $row, $says);
        })*
    };
}
pub(crate) use cases;
