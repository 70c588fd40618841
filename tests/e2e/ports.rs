//! A gateway's port in other hands: its holder is named, and nothing is made or started that could not be reached.

use crate::support::{ByHand, Case, Holder, Speaks, Suite, follow};

/// Another container has the stopped gateway's port.
pub fn held_by_a_container(suite: &Suite) {
    let case = Case::new(suite, "port");
    let (made, work) = case.created();
    case.daemon().stop(&case.name());
    let holder = case.other_name("holder");
    let _holder = ByHand::named(&holder, suite.other_image()).publish(case.port()).start(suite);

    let run = case.refused(case.onboard(), 3, "port-held");
    run.names_in_message(&holder).names_in_message(&case.port().to_string());
    follow(&case, &run);
    let again = case.onboard().run();
    again.ended(0, "recovered", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    case.assert_kept(&work);
}

/// Another container has the port that a fresh gateway asks for: nothing is made.
pub fn held_by_a_container_on_a_fresh_host(suite: &Suite) {
    let case = Case::new(suite, "port-fresh");
    let holder = case.other_name("holder");
    let _holder = ByHand::named(&holder, suite.other_image()).publish(case.port()).start(suite);
    let run = case.refused(case.onboard_as(&case.spec()), 3, "port-held");
    run.names_in_message(&holder);
    let followed = follow(&case, &run).expect("a command of nemoclaw's");
    followed.ended(0, "created", "ready");
    assert!(suite.daemon().runs(&holder), "the holder may be somebody's gateway: a new one gives way");
}

/// A process of the host has it, and speaks HTTP: it is not taken for the gateway.
pub fn held_by_an_http_server(suite: &Suite) {
    held_by_a_process(suite, "port-http", Speaks::Http);
}

/// A process of the host has it, and does not speak HTTP.
pub fn held_by_another_server(suite: &Suite) {
    held_by_a_process(suite, "port-else", Speaks::SomethingElse);
}

fn held_by_a_process(suite: &Suite, about: &str, speaks: Speaks) {
    let case = Case::new(suite, about);
    let (made, work) = case.created();
    case.daemon().stop(&case.name());
    let holder = Holder::take(suite.runtime(), case.port(), speaks);

    let run = case.refused(case.onboard(), 3, "port-held");
    let pid = std::process::id().to_string();
    run.names_in_message(&case.port().to_string()).names_in_message(&pid);
    // The container pins its port, so only the process can give way: the advice acts on the machine itself.
    assert_eq!(run.text("advice"), format!("kill {pid}"), "{}", run.dump());
    drop(holder);
    let again = case.onboard().run();
    again.ended(0, "recovered", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    case.assert_kept(&work);
}

/// The container is missing, and a process has its port: the advice is another port, and the volume is adopted there.
pub fn another_port_leads_out(suite: &Suite) {
    let case = Case::new(suite, "port-up");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    let holder = Holder::take(suite.runtime(), case.port(), Speaks::Http);

    let run = case.refused(case.onboard(), 3, "port-held");
    let followed = follow(&case, &run).expect("a command of nemoclaw's");
    followed.ended(0, "adopted", "ready");
    assert_eq!(followed.text("endpoint"), format!("http://127.0.0.1:{}", case.port() + 1), "{}", followed.dump());
    drop(holder);
    work.assert_kept(suite.runtime(), case.port() + 1);
    case.onboard().run().ended(0, "reused", "ready");
}
