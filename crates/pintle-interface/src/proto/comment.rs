//! Doc comments of Rust as comments of a `.proto` file.

/// Writes `doc` above what follows, each line behind `indent`.
pub(super) fn write(out: &mut String, indent: &str, doc: &[&str]) {
    for line in doc.iter().flat_map(|entry| entry.split('\n')) {
        out.push_str(indent);
        out.push_str(format!("// {}", clean(line)).trim_end());
        out.push('\n');
    }
}

/// One line that ends where it ends: for some compilers a control character ends a comment, and
/// for generators that write block comments its two closing characters do.
fn clean(line: &str) -> String {
    // `/// Text` reaches a macro as " Text"; what is indented beyond that was meant to be.
    let line = line.strip_prefix(' ').unwrap_or(line);
    line.replace(|c: char| c.is_control(), " ")
        .replace("*/", "* /")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(doc: &[&str], expected: &str) {
        let mut out = String::new();
        write(&mut out, "  ", doc);
        assert_eq!(out, expected);
    }

    #[test]
    fn a_doc_comment_is_a_comment_line_by_line() {
        check(&[], "");
        check(&[" Puts a value."], "  // Puts a value.\n");
        check(&["Puts a value."], "  // Puts a value.\n");
        check(
            &[" One", "", "   indented"],
            "  // One\n  //\n  //   indented\n",
        );
    }

    #[test]
    fn no_text_ends_its_comment() {
        check(&["a\nmessage Evil {}"], "  // a\n  // message Evil {}\n");
        check(&["a\r\nb\rc\0d\x0be"], "  // a\n  // b c d e\n");
        check(&["a */ b"], "  // a * / b\n");
    }
}
