//! Writing values as frames of an event stream.

use crate::error::TranslateError;
use serde::Serialize;

/// Writes frames through one buffer that is used again and again.
#[derive(Debug, Default)]
pub(crate) struct FrameWriter {
    json: Vec<u8>,
}

impl FrameWriter {
    /// The data of the frame that was written last.
    pub(crate) fn last(&self) -> &[u8] {
        &self.json
    }

    /// Appends one frame whose data is `value`; appends nothing if it cannot be written.
    pub(crate) fn write<T: Serialize>(
        &mut self,
        event: Option<&str>,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, value).map_err(TranslateError::Encode)?;
        tollgate_sse::write_event(out, event, &self.json);
        Ok(())
    }
}
