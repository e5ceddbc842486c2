//! Carriers: opaque text that takes one provider's reasoning through another protocol's client and back.

/// What seals and opens carriers.
#[derive(Clone)]
pub struct CarrierKey(());
