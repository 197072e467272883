//! How generated code fills a schema in.

use super::{Definition, Doc, Field, Message, Method, Name, Schema, Service, Shape};
use crate::interface::{Failure, error_name};
use crate::message::Message as AsMessage;
use crate::method::Method as Described;
use crate::returned::Outcome;
use crate::value::{Element, Value};

impl Schema {
    /// Describes a message whose fields are all there.
    pub fn message(
        &mut self,
        name: (&'static str, &str),
        doc: Doc,
        each: impl FnOnce(&mut Fields<'_>),
    ) {
        self.fields(name, doc, false, each);
    }

    /// Describes a message of whose fields exactly one is there.
    pub fn one_of(
        &mut self,
        name: (&'static str, &str),
        doc: Doc,
        each: impl FnOnce(&mut Fields<'_>),
    ) {
        self.fields(name, doc, true, each);
    }

    fn fields(
        &mut self,
        (package, name): (&'static str, &str),
        doc: Doc,
        one_of: bool,
        each: impl FnOnce(&mut Fields<'_>),
    ) {
        self.define(Name::new(package, name), |schema| {
            let fields = Vec::new();
            let mut list = Fields { schema, fields };
            each(&mut list);
            let fields = list.fields;
            Definition::Message(Message {
                doc,
                fields,
                one_of,
            })
        });
    }

    /// Describes an interface.
    pub fn service(
        &mut self,
        (package, name): (&'static str, &'static str),
        doc: Doc,
        each: impl FnOnce(&mut Methods<'_>),
    ) {
        self.define(Name::new(package, name), |schema| {
            let mut list = Methods {
                schema,
                package,
                service: name,
                methods: Vec::new(),
            };
            each(&mut list);
            let methods = list.methods;
            Definition::Service(Service { doc, methods })
        });
    }
}

/// The fields of a message that is being described.
#[derive(Debug)]
pub struct Fields<'a> {
    schema: &'a mut Schema,
    fields: Vec<Field>,
}

impl Fields<'_> {
    /// A field that is what its type takes for granted when it is left out.
    pub fn field<V: Value>(&mut self, tag: u32, name: &'static str, doc: Doc) {
        let shape = V::shape(self.schema);
        self.add(tag, name, doc, shape);
    }

    /// A field that is something else when it is left out, so that leaving it out has to show.
    pub fn optional<V: Element>(&mut self, tag: u32, name: &'static str, doc: Doc) {
        let shape = Shape::Optional(V::element_type(self.schema));
        self.add(tag, name, doc, shape);
    }

    /// What one variant of an enum holds.
    pub fn variant<V: Element>(&mut self, tag: u32, name: &'static str, doc: Doc) {
        let shape = Shape::One(V::element_type(self.schema));
        self.add(tag, name, doc, shape);
    }

    fn add(&mut self, tag: u32, name: &'static str, doc: Doc, shape: Shape) {
        self.fields.push(Field {
            doc,
            name,
            tag,
            shape,
        });
    }
}

/// The methods of an interface that is being described.
#[derive(Debug)]
pub struct Methods<'a> {
    schema: &'a mut Schema,
    package: &'static str,
    service: &'static str,
    methods: Vec<Method>,
}

impl Methods<'_> {
    /// A method of the interface.
    pub fn method<Q, R, E>(&mut self, method: &Described<Q, R, E>, doc: Doc)
    where
        Q: AsMessage,
        R: Outcome,
        E: Failure,
    {
        let (name, idempotent) = (method.name, method.idempotent);
        Q::define(self.schema);
        let response = format!("{}{name}Response", self.service);
        self.schema.message(
            (self.package, &response),
            &["The result of a call."],
            R::describe,
        );
        self.methods.push(Method {
            doc,
            name,
            request: Name::new(Q::NAME.0, Q::NAME.1),
            response: Name::new(self.package, response),
            error: error_name::<E>(self.schema),
            idempotent,
        });
    }
}
