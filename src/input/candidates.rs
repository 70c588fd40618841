//! Which kinds of gateway could be meant: the one that was typed, else every built-in one, the default first. Absent on
//! purpose: the choice among them, which is the engine's.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use engine::{BUILT_IN, BadPreset, DEFAULT_PRESET, GatewayName, GatewaySpec, Place, Preset};

use crate::args::GatewayArgs;
use crate::bad_input::BadInput;

use super::texts::whole;

/// The preset of `--demo`.
const DEMO_PRESET: &str = "reference";

/// The largest spec file that is read. A preset has some 2 KiB.
const SPEC_FILE_MAX_BYTES: u64 = 1024 * 1024;

/// The kinds that could be meant, resolved for one gateway.
#[derive(Debug)]
pub struct Candidates {
    /// The one that was typed, else the default.
    pub spec: GatewaySpec,
    /// The others; none where one was typed.
    pub alternatives: Vec<GatewaySpec>,
    /// The flag by which it was typed, with its value.
    pub flag: Option<(&'static str, String)>,
}

/// The kinds that these flags leave open.
///
/// # Errors
/// A preset that does not exist, a file that cannot be read, or what either of them says.
pub fn of(args: &GatewayArgs, gateway: &GatewayName, place: &Place) -> Result<Candidates, BadInput> {
    let only = |spec, flag| Candidates { spec, alternatives: Vec::new(), flag };
    if let Some(path) = &args.spec {
        return Ok(only(from_file(path, gateway, place)?, Some(("--spec", path.display().to_string()))));
    }
    if let Some(name) = &args.preset {
        return Ok(only(built_in(name, gateway, place)?, Some(("--preset", name.clone()))));
    }
    if args.demo {
        return Ok(only(built_in(DEMO_PRESET, gateway, place)?, None));
    }
    let others = BUILT_IN.iter().filter(|(name, _)| *name != DEFAULT_PRESET);
    Ok(Candidates {
        spec: built_in(DEFAULT_PRESET, gateway, place)?,
        alternatives: others.map(|(name, _)| built_in(name, gateway, place)).collect::<Result<_, _>>()?,
        flag: None,
    })
}

/// A built-in kind.
///
/// # Errors
/// There is none of that name, or it cannot be made here.
pub fn built_in(name: &str, gateway: &GatewayName, place: &Place) -> Result<GatewaySpec, BadInput> {
    let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = BUILT_IN.iter().map(|(known, _)| format!("`{known}`")).collect();
        let help = format!("built in: {}; others come from a file: --spec FILE", known.join(", "));
        return Err(BadInput::flag("--preset", name, whole(name), "there is no such preset").with_help(help));
    };
    resolved(text, gateway, place).map_err(|bad| {
        BadInput::plain(format!("a gateway of the kind `{name}` cannot be made here: {bad}"))
            .with_help("name Docker's socket on this machine (--host unix:///PATH), or another kind (--preset PRESET)")
    })
}

fn from_file(path: &Path, gateway: &GatewayName, place: &Place) -> Result<GatewaySpec, BadInput> {
    let name = path.display().to_string();
    let unreadable = |why: String| BadInput::flag("--spec", &name, whole(&name), why);
    let mut text = String::new();
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    file.take(SPEC_FILE_MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > SPEC_FILE_MAX_BYTES {
        return Err(unreadable(format!("a spec file has at most {SPEC_FILE_MAX_BYTES} bytes")));
    }
    resolved(&text, gateway, place).map_err(|bad| BadInput::file(&name, &text, bad.at, &bad.problem))
}

fn resolved(text: &str, gateway: &GatewayName, place: &Place) -> Result<GatewaySpec, BadPreset> {
    Preset::parse(text).and_then(|preset| preset.resolve(gateway, place))
}
