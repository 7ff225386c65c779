//! The token of one run: whoever has it was told by the terminal in which the server runs.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

/// Bytes of chance.
const LENGTH: usize = 32;

/// A token, as 64 hexadecimal digits. It has no `Debug`, so that no message holds it.
pub struct Token(String);

impl Token {
    /// A new one from the randomness of the system; the error is a sentence.
    pub fn new() -> Result<Self, String> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no randomness for a token: {error}"))?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Its digits.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether the request has it: `Authorization: Bearer …`, once. How long this takes tells nothing about the token.
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (given.next(), given.next()) else { return false };
        let shown = value.as_bytes().strip_prefix(b"Bearer ").unwrap_or_default();
        shown.ct_eq(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_opens() {
        let (token, other) = (Token::new().expect("chance"), Token::new().expect("chance"));
        assert_eq!(token.text().len(), 64);
        assert_ne!(token.text(), other.text());
        let with = |values: &[String]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().expect("a value"));
            }
            token.is_in(&headers)
        };
        let good = format!("Bearer {}", token.text());
        assert!(with(std::slice::from_ref(&good)));
        for wrong in [
            String::new(),
            "Bearer ".into(),
            token.text().into(),
            good.to_uppercase(),
            good[..good.len() - 1].into(),
            format!("{good}0"),
            format!("Bearer {}", other.text()),
            format!("Basic {}", token.text()),
        ] {
            assert!(!with(std::slice::from_ref(&wrong)), "{wrong}");
        }
        assert!(!with(&[]) && !with(&[good.clone(), good]));
    }
}
