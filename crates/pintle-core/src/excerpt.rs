//! Text from a peer, made fit for an error message.

/// At most this many characters of a peer's text are shown.
pub(crate) const LIMIT_CHARS: usize = 200;

/// The beginning of `text`, with everything escaped that could move a
/// terminal's cursor or hide among other characters.
///
/// Quotes and backslashes stay as they are: the result is for people, nobody parses it.
pub(crate) fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for (at, c) in text.char_indices() {
        let start = shown.len();
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
        length += shown[start..].chars().count();
        if length > LIMIT_CHARS {
            shown.truncate(start);
            shown.push_str(&format!("… ({} bytes more)", text.len() - at));
            break;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(excerpt(text), expected);
    }

    #[test]
    fn printable_text_is_shown_as_it_is() {
        check("", "");
        check(r#"a "b" c:\d — ü"#, r#"a "b" c:\d — ü"#);
    }

    #[test]
    fn nothing_in_it_can_drive_a_terminal() {
        check("\x1b[2J\r\n\0", r"\u{1b}[2J\r\n\0");
        check("a\u{202e}b", r"a\u{202e}b");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        check(&"a".repeat(200), &"a".repeat(200));
        check(
            &"a".repeat(1_000),
            &format!("{}… (800 bytes more)", "a".repeat(200)),
        );
        check(
            &"\n".repeat(101),
            &format!("{}… (1 bytes more)", r"\n".repeat(100)),
        );
    }
}
