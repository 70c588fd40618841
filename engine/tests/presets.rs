//! The built-in presets at every kind of place, what their texts become, and bad tables, refused by key.

#![expect(clippy::unwrap_used, reason = "a mistake of the test itself may panic")]

use engine::{
    BUILT_IN, BadPreset, DEFAULT_GATEWAY, GatewayName, GatewaySpec, ImageSource, MountSource, Place, Preset,
    RestartPolicy, SandboxListing, Scheme,
};

fn text(name: &str) -> &'static str {
    BUILT_IN.iter().find(|(built_in, _)| *built_in == name).unwrap().1
}

fn place() -> Place {
    Place { files: "/state/files/x".to_owned(), docker_socket: Some("/run/docker.sock".to_owned()), certificates: None }
}

fn bare() -> Place {
    Place { docker_socket: None, ..place() }
}

fn with_certificates() -> Place {
    Place { certificates: Some("/config/mtls".to_owned()), ..place() }
}

fn resolved(name: &str, gateway: &str, place: &Place) -> Result<GatewaySpec, BadPreset> {
    Preset::parse(text(name)).unwrap().resolve(&GatewayName::parse(gateway).unwrap(), place)
}

fn volumes(spec: &GatewaySpec) -> Vec<(&str, &str)> {
    spec.volumes().map(|(name, path)| (name.as_str(), path)).collect()
}

/// The preset with one text in the place of another, resolved.
fn changed(name: &str, from: &str, to: &str) -> Result<GatewaySpec, BadPreset> {
    let good = text(name);
    let text = good.replacen(from, to, 1);
    assert_ne!(text, good, "`{from}` is not in `{name}`");
    Preset::parse(&text)?.resolve(&GatewayName::parse("x1").unwrap(), &place())
}

#[test]
fn todays_gateway_is_set_up_as_it_was_tried() {
    let spec = resolved("openshell-gateway", DEFAULT_GATEWAY, &place()).unwrap();
    assert_eq!(spec.image.as_str(), "ghcr.io/nvidia/openshell/gateway:0.0.111");
    assert_eq!(spec.command_line(), ["--bind-address", "0.0.0.0", "--port", "8080"]);
    assert_eq!((spec.keeps_entry_point, spec.user.as_deref(), spec.network.as_ref()), (true, Some("0"), None));
    assert_eq!(
        (spec.container.as_str(), volumes(&spec)),
        ("openshell-gateway", vec![("openshell-state", "/var/openshell")])
    );
    assert_eq!((spec.port.host_ip.as_str(), spec.port.host, spec.port.container), ("127.0.0.1", 8080, 8080));
    assert_eq!((spec.port.health, spec.port.health_on_host()), (Some(8081), Some(8081)));
    assert_eq!((spec.restart, spec.warm_up_ms), (RestartPolicy::UnlessStopped, 60_000));
    let env = spec.environment().0;
    for (name, value) in [
        ("HOME", "/var/openshell"),
        ("OPENSHELL_HEALTH_PORT", "8081"),
        ("OPENSHELL_DB_URL", "sqlite:/var/openshell/openshell.db?mode=rwc"),
        ("XDG_DATA_HOME", "/state/files/x/data"),
        ("OPENSHELL_GATEWAY_CONFIG", "/etc/openshell/gateway.toml"),
    ] {
        assert_eq!(env[name], value);
    }
    let asked = &spec.readiness.asks[0];
    assert_eq!(
        (asked.path.as_str(), asked.statuses.as_slice(), spec.readiness.scheme),
        ("/readyz", &[200][..], Scheme::Http)
    );
    let mark = spec.readiness.mark.clone().unwrap();
    assert_eq!((mark.field.as_str(), mark.value.as_str()), ("status", "healthy"));
    assert_eq!(spec.companion_images()[0].as_str(), "ghcr.io/nvidia/openshell/supervisor:0.0.111");
    assert!(matches!(spec.sandboxes, SandboxListing::Siblings { .. }) && spec.from_nothing);
}

