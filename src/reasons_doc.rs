//! `docs/reasons.md`, made from the engine's table of reasons and kept true by a test: `UPDATE_REASONS=1 cargo test
//! reasons_doc` writes it anew.

use std::fmt::Write;
use std::path::Path;

use engine::{Effect, GatewayName, REASONS, Reason, Refusal};

use crate::again::Again;
use crate::samples::refusals;
use crate::view::sentence;

/// Ends that are no refusal: they need no way out.
const NO_REFUSAL: [Reason; 11] = [
    Reason::Ready,
    Reason::Unverified,
    Reason::Drifted,
    Reason::AutoRemoved,
    Reason::Managed,
    Reason::SandboxesMissing,
    Reason::Stopped,
    Reason::NotReady,
    Reason::Planned,
    Reason::AsAsked,
    // Only `backups` says it, of what it lists.
    Reason::BadBackup,
];

/// What stands before the table.
const HEAD: &str = "\
# How a run can end

Made from `engine/src/reason.rs` and `engine/src/refusal.rs`; a test keeps it true.
Each end has a stable ID (`reason` in JSON) and an exit code. No end of a refused run has removed anything.

| reason | exit | meaning |
|---|---|---|
";

/// What stands before the ways out.
const WAYS_OUT: &str = "
## The way out of each refusal

As told for a gateway `prod`. *On the machine*: the command acts on the machine itself or looks for the cause; then the
same `nemoclaw` command again.
";

fn prod() -> GatewayName {
    GatewayName::parse("prod").unwrap()
}

/// The whole page.
fn page() -> String {
    let mut page = HEAD.to_owned();
    for row in REASONS {
        writeln!(page, "| `{}` | {} | {} |", row.id, row.exit, row.meaning).unwrap();
    }
    page.push_str(WAYS_OUT);
    let refusals = refusals();
    for row in REASONS {
        let of_it: Vec<_> = refusals.iter().filter(|refusal| refusal.reason() == row.reason).collect();
        if !of_it.is_empty() {
            writeln!(page, "\n### {}", row.id).unwrap();
            of_it.iter().for_each(|refusal| way_out(&mut page, refusal));
        }
    }
    page
}

fn way_out(page: &mut String, refusal: &Refusal) {
    let advice = refusal.advice(&prod());
    let mark = match advice.effect {
        Effect::LeadsOut => "",
        Effect::OnTheMachine => " *On the machine.*",
    };
    let saw = sentence(&refusal.to_string());
    writeln!(page, "\n- {saw}{mark}\n\n      {}", Again::default().complete(&advice.command)).unwrap();
}

#[test]
fn the_page_is_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reasons.md");
    if std::env::var_os("UPDATE_REASONS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page()).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page(), "docs/reasons.md is out of date: UPDATE_REASONS=1 cargo test reasons_doc");
}

#[test]
fn every_reason_is_a_good_end_or_has_a_way_out() {
    for row in REASONS {
        let refused = refusals().iter().any(|refusal| refusal.reason() == row.reason);
        assert_ne!(refused, NO_REFUSAL.contains(&row.reason), "{}", row.id);
    }
}

#[test]
fn advice_that_does_not_lead_out_by_itself_is_counted() {
    let advice = refusals().into_iter().map(|refusal| refusal.advice(&prod()));
    let on_the_machine: Vec<_> = advice.filter(|advice| advice.effect == Effect::OnTheMachine).collect();
    assert_eq!(on_the_machine.len(), 26, "{on_the_machine:#?}");
}
