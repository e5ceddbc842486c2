//! Keys from `TOLLGATE_*` environment variables: two underscores where a path has a dot.

use super::layers::Layers;
use super::problem::Place;
use super::value::Raw;

/// What the variables' names start with.
pub(crate) const PREFIX: &str = "TOLLGATE_";

/// Names with the prefix that are not keys: the file's own name, and what `demo.env` holds for clients.
const OTHER: &[&str] = &["CONFIG", "BASE_URL", "KEY_ANTHROPIC", "KEY_OPENAI"];

/// Sets the keys that `variables` name.
pub(crate) fn read(variables: impl Iterator<Item = (String, String)>, layers: &mut Layers) {
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        if OTHER.contains(&rest) || is_service_link(rest) {
            continue;
        }
        let path = rest.to_lowercase().replace("__", ".");
        layers.set(&path, Raw::Word(value), Place::Environment(name));
    }
}

/// What Kubernetes puts into every container beside a service that is called `tollgate`.
fn is_service_link(rest: &str) -> bool {
    rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")
}
