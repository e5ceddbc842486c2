//! Which containers are open, in a fixed place.

/// How deep arrays and objects may be nested in the value of a top-level member.
pub(super) const MAX_DEPTH: usize = 256;

/// The open containers of a value, a bit each: set for an object.
pub(super) struct Stack {
    bits: [u64; MAX_DEPTH / 64],
    len: usize,
}

impl Stack {
    pub(super) fn new() -> Self {
        Self { bits: [0; MAX_DEPTH / 64], len: 0 }
    }

    /// `false` if there is no room.
    pub(super) fn push(&mut self, is_object: bool) -> bool {
        let Some(word) = self.bits.get_mut(self.len / 64) else {
            return false;
        };
        let bit = 1 << (self.len % 64);
        *word = if is_object { *word | bit } else { *word & !bit };
        self.len += 1;
        true
    }

    pub(super) fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
    }

    pub(super) fn top(&self) -> Option<bool> {
        let last = self.len.checked_sub(1)?;
        Some(self.bits[last / 64] >> (last % 64) & 1 == 1)
    }
}
