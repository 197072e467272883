//! From Rust's names to protobuf's.

/// `put_many` as `PutMany`.
pub(crate) fn camel(name: &str) -> String {
    let words = unraw(name).split('_');
    words
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(letters)
                .collect::<String>()
        })
        .collect()
}

/// `KeyValue` as `key_value`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in unraw(name).chars() {
        if letter.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `r#type` as `type`.
pub(crate) fn unraw(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The package of what a crate defines, unless it says otherwise: the crate's name.
pub(crate) fn package() -> String {
    let name = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "interface".to_owned());
    let name = name.replace('-', "_");
    match name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        true => name,
        false => format!("p{name}"),
    }
}
