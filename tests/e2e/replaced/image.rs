//! Another image of the same program: what a newer release would be.

use bollard::models::ContainerConfig;
use bollard::query_parameters::CommitContainerOptions;

use crate::support::{ByHand, Case};

/// One such image. It goes with this value, which goes after the containers that are made from it.
pub struct OtherImage<'a> {
    case: &'a Case<'a>,
    reference: String,
}

impl<'a> OtherImage<'a> {
    /// The run's own image under another name, with these variables in its environment.
    #[track_caller]
    pub fn new(case: &'a Case<'a>, repository: &str, env: &[(&str, &str)]) -> Self {
        let this = Self { case, reference: format!("{}:x", case.other_name(repository)) };
        this.commit(env);
        this
    }

    /// The run's own image, to the ID, under another name.
    #[track_caller]
    pub fn same(case: &'a Case<'a>, repository: &str) -> Self {
        let repository = case.other_name(repository);
        case.daemon().tag(case.suite().image(), &repository, "x");
        Self { case, reference: format!("{repository}:x") }
    }

    /// Its reference.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// What the reference stands for today.
    #[track_caller]
    pub fn id(&self) -> String {
        let daemon = self.case.daemon();
        daemon.run(daemon.docker().inspect_image(&self.reference)).unwrap().id.expect("an image has an ID")
    }

    /// The reference stands for another image from now on.
    #[track_caller]
    pub fn moves(&self) {
        self.commit(&[("NEMOCLAW_E2E_RELEASE", "2")]);
    }

    fn commit(&self, env: &[(&str, &str)]) {
        let (case, daemon) = (self.case, self.case.daemon());
        let seed = case.other_name("seed");
        ByHand::named(&seed, case.suite().image()).create(case.suite());
        let (repository, tag) = self.reference.rsplit_once(':').expect("an image with a tag");
        let options = CommitContainerOptions {
            container: Some(seed.clone()),
            repo: Some(repository.to_owned()),
            tag: Some(tag.to_owned()),
            ..Default::default()
        };
        let env = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let config = ContainerConfig { env: Some(env), ..Default::default() };
        daemon.run(daemon.docker().commit_container(options, config)).unwrap();
        daemon.remove(&seed);
    }
}

impl Drop for OtherImage<'_> {
    fn drop(&mut self) {
        // What was made from it keeps it in use.
        self.case.suite().sweep(&self.case.other_name(""));
        self.case.daemon().sweep_image(&self.reference);
    }
}
