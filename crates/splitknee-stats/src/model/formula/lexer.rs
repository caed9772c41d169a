//! Text → tokens with their place.

use std::ops::Range;

use crate::model::error::ModelError;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Number(String, f64),
    /// One of `+ - * / : ^ ~ ( ) ,`.
    Symbol(char),
    Bar,
    DoubleBar,
    End,
}

/// A token and its byte range.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spanned {
    pub token: Token,
    pub span: Range<usize>,
}

/// Splits the text of a formula into tokens; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, ModelError> {
    let fail = |message: &str, span: Range<usize>| ModelError::Formula {
        message: message.to_owned(),
        formula: text.to_owned(),
        span,
    };
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let place = |i: usize| chars.get(i).map_or(text.len(), |c| c.0);
    let char_at = |i: usize| chars.get(i).map(|c| c.1);
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(c) = char_at(i) {
        let start = i;
        let token = if c.is_whitespace() {
            i += 1;
            continue;
        } else if c.is_alphabetic() || c == '_' || (c == '.' && !char_at(i + 1).is_some_and(|d| d.is_ascii_digit())) {
            while char_at(i).is_some_and(|d| d.is_alphanumeric() || d == '_' || d == '.') {
                i += 1;
            }
            Token::Name(text.get(place(start)..place(i)).unwrap_or_default().to_owned())
        } else if c == '`' {
            i += 1;
            while char_at(i).is_some_and(|d| d != '`') {
                i += 1;
            }
            if char_at(i).is_none() {
                return Err(fail("the closing backtick is missing", place(start)..text.len()));
            }
            if i == start + 1 {
                return Err(fail("a name is missing between the backticks", place(start)..place(i + 1)));
            }
            i += 1;
            Token::Name(text.get(place(start + 1)..place(i - 1)).unwrap_or_default().to_owned())
        } else if c.is_ascii_digit() || c == '.' {
            while char_at(i).is_some_and(|d| d.is_ascii_digit() || d == '.') {
                i += 1;
            }
            if char_at(i).is_some_and(|d| d == 'e' || d == 'E') {
                let sign = usize::from(char_at(i + 1).is_some_and(|d| d == '+' || d == '-'));
                if char_at(i + 1 + sign).is_some_and(|d| d.is_ascii_digit()) {
                    i += 1 + sign;
                    while char_at(i).is_some_and(|d| d.is_ascii_digit()) {
                        i += 1;
                    }
                }
            }
            let word = text.get(place(start)..place(i)).unwrap_or_default();
            let value = word.parse().map_err(|_| fail("this is not a number", place(start)..place(i)))?;
            Token::Number(word.to_owned(), value)
        } else {
            i += 1;
            match c {
                '|' if char_at(i) == Some('|') => {
                    i += 1;
                    Token::DoubleBar
                }
                '|' => Token::Bar,
                '+' | '-' | '*' | '/' | ':' | '^' | '~' | '(' | ')' | ',' => Token::Symbol(c),
                _ => return Err(fail(&format!("`{c}` has no meaning in a formula"), place(start)..place(i))),
            }
        };
        out.push(Spanned { token, span: place(start)..place(i) });
    }
    out.push(Spanned { token: Token::End, span: text.len()..text.len() });
    Ok(out)
}
