//! What is asked for, by what was typed.

use super::*;
use crate::args::{Args, Job};
use clap::Parser;
use engine::{BUILT_IN, DEFAULT_PRESET, GatewaySpec};

fn env(name: &str) -> Option<String> {
    ["NEMOCLAW_HOME", "HOME"].contains(&name).then(|| "/nonexistent".to_owned())
}

fn try_request(typed: &str) -> Result<Request, BadInput> {
    let args = Args::try_parse_from(["nemoclaw"].into_iter().chain(typed.split(' '))).unwrap();
    let host = args.host.as_deref().or(Some("unix:///run/d.sock"));
    let mut request = match &args.job {
        Job::Onboard(typed) => onboard(typed, host, &env),
        Job::Status(typed) => status(typed, host, &env),
        Job::Start(typed) => act(typed, Purpose::Start, host, &env),
        Job::Stop(typed) => act(typed, Purpose::Stop, host, &env),
        Job::Backup(typed) => act(typed, Purpose::BackUp, host, &env),
        Job::Restore(typed) => restore(typed, host, &env),
        Job::Destroy(typed) => destroy(typed, host, &env).map(|(request, _)| request),
        Job::Logs(typed) => logs(typed, args.output, host, &env).map(|(request, _)| request),
        Job::List(_)
        | Job::Backups(_)
        | Job::Completions { .. }
        | Job::Man { .. }
        | Job::ReferenceGateway
        | Job::ReferenceSandboxes => panic!("no request"),
    }?;
    request.again.host.clone_from(&args.host);
    Ok(request)
}

fn request(typed: &str) -> Request {
    try_request(typed).unwrap()
}

fn names(specs: &[GatewaySpec]) -> Vec<&str> {
    specs.iter().map(|spec| spec.preset.as_str()).collect()
}

#[test]
fn nothing_typed_is_the_default_gateway_of_whichever_kind() {
    let Request { intent, settings, .. } = request("onboard");
    assert_eq!(intent.gateway.as_str(), "nemoclaw");
    assert_eq!(intent.spec.preset.as_str(), DEFAULT_PRESET);
    assert_eq!(intent.alternatives.len(), BUILT_IN.len() - 1);
    assert!(!names(&intent.alternatives).contains(&DEFAULT_PRESET));
    assert_eq!((intent.purpose, intent.typed), (Purpose::Onboard, Typed::default()));
    assert!(intent.wait_for_lock && intent.reset.is_none() && !intent.accept_daemon);
    let slowest = intent.alternatives.iter().chain([&intent.spec]).map(|spec| spec.warm_up_ms).max().unwrap();
    assert_eq!(settings.time_limit, 2 * Duration::from_millis(slowest) + Duration::from_secs(60));
}

#[test]
fn a_preset_that_was_typed_is_the_only_one() {
    let Request { intent, settings, again } = request("status --preset openshell-gateway");
    assert_eq!(names(&intent.alternatives), [""; 0]);
    assert!(intent.typed.preset);
    assert_eq!(settings.time_limit, Duration::from_secs(2 * 60 + 60));
    assert_eq!(again.onboard(&intent.gateway), "nemoclaw onboard --gateway nemoclaw --preset openshell-gateway");
}

#[test]
fn a_demo_is_the_reference_preset_under_another_name() {
    let Request { intent, again, .. } = request("onboard --demo");
    assert_eq!((intent.gateway.as_str(), intent.spec.preset.as_str()), ("demo", "reference"));
    assert!(intent.typed.preset && intent.alternatives.is_empty());
    assert_eq!(again.onboard(&intent.gateway), "nemoclaw onboard --demo");
    assert_eq!(request("status --demo --gateway mine").intent.gateway.as_str(), "mine");
}

#[test]
fn what_was_typed_is_marked_as_typed() {
    let Request { intent, settings, again } = request(
        "onboard --port 9000 --image x:1 --adopt old --accept-daemon --gpu --node-name n-1 --no-wait --timeout 5m",
    );
    for spec in intent.alternatives.iter().chain([&intent.spec]) {
        assert_eq!((spec.port.host, spec.gpu), (9000, true), "{}", spec.preset);
        assert!(!spec.port.same_inside || spec.port.container == 9000);
    }
    assert_eq!((intent.spec.image.as_str(), intent.spec.image_source), ("x:1", ImageSource::Registry));
    assert!(intent.alternatives.iter().all(|spec| spec.image.as_str() != "x:1"), "they are told apart by their images");
    assert!(intent.typed.port && intent.typed.image && !intent.typed.preset && !intent.wait_for_lock);
    assert_eq!(intent.node_name.as_deref(), Some("n-1"));
    assert_eq!(settings.time_limit, Duration::from_secs(300));
    assert_eq!(
        again.onboard(&intent.gateway),
        "nemoclaw onboard --gateway nemoclaw --image x:1 --port 9000 --gpu --node-name n-1 --adopt old --accept-daemon"
    );
}

