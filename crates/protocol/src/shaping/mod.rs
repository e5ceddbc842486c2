//! Changes that an operator wants made to request bodies: members set, removed or held within bounds, and words put in
//! front of the system prompt.
//!
//! Every change is a splice: what it does not name stays as it came, byte for byte. Bodies have been validated before;
//! of one that is not JSON nothing is changed.

mod edit;
mod path;
mod scan;
mod system;

pub use edit::{Change, MAX_PLACES, Outcome, change_body};
pub use path::{BodyPath, PathError, Step};
pub use system::put_before_system;
