//! The text of one `.proto` file.

use std::collections::BTreeMap;
use std::fmt;

use super::comment;
use super::imports::imports;
use super::names::{Names, Scope, entry, full, screaming};
use crate::schema::{
    Carried, Definition, Enumeration, Field, Message, Method, Name, Scalar, Schema, Service, Shape,
    Type,
};

/// Writes everything of `package`.
pub(super) fn write(schema: &Schema, names: &Names, package: &str) -> String {
    let mut text = Text {
        names,
        package,
        left: schema
            .definitions()
            .filter(|(name, _)| name.package == package)
            .collect(),
        out: String::new(),
    };
    text.head();
    let services = text.left.clone().into_iter();
    for (name, definition) in services {
        if let Definition::Service(service) = definition {
            text.service(name, service);
            for method in &service.methods {
                text.definition(&method.request);
                text.definition(&method.response);
            }
        }
    }
    while let Some((name, _)) = text.left.first_key_value() {
        let name = *name;
        text.definition(name);
    }
    text.out
}

struct Text<'a> {
    names: &'a Names,
    package: &'a str,
    /// What is yet to be written: services bring their messages with them.
    left: BTreeMap<&'a Name, &'a Definition>,
    out: String,
}

impl Text<'_> {
    fn head(&mut self) {
        self.out.push_str(HEADER);
        let package = self.package;
        if !package.is_empty() {
            self.put(format_args!("\npackage {package};\n"));
        }
        let imports = imports(package, self.left.values().copied());
        if !imports.is_empty() {
            self.out.push('\n');
        }
        for import in imports {
            self.put(format_args!("import \"{import}\";\n"));
        }
    }

    /// Writes the message or the enum of that name, if it is of this package and not there yet.
    fn definition(&mut self, name: &Name) {
        match self.left.remove_entry(name) {
            Some((name, Definition::Message(message))) => self.message(name, message),
            Some((name, Definition::Enumeration(of))) => self.enumeration(name, of),
            Some((_, Definition::Service(_) | Definition::Pending)) | None => {}
        }
    }

    fn service(&mut self, name: &Name, service: &Service) {
        self.begin("service", name, service.doc);
        for (index, method) in service.methods.iter().enumerate() {
            if index > 0 {
                self.out.push('\n');
            }
            self.method(method);
        }
        self.out.push_str("}\n");
    }

    fn method(&mut self, method: &Method) {
        comment::write(&mut self.out, "  ", method.doc);
        if let Some(error) = &method.error {
            let error = self.spoken(error);
            let line = format!("Fails with a status whose details hold {}.", one(&error));
            comment::write(&mut self.out, "  ", &[&line]);
        }
        let scope = Scope::package(self.package);
        let request = self.names.refer(&method.request, &scope);
        let response = self.names.refer(&method.response, &scope);
        self.put(format_args!(
            "  rpc {}({request}) returns ({response})",
            method.name
        ));
        self.out.push_str(match method.idempotent {
            true => " {\n    option idempotency_level = IDEMPOTENT;\n  }\n",
            false => ";\n",
        });
    }

    fn message(&mut self, name: &Name, message: &Message) {
        self.begin("message", name, message.doc);
        let maps = message
            .fields
            .iter()
            .filter(|field| matches!(field.shape, Shape::Map(..)));
        let scope = Scope {
            package: self.package,
            entries: maps.map(|field| entry(field.name)).collect(),
        };
        // Protobuf has no oneof without a field; an enum without a variant has no value to say.
        let one_of = message.one_of && !message.fields.is_empty();
        if one_of {
            self.put(format_args!("  oneof {} {{\n", one_of_name(message)));
        }
        for field in &message.fields {
            self.field(field, &scope, one_of);
        }
        if one_of {
            self.out.push_str("  }\n");
        }
        self.out.push_str("}\n");
    }

    fn field(&mut self, field: &Field, scope: &Scope<'_>, one_of: bool) {
        // In a oneof, what is not there can be told from a zero without a word.
        let (indent, optional) = if one_of {
            ("    ", "")
        } else {
            ("  ", "optional ")
        };
        comment::write(&mut self.out, indent, field.doc);
        if let Shape::Id(carried) | Shape::OptionalId(carried) = &field.shape {
            let line = format!("Broker id of {}.", self.carried(carried));
            comment::write(&mut self.out, indent, &[&line]);
        }
        let of = |item| self.item(item, scope);
        let shape = match &field.shape {
            Shape::One(item) => of(item),
            Shape::Optional(item) => format!("{optional}{}", of(item)),
            Shape::List(item) => format!("repeated {}", of(item)),
            Shape::Map(key, value) => format!("map<{}, {}>", scalar(*key), of(value)),
            Shape::Id(_) => "uint32".to_owned(),
            Shape::OptionalId(_) => format!("{optional}uint32"),
        };
        self.put(format_args!(
            "{indent}{shape} {} = {};\n",
            field.name, field.tag
        ));
    }

    fn enumeration(&mut self, name: &Name, enumeration: &Enumeration) {
        self.begin("enum", name, enumeration.doc);
        // The first value is what a field that was left out holds, and has to be zero.
        let (zero, others): (Vec<_>, Vec<_>) =
            (enumeration.values.iter()).partition(|value| value.number == 0);
        if zero.is_empty() {
            comment::write(&mut self.out, "  ", &["No value of the Rust enum."]);
            let prefix = screaming(&name.name);
            self.put(format_args!("  {prefix}_UNSPECIFIED = 0;\n"));
        }
        for value in zero.iter().chain(&others) {
            comment::write(&mut self.out, "  ", value.doc);
            self.put(format_args!("  {} = {};\n", value.name, value.number));
        }
        self.out.push_str("}\n");
    }

    fn begin(&mut self, word: &str, name: &Name, doc: &[&str]) {
        self.out.push('\n');
        comment::write(&mut self.out, "", doc);
        self.put(format_args!("{word} {} {{\n", name.name));
    }

    /// What a broker id stands for, to be said in a comment.
    fn carried(&self, carried: &Carried) -> String {
        match carried {
            Carried::Service(name) => {
                let name = self.spoken(name);
                format!("{} service that the receiver calls", one(&name))
            }
            Carried::Reader => "a stream of bytes that the receiver reads".to_owned(),
            Carried::Writer => "a stream of bytes that the receiver writes".to_owned(),
            Carried::Stream(item) => {
                let item = match item {
                    Type::Message(name) | Type::Enumeration(name) => self.spoken(name),
                    item => self.item(item, &Scope::package(self.package)),
                };
                format!("a stream of {item} values that the receiver reads")
            }
        }
    }

    /// A name for a person who reads this file, rather than for a compiler.
    fn spoken(&self, name: &Name) -> String {
        match name.package == self.package {
            true => name.name.clone(),
            false => full(name),
        }
    }

    fn item(&self, item: &Type, scope: &Scope<'_>) -> String {
        match item {
            Type::Scalar(of) => scalar(*of).to_owned(),
            Type::Message(name) | Type::Enumeration(name) => self.names.refer(name, scope),
            Type::Duration => self.names.refer_full("google.protobuf.Duration", scope),
            Type::Timestamp => self.names.refer_full("google.protobuf.Timestamp", scope),
        }
    }

    fn put(&mut self, what: fmt::Arguments<'_>) {
        fmt::write(&mut self.out, what).expect("a string takes whatever is written to it");
    }
}

const HEADER: &str = "\
// Written from a Rust trait: change the trait rather than this file.
syntax = \"proto3\";
";

fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "bool",
        Scalar::Int32 => "int32",
        Scalar::Int64 => "int64",
        Scalar::Uint32 => "uint32",
        Scalar::Uint64 => "uint64",
        Scalar::Float => "float",
        Scalar::Double => "double",
        Scalar::String => "string",
        Scalar::Bytes => "bytes",
    }
}

/// The name of the oneof: one that no field has.
fn one_of_name(message: &Message) -> String {
    let mut name = "is".to_owned();
    while message.fields.iter().any(|field| field.name == name) {
        name.push('_');
    }
    name
}

/// `a Progress`, `an Event`.
fn one(name: &str) -> String {
    let an = name.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']);
    format!("{} {name}", if an { "an" } else { "a" })
}
