//! Tests of the request codec.

mod bad_bodies;
mod both_ways;
mod from_others;
mod properties;
mod read_into;
mod round_trip;
