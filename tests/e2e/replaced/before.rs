//! A gateway before it is replaced, and what must hold of it afterwards.

use std::path::Path;

use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum as Status};

use crate::support::{Case, Run, Spec, Work, assert_same};

/// A ready gateway with work in it, on record.
pub struct Before<'a> {
    case: &'a Case<'a>,
    /// What Docker says of its container.
    pub container: ContainerInspectResponse,
    /// What is in it.
    pub work: Work,
    volumes: Vec<String>,
}

impl<'a> Before<'a> {
    /// A gateway of the case's own spec.
    #[track_caller]
    pub fn new(case: &'a Case<'a>) -> Self {
        Self::made(case, &case.spec())
    }

    /// A gateway of another spec.
    #[track_caller]
    pub fn made(case: &'a Case<'a>, spec: &Spec) -> Self {
        let (_, work) = case.created_as(spec);
        // The record learns of the sandbox.
        case.onboard().run().ended(0, "reused", "ready");
        Self::of(case, work)
    }

    /// The gateway as it stands.
    #[track_caller]
    pub fn of(case: &'a Case<'a>, work: Work) -> Self {
        let container = case.daemon().inspect(&case.name());
        Self { case, container, work, volumes: case.daemon().volumes(&case.other_name("")) }
    }

    /// Its container's ID.
    pub fn id(&self) -> &str {
        self.container.id.as_deref().expect("a container has an ID")
    }

    /// Asserts that a new container has taken its place: under its names, with its policy and all its data, on record, and
    /// after a verified backup. Hands the new one back.
    #[track_caller]
    pub fn assert_replaced(&self, run: &Run) -> ContainerInspectResponse {
        let case = self.case;
        run.ended(0, "upgraded", "ready");
        let new = case.daemon().inspect(&case.name());
        assert_ne!(new.id.as_deref(), Some(self.id()), "the same container\n{}", run.dump());
        assert_eq!(new.id.as_deref(), Some(run.container_id()), "{}", run.dump());
        assert_eq!(hostname(&new), hostname(&self.container), "{}", run.dump());
        let node = case.daemon().env(&case.name(), "OPENSHELL_NODE_NAME");
        assert_eq!(node.as_deref(), Some(case.node_name().as_str()), "{}", run.dump());
        assert_eq!(policy(&new), policy(&self.container), "{}", run.dump());
        assert!(run.names("/sandboxes/found").contains(&self.work.sandbox.as_str()), "{}", run.dump());
        let record = std::fs::read_to_string(case.record()).unwrap();
        assert!(record.contains(run.container_id()) && !record.contains(self.id()), "{record}\n{}", run.dump());
        assert_backed_up(case, run);
        self.assert_nothing_else(run);
        case.assert_kept(&self.work);
        self.assert_stays(run);
        new
    }

    /// Asserts that it is as it was: the same container under its name runs, with its policy, and nothing is left over.
    #[track_caller]
    pub fn assert_as_it_was(&self, run: &Run) {
        let case = self.case;
        let now = case.daemon().inspect(&case.name());
        assert_eq!(now.id.as_deref(), Some(self.id()), "another container\n{}", run.dump());
        assert_eq!(case.daemon().status(&case.name()), Status::RUNNING, "{}", run.dump());
        assert_eq!(now.config, self.container.config, "{}", run.dump());
        assert_eq!(now.host_config, self.container.host_config, "{}", run.dump());
        self.assert_nothing_else(run);
        case.assert_kept(&self.work);
        let record = std::fs::read_to_string(case.record()).unwrap();
        assert!(record.contains(self.id()), "{record}\n{}", run.dump());
        self.assert_stays(run);
    }

    /// Asserts that Docker has nothing of this case's but the gateway.
    #[track_caller]
    pub fn assert_nothing_else(&self, run: &Run) {
        let (case, daemon) = (self.case, self.case.daemon());
        let token = case.other_name("");
        let there = [daemon.containers(&token), daemon.volumes(&token), daemon.networks(&token)];
        assert_eq!(there, [vec![case.name()], self.volumes.clone(), vec![case.name()]], "leftovers\n{}", run.dump());
    }

    /// Asserts that a further run finds nothing to do at Docker, and that its record says all there is to say.
    #[track_caller]
    fn assert_stays(&self, run: &Run) {
        let mut before = self.case.picture();
        let next = self.case.onboard().run();
        next.ended(0, "reused", "ready");
        let told = format!("{}\nafter\n{}", next.dump(), run.dump());
        // A container that was started again has its sandboxes compared once more, which is recorded.
        before.insert("record".to_owned(), self.case.picture()["record"].clone());
        assert_same(&before, &self.case.picture(), &told);
        let last = self.case.onboard().run();
        last.ended(0, "reused", "ready");
        assert_eq!(last.json["changed"], false, "{}\nafter\n{told}", last.dump());
        self.case.assert_unchanged(&before, &last);
    }
}

/// Asserts that a run has made a backup that is whole, and hands back where it is.
#[track_caller]
pub fn assert_backed_up<'a>(case: &Case<'_>, run: &'a Run) -> &'a Path {
    let made = run.json["backup"]["path"].as_str().unwrap_or_else(|| panic!("no backup is told of\n{}", run.dump()));
    let listed = case.nemoclaw(&["backups", "--verify", "--gateway", case.gateway()]).run();
    assert_eq!((listed.code(), listed.text("outcome")), (Some(0), "listed"), "{}", listed.dump());
    let backups = listed.json["backups"].as_array().unwrap();
    let ours = backups.iter().find(|backup| backup["path"] == made);
    assert!(ours.is_some_and(|ours| ours["problem"].is_null()), "{}", listed.dump());
    Path::new(made)
}

fn hostname(container: &ContainerInspectResponse) -> Option<&str> {
    container.config.as_ref()?.hostname.as_deref()
}

fn policy(container: &ContainerInspectResponse) -> Option<String> {
    let policy = container.host_config.as_ref()?.restart_policy.as_ref()?;
    Some(policy.name?.to_string())
}
