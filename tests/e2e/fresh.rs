//! A host with nothing on it, and the runs after the first: made once, then left alone.

use crate::support::{Case, Changes, Cli, Proxy, Suite, assert_only_a_trace_written};

/// The second run finds the same container, asks Docker for nothing but answers, and writes nothing but its trace.
pub fn created_then_reused(suite: &Suite) {
    let case = Case::new(suite, "fresh");
    let (made, work) = case.created();
    assert_eq!(made.json["changed"], true, "{}", made.dump());
    assert_eq!(made.text("endpoint"), format!("http://127.0.0.1:{}", case.port()), "{}", made.dump());
    assert_eq!(made.names("/volumes"), [case.name()], "{}", made.dump());

    // One more run, so that the record has the sandbox that was made meanwhile.
    case.onboard().run().ended(0, "reused", "ready");
    let (picture, files) = (case.picture(), case.files());
    let proxy = Proxy::start(suite.runtime(), suite.socket(), Changes::Nothing);
    let again = case.nemoclaw_at(&proxy.address(), &["onboard", "--gateway", case.gateway()]).run();

    again.ended(0, "reused", "ready");
    assert_eq!(again.json["changed"], false, "{}", again.dump());
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    assert_eq!(again.names("/sandboxes/found"), [&work.sandbox], "{}", again.dump());
    assert!(!proxy.requests().is_empty(), "the proxy was not asked\n{}", again.dump());
    assert!(proxy.mutating().is_empty(), "{:?}\n{}", proxy.mutating(), again.dump());
    case.assert_unchanged(&picture, &again);
    assert_only_a_trace_written(&files, &case.files(), &again);
    case.assert_kept(&work);
}

/// The ID stays over any number of runs, also of those that repeat the spec.
pub fn same_container_over_three_runs(suite: &Suite) {
    let case = Case::new(suite, "double");
    let (made, work) = case.created();
    for run in [case.onboard().run(), case.onboard_as(&case.spec()).run(), case.onboard().run()] {
        run.ended(0, "reused", "ready");
        assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    }
    case.assert_kept(&work);
}

/// A proxy that does not answer stands between this machine and the world, not between it and itself.
pub fn proxy_variables_make_no_difference(suite: &Suite) {
    let case = Case::new(suite, "proxied");
    let nowhere = format!("http://127.0.0.1:{}", case.port() + 1);
    let proxied = |cli: Cli| {
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .iter()
            .fold(cli, |cli, variable| cli.env(variable, &nowhere))
            .run()
    };
    let made = proxied(case.onboard_as(&case.spec()));
    made.ended(0, "created", "ready");
    let work = case.put_work();
    let again = proxied(case.onboard());
    again.ended(0, "reused", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    assert_eq!(again.names("/sandboxes/found"), [&work.sandbox], "{}", again.dump());
    case.assert_kept(&work);
}
