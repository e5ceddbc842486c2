//! Phase 3: may this request be made: the model is allowed, and there is something to pay with.

use tollgate_base::Timestamp;
use tollgate_protocol::ApiError;
use tollgate_routing::{Group, check_model};

use crate::authenticate::Identity;

/// No model has a longer name; what is longer would only swell records and messages.
const MAX_MODEL_BYTES: usize = 256;

/// Checks the model's name and the key's allow-list of models.
pub(crate) fn admit_model(identity: &Identity, model: &str) -> Result<(), ApiError> {
    if model.len() > MAX_MODEL_BYTES {
        return Err(ApiError::invalid_field("model", "longer than 256 bytes"));
    }
    check_model(&identity.key, model).map_err(|kind| ApiError::about(kind, model))
}

/// Checks that there is anything to pay with; how much, the hold decides.
pub(crate) fn admit_payment(identity: &Identity, group: &Group, now: Timestamp) -> Result<(), ApiError> {
    identity.funds.check(group, now).map(drop)
}