#[test]
fn its_mounts_are_the_same_outside_as_inside_where_the_host_must_find_them() {
    let spec = resolved("openshell-gateway", DEFAULT_GATEWAY, &place()).unwrap();
    let at = |path: &str| spec.mounts.iter().find(|mount| mount.path == path).unwrap();
    assert_eq!(at("/state/files/x/data").source, MountSource::Folder { folder: "/state/files/x/data".to_owned() });
    assert_eq!(at("/var/run/docker.sock").source.on_host(), Some("/run/docker.sock"));
    let MountSource::File { file, content } = &at("/etc/openshell/gateway.toml").source else { panic!("no file") };
    assert!(at("/etc/openshell/gateway.toml").read_only);
    assert_eq!(file, "/state/files/x/gateway.toml");
    let says: toml::Table = spec.filled(content).parse().unwrap();
    let openshell = &says["openshell"];
    assert_eq!(openshell["version"].as_integer(), Some(1));
    assert_eq!(openshell["gateway"]["compute_drivers"].as_array().unwrap()[0].as_str(), Some("docker"));
    assert_eq!(openshell["gateway"]["disable_tls"].as_bool(), Some(true));
    let docker = &openshell["drivers"]["docker"];
    assert_eq!(docker["supervisor_image"].as_str(), Some("ghcr.io/nvidia/openshell/supervisor:0.0.111"));
    assert_eq!(docker["image_pull_policy"].as_str(), Some("IfNotPresent"));
}

#[test]
fn any_gateway_but_the_default_has_its_name_appended() {
    let spec = resolved("openshell-gateway", "prod", &place()).unwrap();
    assert_eq!((spec.container.as_str(), volumes(&spec)[0].0), ("openshell-gateway-prod", "openshell-state-prod"));
    let spec = resolved("openshell-cluster", DEFAULT_GATEWAY, &place()).unwrap();
    assert_eq!(spec.container.as_str(), "openshell-cluster-nemoclaw");
}

#[test]
fn the_older_kind_is_set_up_as_the_older_tool_did() {
    let spec = resolved("openshell-cluster", "My_gw", &place()).unwrap();
    let name = "openshell-cluster-My_gw";
    assert_eq!((spec.container.as_str(), spec.network.as_ref().unwrap().as_str()), (name, name));
    assert_eq!(volumes(&spec), [(name, "/var/lib/rancher/k3s")]);
    assert_eq!((spec.port.host, spec.port.container, spec.port.health), (8080, 30051, None));
    assert!(spec.privileged && spec.host_cgroups && spec.keeps_entry_point && !spec.from_nothing);
    assert_eq!((spec.command[0].as_str(), spec.command[1].as_str()), ("server", "--disable=traefik"));
    assert_eq!(
        (spec.node_name.as_str(), spec.node_name_env.as_deref()),
        ("openshell-my-gw", Some("OPENSHELL_NODE_NAME"))
    );
    assert!(spec.node_name_file.is_some());
    let hosts: Vec<_> =
        ["host.docker.internal", "host.openshell.internal"].map(|it| format!("{it}:host-gateway")).into();
    assert_eq!((spec.extra_hosts, spec.warm_up_ms), (hosts, 360_000));
    let asks: Vec<_> = spec.readiness.asks.iter().map(|ask| (ask.path.as_str(), ask.statuses.as_slice())).collect();
    assert_eq!(asks, [("/", &[200, 401][..]), ("/healthz", &[200][..])]);
    let SandboxListing::Exec { command } = &spec.sandboxes else { panic!("{:?}", spec.sandboxes) };
    assert!(command[0] == "timeout" && command.iter().any(|word| word == "sandboxes.agents.x-k8s.io"));
}

#[test]
fn https_is_for_the_older_kind_where_its_certificates_are() {
    let asked = |name: &str, place: &Place| {
        let readiness = resolved(name, "x1", place).unwrap().readiness;
        (readiness.scheme, readiness.client_certificate)
    };
    let certificates = Some("/config/mtls".to_owned());
    assert_eq!(asked("openshell-cluster", &with_certificates()), (Scheme::Https, certificates));
    assert_eq!(asked("openshell-cluster", &place()), (Scheme::Http, None));
    for name in ["reference", "openshell-gateway"] {
        assert_eq!(asked(name, &with_certificates()), (Scheme::Http, None), "{name}");
    }
}

#[test]
fn only_todays_kind_needs_dockers_socket_as_a_file() {
    assert!(resolved("reference", "x1", &bare()).is_ok());
    assert!(resolved("openshell-cluster", "x1", &bare()).is_ok());
    let bad = resolved("openshell-gateway", "x1", &bare()).unwrap_err();
    assert!(bad.problem.contains("mounts") && bad.problem.contains("socket"), "{bad}");
}

