//! The containers around the serving container: one file each, with the text that configures it beside it.

use alloc::string::String;

pub mod fluent_bit;
pub mod gor;
pub mod init;
pub mod nginx;

/// A template with its `@PLACEHOLDERS@` filled in; `@` stands for nothing else. Only constants, numbers and validated names and paths come
/// here: nothing that means something in a configuration's grammar.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (place, part) in template.split('@').enumerate() {
        let value = values.iter().find(|(placeholder, _)| *placeholder == part).filter(|_| place & 1 == 1);
        text.push_str(value.map_or(part, |(_, value)| value));
    }
    text
}
