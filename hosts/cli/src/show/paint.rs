//! Colours: what each means. They are written always; the stream behind them drops what nobody sees.

use anstyle::{AnsiColor, Style};
use std::fmt::Display;

/// Something new.
pub const ADDED: Style = AnsiColor::Green.on_default();
/// Something else than before.
pub const CHANGED: Style = AnsiColor::Yellow.on_default();
/// Something that goes.
pub const REMOVED: Style = AnsiColor::Red.on_default();
/// Something nobody may overlook.
pub const ALARM: Style = AnsiColor::BrightRed.on_default().bold();
/// Something to wait for.
pub const WAITING: Style = AnsiColor::Cyan.on_default();
/// Something that matters less.
pub const FAINT: Style = Style::new().dimmed();
/// Something that matters more.
pub const STRONG: Style = Style::new().bold();

/// Text in a style.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
