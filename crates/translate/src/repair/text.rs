//! Text that says nothing, which Messages refuses.

use crate::ir::{PartOfTurn, Turn, TurnPart};

/// Takes out texts without anything but whitespace, in turns and in results.
pub(crate) fn drop_blank(turns: &mut [Turn<'_>]) {
    for turn in turns {
        turn.parts.retain(|part| !is_blank(part));
        for part in &mut turn.parts {
            if let PartOfTurn::ToolResult(result) = &mut part.body {
                result.content.retain(|part| !is_blank(part));
            }
        }
    }
}

fn is_blank(part: &TurnPart<'_>) -> bool {
    matches!(&part.body, PartOfTurn::Text { text, .. } if text.is_blank())
}
