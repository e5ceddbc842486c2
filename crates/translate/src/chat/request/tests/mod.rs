//! Chat requests: read, written, and read and written again.

mod bad_bodies;
mod from_others;
mod made;
mod properties;
mod read_into;
mod round_trip;
mod settings_from_others;
mod tools_from_others;
