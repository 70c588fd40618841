//! A simulated Docker host that breaks on purpose, and the oracle that judges onboarding on it.
//!
//! A [`world::World`] is a plain value that does what Docker does. A [`host::SimHost`] carries the engine's commands out
//! on it, call by call, and breaks by [`fault::Rule`]s. What happened is judged by the world's own history, never by what
//! the engine believes.

pub mod act;
pub mod base;
pub mod check;
pub mod demo;
pub mod draw;
pub mod explore;
pub mod fault;
pub mod graph;
pub mod host;
pub mod judge;
pub mod oracle;
pub mod proxy;
pub mod replay;
pub mod run;
pub mod scenario;
pub mod seam;
pub mod shipped;
pub mod shrink;
pub mod world;
