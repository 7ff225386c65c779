//! The containers around the serving container: one file each, with the text that configures it beside it.

use alloc::string::String;

pub mod fluent_bit;
pub mod gor;
pub mod init;
pub mod nginx;

/// A template with its placeholders filled in. Only constants, numbers and validated names and paths come here: nothing that
/// means something in a configuration's grammar.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.into(), |text: String, (placeholder, value)| text.replace(placeholder, value))
}
