//! How one definition is named where another uses it.

use std::collections::HashSet;

use crate::schema::{Name, Schema};

/// Everything that a name could be taken for.
pub(super) struct Names {
    /// Packages, each part of them a package too, and definitions, by full name.
    known: HashSet<String>,
}

impl Names {
    pub(super) fn new(schema: &Schema) -> Self {
        let mut known = HashSet::new();
        let packages = schema.definitions().map(|(name, _)| name.package);
        for package in packages.chain(["google.protobuf"]) {
            let ends = package.match_indices('.').map(|(end, _)| end);
            known.extend(ends.map(|end| package[..end].to_owned()));
            known.insert(package.to_owned());
        }
        known.extend(schema.definitions().map(|(name, _)| full(name)));
        Self { known }
    }

    /// How `name` is written in `scope`.
    pub(super) fn refer(&self, name: &Name, scope: &Scope<'_>) -> String {
        if name.package != scope.package {
            return self.refer_full(&full(name), scope);
        }
        if is_word(&name.name) || scope.entries.contains(&name.name) {
            return format!(".{}", full(name));
        }
        name.name.clone()
    }

    /// How the full name `name`, of another package, is written in `scope`.
    ///
    /// A compiler looks for its first part from the inside out, and does not look on when what it
    /// found there lacks the rest. A leading dot makes it begin at the outside.
    pub(super) fn refer_full(&self, name: &str, scope: &Scope<'_>) -> String {
        let first = name.split('.').next().unwrap_or(name);
        let hidden = is_word(first)
            || scope.entries.iter().any(|entry| entry == first)
            || within(scope.package).any(|outer| self.known.contains(&format!("{outer}.{first}")));
        match hidden {
            true => format!(".{name}"),
            false => name.to_owned(),
        }
    }
}

/// Where a name is used.
pub(super) struct Scope<'a> {
    /// The package.
    pub(super) package: &'a str,
    /// The messages that the maps of the surrounding message stand for, which hide others.
    pub(super) entries: Vec<String>,
}

impl<'a> Scope<'a> {
    /// Outside of every message.
    pub(super) fn package(package: &'a str) -> Self {
        Self {
            package,
            entries: Vec::new(),
        }
    }
}

/// The full name, without a leading dot.
pub(super) fn full(name: &Name) -> String {
    match name.package {
        "" => name.name.clone(),
        package => format!("{package}.{}", name.name),
    }
}

/// The message that protobuf makes of a map field: `PortByNameEntry` for `port_by_name`.
pub(super) fn entry(field: &str) -> String {
    let mut entry = String::new();
    let mut upper = true;
    for c in field.chars() {
        match (c, upper) {
            ('_', _) => upper = true,
            (c, true) => {
                entry.push(c.to_ascii_uppercase());
                upper = false;
            }
            (c, false) => entry.push(c),
        }
    }
    entry + "Entry"
}

/// What the values of an enum begin with: `LOCK_STATE` for `LockState`.
pub(crate) fn screaming(name: &str) -> String {
    let mut out = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_lower {
            out.push('_');
        }
        after_lower = !c.is_ascii_uppercase();
        out.push(c.to_ascii_uppercase());
    }
    out
}

/// The package, and every package that it is in.
fn within(package: &str) -> impl Iterator<Item = &str> {
    let ends = package.match_indices('.').map(|(end, _)| &package[..end]);
    ends.chain([package]).filter(|outer| !outer.is_empty())
}

/// Whether a field or a method that began with this would be read as something else.
fn is_word(name: &str) -> bool {
    WORDS.contains(&name)
}

const WORDS: [&str; 31] = [
    "bool",
    "bytes",
    "double",
    "enum",
    "export",
    "extend",
    "extensions",
    "fixed32",
    "fixed64",
    "float",
    "group",
    "int32",
    "int64",
    "local",
    "map",
    "message",
    "oneof",
    "option",
    "optional",
    "repeated",
    "required",
    "reserved",
    "rpc",
    "sfixed32",
    "sfixed64",
    "sint32",
    "sint64",
    "stream",
    "string",
    "uint32",
    "uint64",
];
