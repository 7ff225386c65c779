//! JSON text → a node, strictly: one value, no equal names, numbers as they are written.

use super::node::{Content, Mark, Member, Node};
use super::{DEPTH, Mistake};
use std::collections::BTreeSet;

/// The one value of a text.
pub fn document(text: &str) -> Result<Node, Mistake> {
    let mut reader = Reader { rest: text, line: 1, column: 1 };
    reader.skip_space();
    let node = reader.value(0)?;
    reader.skip_space();
    if reader.rest.is_empty() { Ok(node) } else { Err(reader.mistake("something follows the JSON value")) }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Mistake> {
        if depth >= DEPTH {
            return Err(self.mistake(&format!("nested deeper than {DEPTH} levels")));
        }
        let mut at = self.here();
        let content = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Content::Text(self.text()?),
            Some('-' | '0'..='9') => Content::Number(self.number()?),
            _ => self.word()?,
        };
        if !matches!(content, Content::Map(_) | Content::List(_)) {
            at.width = self.column - at.column;
        }
        Ok(Node::new(at, content))
    }

    fn object(&mut self, depth: usize) -> Result<Content, Mistake> {
        let mut members: Vec<Member> = Vec::new();
        let mut names = BTreeSet::new();
        self.parts('}', |reader| {
            let mut at = reader.here();
            let name = reader.text()?;
            at.width = reader.column - at.column;
            if !names.insert(name.clone()) {
                return Err(Mistake::new(at, format!("the member `{name}` is given twice")));
            }
            reader.skip_space();
            reader.expect(':')?;
            reader.skip_space();
            members.push(Member { at, name, value: reader.value(depth + 1)? });
            Ok(())
        })?;
        Ok(Content::Map(members))
    }

    fn list(&mut self, depth: usize) -> Result<Content, Mistake> {
        let mut items = Vec::new();
        self.parts(']', |reader| {
            items.push(reader.value(depth + 1)?);
            Ok(())
        })?;
        Ok(Content::List(items))
    }

    /// Parts between brackets, separated by commas.
    fn parts(&mut self, end: char, mut part: impl FnMut(&mut Self) -> Result<(), Mistake>) -> Result<(), Mistake> {
        self.advance();
        self.skip_space();
        if self.peek() == Some(end) {
            self.advance();
            return Ok(());
        }
        loop {
            part(self)?;
            self.skip_space();
            match self.peek() {
                Some(',') => self.advance(),
                Some(found) if found == end => {
                    self.advance();
                    return Ok(());
                }
                _ => return Err(self.mistake(&format!("expected `,` or `{end}`"))),
            }
            self.skip_space();
        }
    }

    /// The text between quotes; serde_json knows the escapes.
    fn text(&mut self) -> Result<String, Mistake> {
        if self.peek() != Some('"') {
            return Err(self.mistake("expected a name or text in double quotes"));
        }
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, character)| {
            let ends = *character == '"' && !escaped;
            escaped = *character == '\\' && !escaped;
            ends
        });
        let Some(literal) = end.and_then(|(end, _)| self.rest.get(..=end)) else {
            return Err(self.mistake("this text has no closing quote"));
        };
        let text = serde_json::from_str(literal).map_err(|_| self.mistake("this is not a JSON string"))?;
        self.skip(literal.len());
        Ok(text)
    }

    fn number(&mut self) -> Result<String, Mistake> {
        let in_number = |character: char| character.is_ascii_alphanumeric() || matches!(character, '+' | '-' | '.');
        let end = self.rest.find(|character| !in_number(character)).unwrap_or(self.rest.len());
        let literal = self.rest.get(..end).unwrap_or("");
        if !is_number(literal) {
            return Err(self.mistake("this is not a JSON number"));
        }
        let number = literal.to_owned();
        self.skip(end);
        Ok(number)
    }

    fn word(&mut self) -> Result<Content, Mistake> {
        let words = [("null", Content::Null), ("true", Content::Bool(true)), ("false", Content::Bool(false))];
        for (word, content) in words {
            if self.rest.starts_with(word) {
                self.skip(word.len());
                return Ok(content);
            }
        }
        Err(self.mistake("expected a JSON value"))
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn expect(&mut self, expected: char) -> Result<(), Mistake> {
        if self.peek() != Some(expected) {
            return Err(self.mistake(&format!("expected `{expected}`")));
        }
        self.advance();
        Ok(())
    }

    fn advance(&mut self) {
        let mut characters = self.rest.chars();
        match characters.next() {
            Some('\n') => (self.line, self.column) = (self.line + 1, 1),
            Some(_) => self.column += 1,
            None => {}
        }
        self.rest = characters.as_str();
    }

    /// Skips so many bytes of one line.
    fn skip(&mut self, bytes: usize) {
        let (skipped, rest) = self.rest.split_at(bytes);
        self.column += skipped.chars().count();
        self.rest = rest;
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.advance();
        }
    }

    fn here(&self) -> Mark {
        Mark { line: self.line, column: self.column, width: 1 }
    }

    fn mistake(&self, message: &str) -> Mistake {
        Mistake::new(self.here(), message)
    }
}

/// The grammar of RFC 8259.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_json_is_read() {
        for text in ["{}", "[]", "null", "\"a\\u00e9\"", " [1, -2.5e-3, \"x\"] \n", "{\"a\":{\"a\":1}}", "-0"] {
            assert!(document(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let deep = "[".repeat(100_000);
        let table = [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"\\u0061\":2}",
            "{} {}",
            "NaN",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "'a'",
            "\"a",
            "\"\\ud800\"",
            "\"\u{1}\"",
            "{a:1}",
            "// x\n1",
            "\u{feff}1",
            "tru",
            "nulls",
            deep.as_str(),
        ];
        for text in table {
            assert!(document(text).is_err(), "{}", text.chars().take(40).collect::<String>());
        }
    }

    #[test]
    fn places_are_kept() {
        let node = document("{\n  \"a\": [1,\n    \"xyz\"]\n}").unwrap();
        let (_, mark) = node.locate("/a/1");
        assert_eq!(mark, Mark { line: 3, column: 5, width: 5 });
    }
}
