//! One command, handed out twice.

use engine::Command;

fn twice(command: &Command) -> Command {
    Command::clone(command)
}

fn main() {}
