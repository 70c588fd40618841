//! Cross products of what can be seen, asked and tried, and the walk through one of them.
//!
//! Every dimension is a list of choices, each of which sets its own part of a world and no other, so that one world is
//! changed from picture to picture. A part's unknown value is one of its choices: the same picture with less known is
//! in the product too, and "learning less" is arithmetic on indices.

use engine::Decision;

use crate::support::World;

/// One value of one part of a world.
#[derive(Clone, Copy)]
pub struct Choice {
    /// What it is called.
    pub name: &'static str,
    /// Whether it is the part's unknown value.
    pub unknown: bool,
    /// Sets it.
    pub set: fn(&mut World),
}

/// One part of a world with all values that it takes in a product.
#[derive(Clone)]
pub struct Dimension {
    /// What it is called.
    pub name: &'static str,
    /// Its values.
    pub choices: Vec<Choice>,
}

impl Dimension {
    /// With these values only.
    pub fn only(mut self, names: &[&str]) -> Self {
        self.choices.retain(|choice| names.contains(&choice.name));
        assert_eq!(self.choices.len(), names.len(), "`{}` has not all of {names:?}", self.name);
        self
    }
}

/// A product, from the dimension that changes least often to the one that changes most often.
pub struct Product {
    /// Its dimensions.
    pub dimensions: Vec<Dimension>,
}

/// Where in a product a picture is: the index of the choice in each dimension.
pub type Place = [usize];

impl Product {
    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.dimensions.iter().map(|dimension| dimension.choices.len()).product()
    }

    /// Shows each picture once.
    pub fn walk(&self, start: World, visit: &mut impl FnMut(&World, &Place)) {
        let mut world = start;
        let mut place = vec![0; self.dimensions.len()];
        walk(&self.dimensions, 0, &mut world, &mut place, visit);
    }

    /// The names of the choices at a place.
    pub fn names(&self, place: &Place) -> String {
        let names = self.dimensions.iter().zip(place);
        names.map(|(dim, at)| format!("{}: {}", dim.name, dim.choices[*at].name)).collect::<Vec<_>>().join(", ")
    }

    /// Every pair of places of which the second is the first with one part unknown, where `rank` is higher at the
    /// second. `ranks` are those of all pictures in the order of the walk.
    pub fn rises_with_ignorance(&self, ranks: &[u8]) -> Vec<(Vec<usize>, Vec<usize>)> {
        assert_eq!(ranks.len(), self.len());
        let mut rises = Vec::new();
        let mut stride = self.len();
        for (at, dimension) in self.dimensions.iter().enumerate() {
            let choices = dimension.choices.len();
            stride /= choices;
            let Some(unknown) = dimension.choices.iter().position(|choice| choice.unknown) else { continue };
            for (index, rank) in ranks.iter().enumerate() {
                let choice = index / stride % choices;
                let less_known = index - choice * stride + unknown * stride;
                if ranks[less_known] > *rank {
                    let place = self.place(index);
                    let mut less = place.clone();
                    less[at] = unknown;
                    rises.push((place, less));
                }
            }
        }
        rises
    }

    fn place(&self, index: usize) -> Vec<usize> {
        let mut rest = index;
        let mut place: Vec<_> = self
            .dimensions
            .iter()
            .rev()
            .map(|dimension| {
                let at = rest % dimension.choices.len();
                rest /= dimension.choices.len();
                at
            })
            .collect();
        place.reverse();
        place
    }
}

fn walk(
    dimensions: &[Dimension],
    depth: usize,
    world: &mut World,
    place: &mut Vec<usize>,
    visit: &mut impl FnMut(&World, &Place),
) {
    let Some((first, rest)) = dimensions.split_first() else { return visit(world, place) };
    for (at, choice) in first.choices.iter().enumerate() {
        (choice.set)(world);
        place[depth] = at;
        walk(rest, depth + 1, world, place, visit);
    }
}

/// How much a plan destroys: nothing, then what is easily taken back, then what is not.
pub fn rank(decision: &Decision) -> u8 {
    use engine::{Act, Plan};
    match &decision.plan {
        Plan::Look(_) | Plan::Keep { .. } | Plan::Refuse { .. } => 0,
        Plan::Perform { act, .. } => match act {
            Act::Await | Act::VerifyBackup => 0,
            Act::ProvideImage | Act::MakeNetwork | Act::MakeVolume | Act::Create | Act::Adopt => 1,
            Act::Connect | Act::Start | Act::Unpause => 2,
            Act::Stop | Act::StopToRepair | Act::Restart | Act::StopOld | Act::StopNext | Act::StopToBackUp => 3,
            Act::ListBefore => 0,
            Act::MakeRestored | Act::Restore | Act::Record => 1,
            Act::RemoveNetwork | Act::SetRecordAside => 2,
            Act::RemoveUnfinished | Act::RemoveOwn => 4,
            Act::CreateNext | Act::ProvideEmptyImage | Act::MakeHelper | Act::BackUp | Act::RemoveHelper => 1,
            Act::Disarm | Act::Carry | Act::SetAside | Act::TakePlace | Act::Arm | Act::StepBack | Act::PutBack => 2,
            Act::RemoveOld | Act::RemoveNext => 4,
            Act::RemoveVolume => 5,
        },
        Plan::RollBack { .. } => 3,
        Plan::Replace { .. } | Plan::EndReplacement { .. } => 4,
        Plan::Reset { .. } => 5,
    }
}
