//! The decision table over every abstract observation: each part's every kind, known or unknown, with every kind of
//! record, wish and history.
//!
//! The full product has some 10¹³ pictures, so it is cut into twelve products (`exhaustive/products.rs`, `asked_for.rs`), 4.1 million
//! pictures in all, each of which crosses whatever bears on the same rows. Of every picture: the table has a decision,
//! and the same twice; the properties of `exhaustive/properties.rs` hold; and the same picture with any one part
//! unknown gets no more destructive a plan. Two things keep that from being vacuous: which rows and acts each product
//! reaches is asserted, and wrappers that misread a picture as the old faults did (`exhaustive/mutants.rs`) are caught.
//! Absent on purpose: steps from one picture to the next.

#[path = "exhaustive/asked_for.rs"]
mod asked_for;
#[path = "exhaustive/histories.rs"]
mod histories;
#[path = "exhaustive/mutants.rs"]
mod mutants;
#[path = "exhaustive/parts.rs"]
mod parts;
#[path = "exhaustive/product.rs"]
mod product;
#[path = "exhaustive/products.rs"]
mod products;
#[path = "exhaustive/properties.rs"]
mod properties;
#[path = "exhaustive/questions.rs"]
mod questions;
mod support;

use std::collections::BTreeSet;

use engine::{Act, Plan, Remains, Row};

use product::rank;
use products::Crossing;
use properties::PROPERTIES;
use support::{But, World, world};

/// How many broken pictures a failing test shows.
const SHOWN: usize = 5;

/// Decides about every picture of a product, and checks all that must hold.
fn check(crossing: &Crossing) {
    let product = (crossing.product)();
    assert_eq!(product.len(), crossing.pictures, "a product that has changed says so");
    let mut rows = BTreeSet::new();
    let mut acts = BTreeSet::new();
    let mut ranks = Vec::with_capacity(crossing.pictures);
    let mut broken = Vec::new();
    product.walk(start(), &mut |world, place| {
        let decision = world.decide();
        if decision != world.decide() {
            broken.push(("the same picture is decided the same", place.to_vec(), format!("{decision:?}")));
        }
        for property in PROPERTIES.iter().filter(|property| !(property.holds)(world, &decision)) {
            broken.push((property.name, place.to_vec(), format!("{decision:?}")));
        }
        rows.insert(decision.row);
        if let Plan::Perform { act, .. } = &decision.plan {
            acts.insert(*act);
        }
        ranks.push(rank(&decision));
    });
    for (name, place, decision) in broken.iter().take(SHOWN) {
        eprintln!("{name}, but not of\n  {}\n  {decision}\n", product.names(place));
    }
    let rises = product.rises_with_ignorance(&ranks);
    for (place, less) in rises.iter().take(SHOWN) {
        eprintln!("learning less never destroys more, but of\n  {}\n  {}\n", product.names(place), product.names(less));
    }
    assert!(broken.is_empty() && rises.is_empty(), "{} broken, {} rises", broken.len(), rises.len());
    assert_eq!(
        (rows, acts),
        (crossing.rows.iter().copied().collect(), crossing.acts.iter().copied().collect()),
        "the rows and the acts that are reached"
    );
}

/// What is as on a fresh machine unless a product crosses it. A recorded container that is not found left no folder.
fn start() -> World {
    world().but(|world| world.seen.host.remains = Some(Remains::Gone))
}

#[test]
fn missing() {
    check(&products::MISSING);
}

#[test]
fn making() {
    check(&products::MAKING);
}

#[test]
fn present() {
    check(&products::PRESENT);
}

#[test]
fn acting() {
    check(&products::ACTING);
}

#[test]
fn replacing() {
    check(&products::REPLACING);
}

#[test]
fn half_done() {
    check(&products::HALF_DONE);
}

#[test]
fn going_on() {
    check(&products::GOING_ON);
}

#[test]
fn backing_up() {
    check(&asked_for::BACKING_UP);
}

#[test]
fn stopping() {
    check(&asked_for::STOPPING);
}

#[test]
fn starting() {
    check(&asked_for::STARTING);
}

#[test]
fn restoring() {
    check(&asked_for::RESTORING);
}

#[test]
fn destroying() {
    check(&asked_for::DESTROYING);
}

/// The "sometimes" twin: a table whose rows nothing reaches would hold every property.
#[test]
fn together_they_reach_every_row_and_every_act() {
    let rows: BTreeSet<Row> = products::ALL.iter().flat_map(|crossing| crossing.rows).copied().collect();
    let acts: BTreeSet<Act> = products::ALL.iter().flat_map(|crossing| crossing.acts).copied().collect();
    assert_eq!((rows.len(), acts.len()), (34, 36), "{rows:?} {acts:?}");
    assert!(products::ALL.iter().map(|crossing| crossing.pictures).sum::<usize>() > 1_500_000);
}

/// The faults of old, planted between what is there and what is decided, are caught by the property that they break;
/// and without a fault nothing is.
#[test]
fn planted_faults_are_caught() {
    for mutant in mutants::MUTANTS {
        let mut caught = BTreeSet::new();
        products::for_mutants().walk(start(), &mut |world, _| {
            let mut misread = world.clone();
            (mutant.misread)(&mut misread.seen.host, &mut misread.seen.record);
            let decision = misread.decide();
            let broken = PROPERTIES.iter().filter(|property| !(property.holds)(world, &decision));
            caught.extend(broken.map(|property| property.name));
        });
        match mutant.breaks {
            Some(property) => assert!(caught.contains(property), "`{}` only broke {caught:?}", mutant.name),
            None => assert!(caught.is_empty(), "`{}` broke {caught:?}", mutant.name),
        }
    }
}
