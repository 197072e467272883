//! Which other files one file needs.

use std::collections::BTreeSet;

use super::path;
use crate::schema::{Definition, Shape, Type};

/// The paths of what `definitions`, all of them of `package`, use of other packages.
pub(super) fn imports<'a>(
    package: &str,
    definitions: impl Iterator<Item = &'a Definition>,
) -> BTreeSet<String> {
    definitions
        .flat_map(types)
        .filter_map(|used| match used {
            Type::Scalar(_) => None,
            Type::Message(name) | Type::Enumeration(name) => {
                (name.package != package).then(|| path(name.package))
            }
            Type::Duration => Some("google/protobuf/duration.proto".to_owned()),
            Type::Timestamp => Some("google/protobuf/timestamp.proto".to_owned()),
        })
        .collect()
}

/// What a compiler has to know of. What only comments name, such as what a broker id stands for,
/// it does not.
fn types(definition: &Definition) -> Vec<Type> {
    match definition {
        Definition::Service(service) => {
            let methods = service.methods.iter();
            methods
                .flat_map(|method| [&method.request, &method.response])
                .map(|name| Type::Message(name.clone()))
                .collect()
        }
        Definition::Message(message) => {
            let fields = message.fields.iter();
            fields
                .filter_map(|field| match &field.shape {
                    Shape::One(item) | Shape::Optional(item) => Some(item.clone()),
                    Shape::List(item) | Shape::Map(_, item) => Some(item.clone()),
                    Shape::Id(_) | Shape::OptionalId(_) => None,
                })
                .collect()
        }
        Definition::Enumeration(_) | Definition::Pending => Vec::new(),
    }
}
