//! How fast `nemoclaw onboard` is beside what a person would otherwise type: each ratio from alternating runs of both, as
//! whole processes, on this machine's daemon.
//!
//! `cargo bench --package benches` prints the Markdown table of `docs/performance.md`, and fails where a limit is missed. It
//! needs the docker command line and GNU time, and removes what it makes. A package of its own, so that the features that
//! tests ask of libraries are not in the binary that is measured. Absent on purpose: limits of time, which say more of the
//! machine than of the program.

mod minimal;
mod peak;
mod table;
mod versus;
mod world;

use std::io;
use std::process::ExitCode;

use crate::table::{Limit, Row, Table};
use crate::versus::versus;
use crate::world::World;

/// Runs of each contender where both take milliseconds.
const ROUNDS_OF_NOTHING: usize = 300;

/// The same beside a command that takes tens of milliseconds.
const ROUNDS_OF_A_CLIENT: usize = 50;

/// The same beside one that takes most of a second.
const ROUNDS_OF_COMPOSE: usize = 10;

/// The same where a container is started or made.
const ROUNDS_OF_A_START: usize = 20;

/// How often the peak of memory is taken.
const ROUNDS_OF_MEMORY: usize = 10;

const MIB: f64 = 1024.0 * 1024.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match words.as_slice() {
        [minimal::WORD, socket, container, port] => minimal::ask_both(socket, container, port).map(|()| true),
        _ => measure_all(),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the measurement was not made: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every limit was met.
fn measure_all() -> io::Result<bool> {
    let world = World::new()?;
    let mut table = Table::new()?;
    world.make()?;
    nothing_to_do(&world, &mut table)?;
    table.add(Row::amount("peak memory of a no-op `onboard`", peak_mib(&world)?, "MiB", 20.0));
    table.add(Row::amount("release binary", world.binary().metadata()?.len() as f64 / MIB, "MiB", 15.0));
    recovery(&world, &mut table)?;
    from_nothing(&world, &mut table)?;
    println!("{table}");
    Ok(table.is_met())
}

/// A healthy gateway, and nothing to be done.
fn nothing_to_do(world: &World, table: &mut Table) -> io::Result<()> {
    let onboard = || world::run(&mut world.onboard());
    let minimal = || world::run(&mut minimal::command(world)?);
    let pair = versus(ROUNDS_OF_NOTHING, || Ok(()), onboard, minimal)?;
    table.add(Row::of("no-op `onboard`", "one `inspect` and one `GET`, plain `std`", &pair, Limit::AtMost(1.3)));

    let inspect = || world::run(world::docker(&["inspect"]).arg(world.container()));
    let pair = versus(ROUNDS_OF_A_CLIENT, || Ok(()), onboard, inspect)?;
    table.add(Row::of("no-op `onboard`", "`docker inspect`", &pair, Limit::AtMost(0.5)));

    let Some(compose) = world.compose()? else { return Ok(()) };
    let pair = versus(ROUNDS_OF_COMPOSE, || Ok(()), onboard, || world::run(&mut compose.up()))?;
    table.add(Row::of("no-op `onboard`", "no-op `docker-compose up -d`", &pair, Limit::AtMost(1.0 / 30.0)));
    Ok(())
}

/// A gateway that was stopped, until its URL answers.
fn recovery(world: &World, table: &mut Table) -> io::Result<()> {
    let stopped = || world::run(world::docker(&["stop"]).arg(world.container()));
    let onboard = || world::run(&mut world.onboard());
    let start = || {
        world::run(world::docker(&["start"]).arg(world.container()))?;
        world.await_ready()
    };
    let pair = versus(ROUNDS_OF_A_START, stopped, onboard, start)?;
    table.add(Row::of("`onboard` of a stopped gateway", "`docker start`, then polling", &pair, Limit::AtMost(1.1)));
    Ok(())
}

/// Nothing but the image, until the gateway's URL answers.
fn from_nothing(world: &World, table: &mut Table) -> io::Result<()> {
    let onboard = || world::run(&mut world.onboard_as_specified());
    let run = || {
        world::run(&mut world.docker_run(None))?;
        world.await_ready()
    };
    let pair = versus(ROUNDS_OF_A_START, || world.forget(), onboard, run)?;
    table.add(Row::of("`onboard` from nothing", "`docker run`, then polling", &pair, Limit::AtMost(1.15)));

    // The preset's gateway has a network of its own, which `docker run` alone does not make.
    let with_network = || {
        world::run(world::docker(&["network", "create"]).arg(world.container()))?;
        world::run(&mut world.docker_run(Some(world.container())))?;
        world.await_ready()
    };
    let pair = versus(ROUNDS_OF_A_START, || world.forget(), onboard, with_network)?;
    let beside = "`docker network create`, `docker run` on it, then polling";
    table.add(Row::of("`onboard` from nothing", beside, &pair, Limit::None));
    Ok(())
}

/// The largest of some peaks.
fn peak_mib(world: &World) -> io::Result<f64> {
    let mut most = 0.0_f64;
    for _ in 0..ROUNDS_OF_MEMORY {
        most = most.max(peak::of(&world.onboard(), &world.file("peak"))? as f64 / MIB);
    }
    Ok(most)
}
