//! The flags that a further command has to repeat, so that it means the same gateway at the same Docker: an advice that
//! forgets them would lead somewhere else. Consent is never repeated: it is typed each time.

use engine::{GatewayName, shell_word};

/// The commands that take the flags which name a kind of gateway, each with the further ones that it takes.
/// Onboarding takes all that are kept here.
const REPEATING: [(&str, Option<&[&str]>); 7] = [
    ("nemoclaw onboard ", None),
    ("nemoclaw restore ", Some(&["--port", "--carry"])),
    ("nemoclaw start ", Some(&[])),
    ("nemoclaw stop ", Some(&[])),
    ("nemoclaw logs ", Some(&[])),
    ("nemoclaw backup ", Some(&[])),
    ("nemoclaw destroy ", Some(&[])),
];

/// What was typed about which gateway, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// `--host`.
    pub host: Option<String>,
    /// Whether `--demo` stands for the preset, and for the gateway `demo`.
    pub demo: bool,
    /// Flags with their values; a switch has none.
    pub flags: Vec<(&'static str, Option<String>)>,
}

impl Again {
    /// The command that brings this gateway up.
    pub fn onboard(&self, gateway: &GatewayName) -> String {
        self.complete(&format!("nemoclaw onboard --gateway {gateway}"))
    }

    /// The command that brings back what is in a backup of this gateway's. The backup says of which kind it is.
    pub fn restore(&self, backup: &str) -> String {
        let mut command = format!("nemoclaw restore {}", shell_word(backup));
        self.host.iter().for_each(|host| push(&mut command, "--host", Some(host)));
        command
    }

    /// An advice with the flags that it lacks.
    pub fn complete(&self, advice: &str) -> String {
        if let Some(rest) = advice.strip_prefix("docker ") {
            return match &self.host {
                Some(host) => format!("docker --host {} {rest}", shell_word(host)),
                None => advice.to_owned(),
            };
        }
        let mut command = advice.to_owned();
        if let Some((_, takes)) = REPEATING.iter().find(|(command, _)| advice.starts_with(command)) {
            if self.demo {
                command = with_demo(&command);
            }
            let said = command.clone();
            for (flag, value) in &self.flags {
                if (is_kind(flag) || takes.is_none_or(|takes| takes.contains(flag))) && !says(&said, flag) {
                    push(&mut command, flag, value.as_deref());
                }
            }
        }
        if advice.starts_with("nemoclaw ") {
            self.host.iter().for_each(|host| push(&mut command, "--host", Some(host)));
        }
        command
    }
}

/// `--demo` names the gateway `demo` by itself.
fn with_demo(command: &str) -> String {
    if says(command, "--preset") {
        return command.to_owned();
    }
    match command.split_once(" --gateway demo") {
        Some((before, after)) if after.is_empty() || after.starts_with(' ') => format!("{before} --demo{after}"),
        Some(_) | None => format!("{command} --demo"),
    }
}

/// Whether the command says that flag, or its opposite number: a preset is named in one way only.
fn says(command: &str, flag: &str) -> bool {
    command.split(' ').any(|word| word == flag || is_kind(word) && is_kind(flag))
}

fn is_kind(flag: &str) -> bool {
    flag == "--preset" || flag == "--spec"
}

fn push(command: &mut String, flag: &str, value: Option<&str>) {
    command.push(' ');
    command.push_str(flag);
    if let Some(value) = value {
        command.push(' ');
        command.push_str(&shell_word(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(flags: &[(&'static str, &str)]) -> Again {
        let flags = flags.iter().map(|(flag, value)| (*flag, Some((*value).to_owned()))).collect();
        Again { host: None, demo: false, flags }
    }

    #[test]
    fn an_advice_keeps_what_was_typed() {
        let typed = again(&[("--spec", "my gateway.toml"), ("--port", "9000")]);
        assert_eq!(
            typed.complete("nemoclaw onboard --gateway prod --adopt v"),
            "nemoclaw onboard --gateway prod --adopt v --spec 'my gateway.toml' --port 9000"
        );
    }

    #[test]
    fn what_the_advice_says_itself_is_not_said_twice() {
        let typed = again(&[("--spec", "x.toml"), ("--port", "9000")]);
        assert_eq!(
            typed.complete("nemoclaw onboard --preset p --port 9001"),
            "nemoclaw onboard --preset p --port 9001"
        );
    }

    #[test]
    fn docker_is_asked_where_nemoclaw_asked_it() {
        let typed = Again { host: Some("tcp://far:2375".to_owned()), ..Again::default() };
        assert_eq!(typed.complete("docker stop web"), "docker --host tcp://far:2375 stop web");
        assert_eq!(typed.complete("kill 12"), "kill 12");
        let gateway = GatewayName::parse("prod").unwrap();
        assert_eq!(typed.onboard(&gateway), "nemoclaw onboard --gateway prod --host tcp://far:2375");
    }

    #[test]
    fn a_start_means_the_same_gateway_as_the_stop() {
        let typed = again(&[("--preset", "reference")]);
        assert_eq!(typed.complete("nemoclaw start --gateway prod"), "nemoclaw start --gateway prod --preset reference");
        let demo = Again { demo: true, ..Again::default() };
        assert_eq!(demo.complete("nemoclaw start --gateway demo"), "nemoclaw start --demo");
    }

    #[test]
    fn a_command_is_given_only_the_flags_that_it_takes() {
        let typed = again(&[("--preset", "reference"), ("--port", "9000"), ("--image", "x:1")]);
        let destroy = "nemoclaw destroy --gateway prod --volumes --confirm prod";
        assert_eq!(typed.complete(destroy), format!("{destroy} --preset reference"));
        let restore = "nemoclaw restore /b/1 --gateway prod";
        assert_eq!(typed.complete(restore), format!("{restore} --preset reference --port 9000"));
        let far = Again { host: Some("tcp://far:2375".to_owned()), demo: true, flags: typed.flags };
        assert_eq!(far.restore("/my backups/1"), "nemoclaw restore '/my backups/1' --host tcp://far:2375");
    }

    #[test]
    fn a_demo_stays_a_demo() {
        let demo = Again { demo: true, ..Again::default() };
        assert_eq!(demo.onboard(&GatewayName::parse("demo").unwrap()), "nemoclaw onboard --demo");
        assert_eq!(demo.onboard(&GatewayName::parse("demo2").unwrap()), "nemoclaw onboard --gateway demo2 --demo");
    }
}
