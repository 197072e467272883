//! What one text says, as far as peers depend on it.

use std::collections::HashMap;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    MethodDescriptorProto, ServiceDescriptorProto,
};

/// One `.proto` file. Names in it are without the package: `Outer.Inner`.
pub(super) struct Contract {
    pub(super) package: String,
    pub(super) services: Vec<Service>,
    pub(super) messages: Vec<Message>,
    pub(super) enums: Vec<Enumeration>,
    items: HashMap<String, Item>,
}

pub(super) struct Service {
    pub(super) name: String,
    pub(super) methods: Vec<Method>,
}

pub(super) struct Method {
    pub(super) name: String,
    pub(super) request: Argument,
    pub(super) response: Argument,
    /// The peer may call it twice.
    pub(super) idempotent: bool,
}

pub(super) struct Argument {
    pub(super) kind: Kind,
    pub(super) stream: bool,
}

pub(super) struct Message {
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
    /// It is there for a map field, which speaks for it.
    pub(super) entry: bool,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) number: i32,
    pub(super) occurs: Occurs,
    pub(super) kind: Kind,
    pub(super) oneof: Option<String>,
}

/// How often, and whether none can be told from zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Occurs {
    Plain,
    Optional,
    Required,
    Repeated,
}

/// What a field holds. Indices are those of the contract.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar(Type),
    Message(usize),
    Group(usize),
    /// A map, with the message of its entries.
    Map(usize),
    Enumeration(usize),
    /// What another file defines, by full name as far as it is given.
    Elsewhere(String),
}

pub(super) struct Enumeration {
    pub(super) name: String,
    pub(super) values: Vec<(String, i32)>,
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Item {
    Message { index: usize, entry: bool },
    Enumeration(usize),
}

impl Contract {
    pub(super) fn new(file: &FileDescriptorProto) -> Self {
        let mut contract = Self {
            package: file.package().to_owned(),
            services: Vec::new(),
            messages: Vec::new(),
            enums: Vec::new(),
            items: HashMap::new(),
        };
        // Every name first, as a field may use one that comes later.
        let mut found = Vec::new();
        for message in &file.message_type {
            contract.name_message("", message, &mut found);
        }
        for enumeration in &file.enum_type {
            contract.enumeration("", enumeration);
        }
        let proto3 = file.syntax() == "proto3";
        let messages = found.into_iter().map(|(name, message)| Message {
            fields: contract.fields(&name, message, proto3),
            entry: is_entry(message),
            name,
        });
        contract.messages = messages.collect();
        let services = file.service.iter();
        contract.services = services.map(|service| contract.service(service)).collect();
        contract
    }

    /// The message of that name.
    pub(super) fn message(&self, name: &str) -> Option<usize> {
        match self.items.get(name) {
            Some(Item::Message { index, .. }) => Some(*index),
            _ => None,
        }
    }

    /// The enum of that name.
    pub(super) fn enumeration_named(&self, name: &str) -> Option<usize> {
        match self.items.get(name) {
            Some(Item::Enumeration(index)) => Some(*index),
            _ => None,
        }
    }

    fn name_message<'a>(
        &mut self,
        outer: &str,
        message: &'a DescriptorProto,
        found: &mut Vec<(String, &'a DescriptorProto)>,
    ) {
        let name = join(outer, message.name());
        let item = Item::Message {
            index: found.len(),
            entry: is_entry(message),
        };
        self.items.insert(name.clone(), item);
        found.push((name.clone(), message));
        for inner in &message.nested_type {
            self.name_message(&name, inner, found);
        }
        for inner in &message.enum_type {
            self.enumeration(&name, inner);
        }
    }

    fn enumeration(&mut self, outer: &str, enumeration: &EnumDescriptorProto) {
        let name = join(outer, enumeration.name());
        let item = Item::Enumeration(self.enums.len());
        self.items.insert(name.clone(), item);
        let values = enumeration.value.iter();
        self.enums.push(Enumeration {
            name,
            values: values
                .map(|value| (value.name().to_owned(), value.number()))
                .collect(),
        });
    }

