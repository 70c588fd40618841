//! What the next container keeps of the old one's own configuration. Inspect's is merged with the image's; copied whole
//! it would pin the old image's defaults, so whatever equals the old image's is left to the next image. How Docker merges
//! the two: moby `daemon/commit.go`, `merge`.

use engine::NextContainer;
use serde_json::{Value, json};

use super::json::{Object, Part};
use crate::docker::acts::entry_point_and_arguments;
use crate::docker::look::field::Unreadable;

/// The old container's `Config`, less what it has from its image, with what is asked of the next on top. Ports and the
/// host name, which depend on the host configuration, are the caller's.
///
/// `Volumes` is left out: each of them is mounted by its name.
pub fn config(old: &Part<'_>, image: Option<&Part<'_>>, next: &NextContainer) -> Result<Object, Unreadable> {
    let mut config = old.fields().clone();
    config.remove("Volumes");
    for field in ["User", "WorkingDir"] {
        old.text(field)?;
        leave_to_image(&mut config, image, field);
    }
    for field in ["Healthcheck", "StopSignal"] {
        leave_to_image(&mut config, image, field);
    }
    set_command(&mut config, old, image, next)?;
    config.insert("Env".to_owned(), json!(env(old, image, next)?));
    config.insert("Labels".to_owned(), Value::Object(labels(old, image, next)?));
    config.insert("ExposedPorts".to_owned(), Value::Object(exposed_ports(old, image)?));
    config.insert("Image".to_owned(), json!(next.image.as_str()));
    Ok(config)
}

/// Takes out a field that is as the image has it.
fn leave_to_image(config: &mut Object, image: Option<&Part<'_>>, field: &str) {
    if image.and_then(|image| image.fields().get(field)).is_some_and(|own| config.get(field) == Some(own)) {
        config.remove(field);
    }
}

/// Docker takes the image's arguments only where the container has neither an entry point nor arguments of its own.
fn set_command(
    config: &mut Object,
    old: &Part<'_>,
    image: Option<&Part<'_>>,
    next: &NextContainer,
) -> Result<(), Unreadable> {
    let (entry_point, arguments) = match &next.command {
        Some(command) => entry_point_and_arguments(command, next.keeps_entry_point),
        None => own_command(old, image)?,
    };
    for (field, value) in [("Entrypoint", entry_point), ("Cmd", arguments)] {
        match value {
            Some(value) => config.insert(field.to_owned(), json!(value)),
            None => config.remove(field),
        };
    }
    // Windows' note on how the image's own arguments are quoted.
    config.remove("ArgsEscaped");
    Ok(())
}

/// Words of a command line; none where that is the image's.
type Words = Option<Vec<String>>;

/// Entry point and arguments that the old container did not have from its image.
fn own_command(old: &Part<'_>, image: Option<&Part<'_>>) -> Result<(Words, Words), Unreadable> {
    let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (entry_point, arguments) = (texts(old.texts_or_null("Entrypoint")?), texts(old.texts_or_null("Cmd")?));
    let of_image = |field| image.map_or_else(|| Ok(Vec::new()), |image| image.texts_if_any(field).map(texts));
    let (of_image, arguments_of_image) = (of_image("Entrypoint")?, of_image("Cmd")?);
    if entry_point != of_image {
        // One that was taken away is asked for as an empty one (`docker run --entrypoint ""`).
        let own = if entry_point.is_empty() { vec![String::new()] } else { entry_point };
        return Ok((Some(own), Some(arguments)));
    }
    if arguments == arguments_of_image {
        return Ok((None, None));
    }
    if arguments.is_empty() {
        // Only with an entry point of its own does a container go without its image's arguments.
        return Ok((Some(entry_point).filter(|own| !own.is_empty()), Some(arguments)));
    }
    Ok((None, Some(arguments)))
}

/// Entries that the image does not have just so, then the next container's, each in the place of one of the same name.
fn env(old: &Part<'_>, image: Option<&Part<'_>>, next: &NextContainer) -> Result<Vec<String>, Unreadable> {
    let of_image = image.map_or_else(|| Ok(Vec::new()), |image| image.texts_if_any("Env"))?;
    let kept = |entry: &&str| !of_image.contains(entry) && !next.env.0.contains_key(name_of(entry));
    let own = old.texts_or_null("Env")?.into_iter().filter(kept).map(str::to_owned);
    Ok(own.chain(next.env.0.iter().map(|(name, value)| format!("{name}={value}"))).collect())
}

fn name_of(entry: &str) -> &str {
    entry.split_once('=').map_or(entry, |(name, _)| name)
}

fn labels(old: &Part<'_>, image: Option<&Part<'_>>, next: &NextContainer) -> Result<Object, Unreadable> {
    let mut labels = without(old.part_or_null("Labels")?, of_image(image, "Labels")?);
    labels.extend(next.labels.iter().map(|(name, value)| (name.clone(), json!(value))));
    Ok(labels)
}

fn exposed_ports(old: &Part<'_>, image: Option<&Part<'_>>) -> Result<Object, Unreadable> {
    Ok(without(old.part_if_any("ExposedPorts")?, of_image(image, "ExposedPorts")?))
}

fn of_image<'a>(image: Option<&Part<'a>>, field: &str) -> Result<Option<Part<'a>>, Unreadable> {
    image.map_or(Ok(None), |image| image.part_if_any(field))
}

/// Those entries that are not just so in the other.
fn without(own: Option<Part<'_>>, other: Option<Part<'_>>) -> Object {
    let Some(own) = own else { return Object::new() };
    let is_others = |name: &str, value: &Value| other.as_ref().and_then(|it| it.fields().get(name)) == Some(value);
    own.fields()
        .iter()
        .filter(|(name, value)| !is_others(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
