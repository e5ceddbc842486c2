//! Tests of the request codec.

mod round_trip;
