//! The wire formats of the three model protocols and of the envelope: typed where the gate reads them, spliced
//! where it edits them, rendered where it answers in its own name.
//!
//! This crate is pure: bytes in, bytes out. Only it knows how each protocol counts tokens or words an error.

mod endpoint;
mod envelope;
mod error;
mod headers;
mod models;
mod probe;
mod protocol;
mod refusal;
mod rename;
mod shaping;
mod splice;
mod usage;

pub use endpoint::*;
pub use envelope::*;
pub use error::*;
pub use headers::*;
pub use models::*;
pub use probe::*;
pub use protocol::*;
pub use refusal::*;
pub use rename::*;
pub use shaping::*;
pub use splice::*;
pub use usage::*;
