//! The simulated host that `nemoclaw onboard --demo` keeps from one run to the next.

use engine::{Command, End, Event, GatewayName, How, Outcome, Purpose, Watch};
use sim::base::{Names, at_once};
use sim::demo::{BadDemo, Demo};
use sim::run::intent;

struct Unwatched;

impl Watch for Unwatched {
    fn begins(&mut self, _state: &'static str, _command: &Command) {}
    fn ended(&mut self, _state: &'static str, _command: &Command, _event: &Event) {}
}

fn names() -> Names {
    let Ok(gateway) = GatewayName::parse("demo") else { panic!("it is a name") };
    Names::of(gateway, "reference").unwrap_or_else(|bad| panic!("{bad}"))
}

fn onboard(demo: &mut Demo) -> Outcome {
    let outcome = at_once(demo.run(&mut Unwatched, intent(&names(), Purpose::Onboard)));
    outcome.unwrap_or_else(|| panic!("nothing kills it"))
}

fn how(outcome: &Outcome) -> Option<How> {
    if let End::Ready { how, .. } = &outcome.end { Some(*how) } else { None }
}

#[test]
fn a_gateway_made_in_one_run_is_there_in_the_next() {
    let Names { gateway, spec, .. } = names();
    let mut demo = Demo::new(gateway.clone(), spec.clone());
    assert_eq!(how(&onboard(&mut demo)), Some(How::Created));
    let text = demo.text(1_000).unwrap();
    let mut next = Demo::read(gateway, spec, &text, 1_000).unwrap();
    assert_eq!(next, demo);
    let outcome = onboard(&mut next);
    assert_eq!((how(&outcome), outcome.changed), (Some(How::Reused), false));
}

#[test]
fn what_another_version_wrote_is_refused() {
    let Names { gateway, spec, .. } = names();
    let text = Demo::new(gateway.clone(), spec.clone()).text(0).unwrap();
    let newer = text.replacen("\"schema\":1", "\"schema\":2", 1);
    let bad = |text: &str| Demo::read(gateway.clone(), spec.clone(), text, 0).unwrap_err();
    assert!(matches!(bad(&newer), BadDemo::OtherSchema(2)));
    assert!(matches!(bad(&text[..text.len() - 1]), BadDemo::Malformed(_)));
    assert!(matches!(bad("{}"), BadDemo::Malformed(_)));
}
