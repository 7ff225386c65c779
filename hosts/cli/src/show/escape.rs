//! User text in a terminal: nothing in it may move the cursor, colour a line or turn its direction.

use std::fmt::Write;

/// The text with control, direction and invisible characters as escapes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            unsafe_ if is_unsafe(unsafe_) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(unsafe_));
            }
            safe => out.push(safe),
        }
    }
    out
}

/// As [`escaped`], at most `limit` characters.
pub fn clipped(text: &str, limit: usize) -> String {
    let escaped = escaped(text);
    if escaped.chars().count() <= limit {
        return escaped;
    }
    escaped.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// Whether a character may not reach a terminal as it is.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_unseen() {
        let table = [
            ("plain ünïcode 日本", "plain ünïcode 日本"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{9b}31m\u{7f}\0", "\\u{9b}31m\\u{7f}\\u{0}"),
            ("\u{200b}\u{feff}\u{e0041}", "\\u{200b}\\u{feff}\\u{e0041}"),
        ];
        for (text, expected) in table {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn long_text_is_clipped() {
        assert_eq!(clipped("abcdef", 4), "abc…");
        assert_eq!(clipped("abcd", 4), "abcd");
    }
}
