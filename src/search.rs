//! Texts searched for one character. The standard library does that with its search for texts, which takes 2 kB of the npm package.

use alloc::string::String;

/// Whether a character occurs.
pub fn has(text: &str, wanted: char) -> bool {
    text.chars().any(|c| c == wanted)
}

/// The text with another in place of each occurrence of a character.
pub fn replaced(text: &str, wanted: char, by: &str) -> String {
    let mut whole = String::new();
    for (place, part) in text.split(wanted).enumerate() {
        if place > 0 {
            whole.push_str(by);
        }
        whole.push_str(part);
    }
    whole
}
