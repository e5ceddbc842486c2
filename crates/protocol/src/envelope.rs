//! The envelope of the `/api/v1` endpoints: `{"success", "code", "message", "data"}`.
//!
//! Its failures are written by [`render_body`](crate::render_body) with [`Dialect::Envelope`](crate::Dialect).

const HEAD: &[u8] = br#"{"success":true,"code":"200","message":"successful","data":"#;

/// Puts `data`, which is JSON, into the envelope of a success, byte for byte.
#[must_use]
pub fn wrap(data: &[u8]) -> Vec<u8> {
    [HEAD, data, b"}"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_kept_byte_for_byte() {
        let wrapped = wrap(br#"{ "id" : 1.0e2 }"#);
        assert_eq!(
            String::from_utf8(wrapped).unwrap(),
            r#"{"success":true,"code":"200","message":"successful","data":{ "id" : 1.0e2 }}"#
        );
    }
}