#[test]
fn only_the_reference_is_packed_from_the_executable() {
    for (name, _) in BUILT_IN {
        let source = resolved(name, "x1", &place()).unwrap().image_source;
        let packed = if name == "reference" { ImageSource::Executable } else { ImageSource::Registry };
        assert_eq!(source, packed, "{name}");
    }
}

#[test]
fn no_text_is_left_to_be_filled_in() {
    for (name, _) in BUILT_IN {
        let spec = resolved(name, "x1", &place()).unwrap();
        let companions = spec.companion_images();
        let texts = spec.command_line().into_iter().chain(spec.environment().0.into_values());
        let all: Vec<_> = texts.chain(companions.iter().map(|image| image.as_str().to_owned())).collect();
        assert!(all.iter().all(|text| !text.contains(['{', '}'])), "{name}: {all:?}");
    }
}

#[test]
fn texts_follow_port_and_image() {
    let mut spec = resolved("openshell-gateway", "x1", &place()).unwrap();
    spec.port = spec.port.on(9000);
    spec.image = engine::ImageRef::new("localhost:5000/g:t");
    assert_eq!(spec.filled("{port}/{tag}/{port}"), "9000/t/9000");
    assert_eq!(spec.filled("{gateway} and ${PORT}"), "{gateway} and ${PORT}", "what is not meant is left");
}

#[test]
fn bad_tables_are_refused_by_key() {
    let today = "openshell-gateway";
    let older = "openshell-cluster";
    for (name, from, to, key) in [
        (today, "health = 8081", "health = 0", "port"),
        (today, "host = 8080\nhealth", "host = 65535\nhealth", "port"),
        (today, "host = 8080\nhealth", "host = 8081\nhealth", "port"),
        (older, "container = 30051", "container = 0", "port"),
        (today, "host = 8080", "host = 8080\nhost_ip = \"here\"", "port.host_ip"),
        (today, "arguments = [", "command = [\"/x\"]\narguments = [", "command"),
        (today, "arguments = [\"--bind-address\", \"0.0.0.0\", \"--port\", \"{port}\"]\n", "", "command"),
        (today, "supervisor:{tag}", "Supervisor:{tag}", "image.companions"),
        (today, "supervisor:{tag}\"]", "supervisor:a b\"]", "image.companions"),
        (today, "bind = \"{socket}\"", "bind = \"docker.sock\"", "mounts.bind"),
        (today, "folder = \"{files}/data\"", "folder = \"data\"", "mounts.folder"),
        (today, "folder = \"{files}/data\"", "folder = \"{files}/data\"\nbind = \"/x\"", "mounts"),
        (today, "file = \"{files}/gateway.toml\"", "file = \"gateway.toml\"", "mounts.file"),
        (today, "file = \"{files}/gateway.toml\"\n", "", "mounts"),
        (today, "carry = [\"~/", "carry = [\"~", "carry"),
        (today, "noise = [\"/tmp", "noise = [\"tmp", "noise"),
        (today, "label = \"openshell.ai/managed-by=openshell\"", "label = \"openshell.ai/managed-by\"", "sandboxes"),
        (today, "name_label = \"openshell.ai/sandbox-name\"\n", "", "sandboxes"),
        (today, "[sandboxes]\n", "[sandboxes]\nhttp = \"/x\"\n", "sandboxes"),
        (older, "path = \"/healthz\", statuses = [200]", "path = \"healthz\", statuses = [200]", "readiness.path"),
        (older, "path = \"/healthz\", statuses = [200]", "path = \"/healthz\", statuses = [99]", "readiness.statuses"),
        (older, "container = \"openshell-cluster-{gateway}\"", "container = \"a/{gateway}\"", "container"),
        (older, "network = \"openshell-cluster-{gateway}\"", "network = \"a b\"", "network"),
        (older, "stop_grace = \"30s\"", "stop_grace = \"2h\"", "stop_grace"),
    ] {
        let bad = changed(name, from, to).unwrap_err();
        assert!(bad.problem.contains(&format!("`{key}`")), "{to}: {bad}");
    }
}

#[test]
fn unknown_keys_are_refused_in_every_table() {
    for table in ["[image]", "[node]", "[port]", "[readiness]", "[sandboxes]", "[[mounts]]"] {
        let text = text("openshell-cluster").replacen(table, &format!("{table}\nsurprise = 1"), 1);
        let bad = Preset::parse(&text).unwrap_err();
        assert!(bad.problem.contains("surprise"), "{table}: {bad}");
        assert_eq!(&text[bad.at.unwrap()], "surprise");
    }
}
