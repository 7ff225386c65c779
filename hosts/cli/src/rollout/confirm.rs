//! The question before the first request.

use crate::console::Console;
use crate::stop::Stop;

/// Whether the user says `yes`, and nothing else, as with Terraform.
pub fn yes(console: &mut Console<'_>) -> Result<bool, Stop> {
    console.say("\nDo this? Only `yes` goes on: ")?;
    let mut line = Vec::new();
    let mut byte = [0u8];
    // Byte by byte: what follows the line is not ours to read.
    while line.len() < 16 && console.stdin.read(&mut byte).is_ok_and(|count| count == 1) && byte != *b"\n" {
        line.extend(byte);
    }
    Ok(line.trim_ascii() == b"yes")
}