    fn fields(&self, scope: &str, message: &DescriptorProto, proto3: bool) -> Vec<Field> {
        let fields = message.field.iter();
        fields
            .map(|field| {
                let optional = field.proto3_optional();
                // A lone `optional` field has a oneof of its own, which says no more than that.
                let oneof = field
                    .oneof_index
                    .filter(|_| !optional)
                    .and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?))
                    .map(|oneof| oneof.name().to_owned());
                Field {
                    name: field.name().to_owned(),
                    number: field.number(),
                    occurs: match field.label() {
                        Label::Repeated => Occurs::Repeated,
                        Label::Required => Occurs::Required,
                        Label::Optional if proto3 && !optional && oneof.is_none() => Occurs::Plain,
                        Label::Optional => Occurs::Optional,
                    },
                    kind: match self.kind(scope, field) {
                        // No compiler takes a map of its own entries, which would have no end.
                        Kind::Map(index) if is_entry(message) => Kind::Message(index),
                        kind => kind,
                    },
                    oneof,
                }
            })
            .collect()
    }

    fn kind(&self, scope: &str, field: &FieldDescriptorProto) -> Kind {
        // A name has no type yet: only what it leads to tells a message from an enum.
        match (field.r#type, &field.type_name) {
            (Some(group), Some(name)) if group == Type::Group as i32 => {
                match self.resolve(scope, name) {
                    Kind::Message(index) => Kind::Group(index),
                    other => other,
                }
            }
            (_, Some(name)) => self.resolve(scope, name),
            (_, None) => Kind::Scalar(field.r#type()),
        }
    }

    fn service(&self, service: &ServiceDescriptorProto) -> Service {
        let methods = service.method.iter();
        Service {
            name: service.name().to_owned(),
            methods: methods.map(|method| self.method(method)).collect(),
        }
    }

    fn method(&self, method: &MethodDescriptorProto) -> Method {
        Method {
            name: method.name().to_owned(),
            request: Argument {
                kind: self.resolve("", method.input_type()),
                stream: method.client_streaming(),
            },
            response: Argument {
                kind: self.resolve("", method.output_type()),
                stream: method.server_streaming(),
            },
            idempotent: is_idempotent(method),
        }
    }

    /// Looks for a name from the inside out, as protobuf does.
    fn resolve(&self, scope: &str, name: &str) -> Kind {
        let found = match name.strip_prefix('.') {
            Some(full) => self.in_package(full),
            None => within(scope)
                .find_map(|outer| self.items.get(&join(outer, name)))
                .or_else(|| self.in_package(name)),
        };
        match found {
            Some(Item::Message { index, entry: true }) => Kind::Map(*index),
            Some(Item::Message { index, .. }) => Kind::Message(*index),
            Some(Item::Enumeration(index)) => Kind::Enumeration(*index),
            None => Kind::Elsewhere(name.trim_start_matches('.').to_owned()),
        }
    }

    /// What a name that begins with the package, or with the last parts of it, stands for.
    fn in_package(&self, name: &str) -> Option<&Item> {
        if self.package.is_empty() {
            return self.items.get(name);
        }
        let dots = name.match_indices('.').map(|(dot, _)| dot);
        dots.filter(|dot| ends_with_parts(&self.package, &name[..*dot]))
            .find_map(|dot| self.items.get(&name[dot + 1..]))
    }
}

/// How people write a type.
impl Contract {
    pub(super) fn write(&self, field: &Field) -> String {
        match (field.occurs, &field.kind) {
            (_, Kind::Map(_)) | (Occurs::Plain | Occurs::Optional | Occurs::Required, _) => {
                self.write_kind(&field.kind)
            }
            (Occurs::Repeated, kind) => format!("repeated {}", self.write_kind(kind)),
        }
    }

    pub(super) fn write_kind(&self, kind: &Kind) -> String {
        match kind {
            Kind::Scalar(scalar) => {
                let name = scalar.as_str_name();
                name.trim_start_matches("TYPE_").to_ascii_lowercase()
            }
            Kind::Message(index) => self.messages[*index].name.clone(),
            Kind::Group(index) => format!("group {}", self.messages[*index].name),
            Kind::Map(index) => {
                let of = self.messages[*index].fields.iter();
                let of: Vec<_> = of.map(|field| self.write_kind(&field.kind)).collect();
                format!("map<{}>", of.join(", "))
            }
            Kind::Enumeration(index) => self.enums[*index].name.clone(),
            Kind::Elsewhere(name) => name.clone(),
        }
    }
}

fn join(outer: &str, name: &str) -> String {
    match outer {
        "" => name.to_owned(),
        outer => format!("{outer}.{name}"),
    }
}

/// `a.b`, `a`, and what is outside of both.
fn within(scope: &str) -> impl Iterator<Item = &str> {
    let some = (!scope.is_empty()).then_some(scope);
    let outer = scope.rmatch_indices('.').map(|(dot, _)| &scope[..dot]);
    some.into_iter().chain(outer).chain([""])
}

/// Whether `package` ends with `parts`: `a.b.c` with `b.c`, but not with `.c` or with `xb.c`.
fn ends_with_parts(package: &str, parts: &str) -> bool {
    match package.strip_suffix(parts) {
        Some(before) => before.is_empty() || before.ends_with('.'),
        None => false,
    }
}

fn is_entry(message: &DescriptorProto) -> bool {
    let options = message.options.as_ref();
    options.is_some_and(|options| options.map_entry())
}

/// Options come as they are written.
fn is_idempotent(method: &MethodDescriptorProto) -> bool {
    let options = method.options.iter();
    let mut options = options.flat_map(|options| &options.uninterpreted_option);
    options.any(|option| {
        let plain = |part: &str| match &option.name[..] {
            [only] => !only.is_extension && only.name_part == part,
            _ => false,
        };
        plain("idempotency_level")
            && matches!(option.identifier_value(), "IDEMPOTENT" | "NO_SIDE_EFFECTS")
    })
}
