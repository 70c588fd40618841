//! One sequence on both daemons, step by step, and what is told where they disagree.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::picture::Picture;
use crate::real::Real;
use crate::step::Step;
use crate::support::Suite;

/// How long a real daemon may take to come to what the world says of it: containers end, and are removed, by themselves.
const COMES_TO_IT: Duration = Duration::from_secs(5);

/// How long a sequence in which they disagree is made shorter.
const SHRINKS: Duration = Duration::from_secs(120);

/// A step that was taken on a real daemon, what it said, and what had changed after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub step: Step,
    pub answer: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changed: BTreeMap<String, Option<String>>,
}

/// A step after which the world and a real daemon differ.
#[derive(Debug)]
pub struct Disagreement {
    before: Vec<Taken>,
    step: Step,
    real: (String, Picture),
    world: (String, Picture),
}

/// Takes the steps on both. Those whose answer is a matter of the moment are left out.
pub fn both(suite: &Suite, steps: &[Step], cut_power: &mut dyn FnMut()) -> Result<Vec<Taken>, Box<Disagreement>> {
    let (mut model, mut real) = (Model::new(), Real::new(suite, steps));
    let mut taken = Vec::new();
    let mut before = Picture::default();
    for step in steps {
        if model.depends_on_the_moment(step) {
            continue;
        }
        let world = (model.take(step), model.picture());
        let answer = real.take(step, cut_power);
        let begun = Instant::now();
        let mut picture = real.picture(&model.doubts());
        while picture != world.1 && begun.elapsed() < COMES_TO_IT {
            std::thread::sleep(Duration::from_millis(20));
            picture = real.picture(&model.doubts());
        }
        if (&answer, &picture) != (&world.0, &world.1) {
            let real = (answer, picture);
            return Err(Box::new(Disagreement { before: taken, step: step.clone(), real, world }));
        }
        taken.push(Taken { step: step.clone(), answer, changed: picture.since(&before) });
        before = picture;
    }
    Ok(taken)
}

/// Takes the recorded steps on the world, and compares it with what was recorded.
pub fn recorded(steps: &[Taken]) -> Result<(), Box<Disagreement>> {
    let mut model = Model::new();
    let mut then = Picture::default();
    for (at, taken) in steps.iter().enumerate() {
        let world = (model.take(&taken.step), model.picture());
        then = then.and(&taken.changed);
        if (&taken.answer, &then) != (&world.0, &world.1) {
            let real = (taken.answer.clone(), then);
            let before = steps[..at].to_vec();
            return Err(Box::new(Disagreement { before, step: taken.step.clone(), real, world }));
        }
    }
    Ok(())
}

/// The shortest sequence found in which they still disagree: each step is left out once, the last ones first.
pub fn shortened(
    found: Box<Disagreement>,
    mut both: impl FnMut(&[Step]) -> Result<Vec<Taken>, Box<Disagreement>>,
) -> Box<Disagreement> {
    let begun = Instant::now();
    let mut shortest = found;
    let mut at = shortest.before.len();
    while at > 0 && begun.elapsed() < SHRINKS {
        at -= 1;
        let mut steps = shortest.steps();
        steps.remove(at);
        if let Err(shorter) = both(&steps) {
            at = at.min(shorter.before.len());
            shortest = shorter;
        }
    }
    shortest
}

impl Disagreement {
    fn steps(&self) -> Vec<Step> {
        self.before.iter().map(|taken| taken.step.clone()).chain([self.step.clone()]).collect()
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the world and Docker disagree about the last of these steps:")?;
        for step in self.steps() {
            writeln!(f, "    {}", line(&step))?;
        }
        let ((said_real, real), (said_world, world)) = (&self.real, &self.world);
        writeln!(f, "  Docker says `{said_real}`, the world `{said_world}`")?;
        let apart = world.since(real);
        if apart.is_empty() {
            return writeln!(f, "  and then things stand alike:\n{real}");
        }
        writeln!(f, "  and then they differ in")?;
        for (name, line) in apart {
            let none = || "not there".to_owned();
            writeln!(f, "    {name}")?;
            writeln!(f, "      Docker: {}", real.0.get(&name).cloned().unwrap_or_else(none))?;
            writeln!(f, "      world:  {}", line.unwrap_or_else(none))?;
        }
        Ok(())
    }
}

/// A step as a case has it.
fn line(step: &Step) -> String {
    let value = serde_json::to_value(step).expect("a step can be written");
    let fields = value.as_object().into_iter().flatten().map(|(key, value)| format!("{key} = {value}"));
    format!("{{ {} }},", fields.collect::<Vec<_>>().join(", "))
}