#[test]
fn the_presets_own_image_keeps_its_source() {
    let image = request("onboard --demo").intent.spec.image;
    let intent = request(&format!("onboard --demo --image {image}")).intent;
    assert!(intent.typed.image);
    assert_eq!(intent.spec.image_source, ImageSource::Executable);
}

#[test]
fn consent_is_for_the_gateway_typed_and_never_repeated() {
    let Request { intent, again, .. } = request("onboard --gateway prod --reset --confirm prod");
    assert_eq!(intent.reset.map(|consent| consent.gateway().to_string()), Some("prod".to_owned()));
    assert_eq!(again.onboard(&intent.gateway), "nemoclaw onboard --gateway prod");
}

#[test]
fn each_command_has_its_purpose() {
    for looks in ["status", "onboard --dry-run", "logs --tail 5 --follow"] {
        assert_eq!(request(looks).intent.purpose, Purpose::Look, "{looks}");
    }
    assert_eq!(request("start").intent.purpose, Purpose::Start);
    let stop = request("stop --no-wait").intent;
    assert!(stop.purpose == Purpose::Stop && !stop.wait_for_lock);
    assert_eq!(request("destroy").intent.purpose, Purpose::Destroy(Discard::Container));
    let destroy = request("destroy --gateway prod --set-aside --confirm prod --no-wait").intent;
    assert_eq!((destroy.purpose, destroy.wait_for_lock), (Purpose::Destroy(Discard::SetAside), false));
    assert!(destroy.consent.is_some() && destroy.reset.is_none());
}

#[test]
fn volumes_are_given_up_by_their_owners_word_only() {
    let Job::Destroy(typed) = Args::try_parse_from(["nemoclaw", "destroy", "--volumes"]).unwrap().job else {
        panic!("another command");
    };
    let (mut request, what) = destroy(&typed, Some("unix:///run/d.sock"), &env).unwrap();
    assert_eq!((what, request.intent.consent.is_none()), (Discard::Volumes, true));
    assert!(request.consent_to_removal(None).unwrap_err().render().contains("--confirm nemoclaw"));
    assert!(request.consent_to_removal(Some("nemo")).is_err());
    request.consent_to_removal(Some("nemoclaw")).unwrap();
    assert_eq!(request.intent.consent.map(|consent| consent.gateway().to_string()), Some("nemoclaw".to_owned()));
}

#[test]
fn files_of_a_gateway_lie_in_a_folder_of_its_own() {
    let spec = request("onboard --gateway prod").intent.spec;
    let on_host: Vec<_> = spec.mounts.iter().filter_map(|mount| mount.source.on_host()).collect();
    assert!(on_host.contains(&"/nonexistent/files/prod/data"), "{on_host:?}");
    assert!(on_host.contains(&"/run/d.sock"), "{on_host:?}");
}

#[test]
fn without_dockers_socket_the_default_kind_is_looked_at_and_not_made() {
    let far = "--host tcp://far:2375";
    assert_eq!(names(&[request(&format!("status {far}")).intent.spec]), [DEFAULT_PRESET]);
    assert!(try_request(&format!("onboard {far}")).is_err());
    assert!(try_request(&format!("onboard --dry-run {far}")).is_err());
    assert_eq!(names(&[request(&format!("onboard --demo {far}")).intent.spec]), ["reference"]);
}

#[test]
fn a_replacement_is_asked_for_by_name_and_what_goes_along_is_a_path_of_the_container() {
    let Request { intent, again, .. } = request("onboard --upgrade --carry ~/.config/x --carry /etc/key --no-backup");
    assert_eq!((intent.replace, intent.no_backup), (Some(engine::Replace::Upgrade), true));
    assert_eq!(intent.carry, ["~/.config/x", "/etc/key"]);
    let same = again.onboard(&intent.gateway);
    assert!(same.contains("--upgrade") && same.contains("--carry /etc/key"), "{same}");
    assert!(!same.contains("--no-backup"), "what gives something up is typed each time: {same}");
    assert_eq!(request("onboard --recreate --leave-behind").intent.replace, Some(engine::Replace::Recreate));
    for wrong in ["etc/key", "/", "~/", "/etc/../key", "/etc//key", "~x/y"] {
        let refused = try_request(&format!("onboard --recreate --carry {wrong}")).unwrap_err().render();
        assert!(refused.contains("--carry"), "{refused}");
    }
}

#[test]
fn a_reset_without_its_owners_word_is_refused() {
    let refused = try_request("onboard --gateway prod --reset").unwrap_err().render();
    assert!(refused.contains("--confirm prod"), "{refused}");
    assert!(request("onboard --gateway prod --reset --confirm prod").intent.reset.is_some());
}
