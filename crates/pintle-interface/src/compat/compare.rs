//! Walks two contracts side by side.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use prost_types::field_descriptor_proto::Type;

use super::contract::{Argument, Contract, Kind, Method, Service};
use super::wire::{self, Fit};
use super::{Break, Incompatible, Side};

pub(super) struct Comparison<'a> {
    pub(super) old: &'a Contract,
    pub(super) new: &'a Contract,
    /// Messages and enums that stand in the same place, and so have to be alike.
    waiting: VecDeque<Pair>,
    met: HashSet<Pair>,
    pub(super) breaks: Vec<Break>,
}

/// Something of the old contract and what it is now, by index.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Pair {
    Messages(usize, usize),
    Enums(usize, usize),
}

impl<'a> Comparison<'a> {
    pub(super) fn new(old: &'a Contract, new: &'a Contract) -> Self {
        Self {
            old,
            new,
            waiting: VecDeque::new(),
            met: HashSet::new(),
            breaks: Vec::new(),
        }
    }

    /// Every break there is, unless more than `fields` have to be compared to find it.
    pub(super) fn run(mut self, fields: usize) -> Result<Vec<Break>, Incompatible> {
        if self.old.package != self.new.package {
            self.breaks.push(Break::PackageRenamed {
                old: self.old.package.clone(),
                new: self.new.package.clone(),
            });
        }
        self.services();
        self.messages_by_name();
        self.enums_by_name();
        self.pairs(fields)?;
        Ok(self.breaks)
    }

    fn services(&mut self) {
        let old = by_name(&self.old.services, |service| &service.name);
        let new = by_name(&self.new.services, |service| &service.name);
        let come = self.new.services.iter();
        let come = come.filter(|service| !old.contains_key(service.name.as_str()));
        let come: HashMap<_, _> = come.map(|service| (methods(service), service)).collect();
        for service in &self.old.services {
            let found = match new.get(service.name.as_str()) {
                Some(now) => {
                    self.methods(service, now);
                    continue;
                }
                None => match come.get(&methods(service)) {
                    Some(now) if !service.methods.is_empty() => Break::ServiceRenamed {
                        old: service.name.clone(),
                        new: now.name.clone(),
                    },
                    _ => Break::ServiceGone {
                        service: service.name.clone(),
                    },
                },
            };
            self.breaks.push(found);
        }
    }

    fn methods(&mut self, old: &Service, new: &Service) {
        let now = by_name(&new.methods, |method| &method.name);
        for method in &old.methods {
            match now.get(method.name.as_str()) {
                Some(now) => self.method(&old.name, method, now),
                None => self.breaks.push(Break::MethodGone {
                    service: old.name.clone(),
                    method: method.name.clone(),
                }),
            }
        }
    }

    fn method(&mut self, service: &str, old: &Method, new: &Method) {
        let name = &old.name;
        self.argument((service, name, Side::Request), &old.request, &new.request);
        self.argument(
            (service, name, Side::Response),
            &old.response,
            &new.response,
        );
        if old.idempotent && !new.idempotent {
            self.breaks.push(Break::NoLongerIdempotent {
                service: service.to_owned(),
                method: name.clone(),
            });
        }
    }

    fn argument(
        &mut self,
        (service, method, side): (&str, &str, Side),
        old: &Argument,
        new: &Argument,
    ) {
        let (service, method) = (service.to_owned(), method.to_owned());
        if old.stream != new.stream {
            self.breaks.push(Break::StreamingChanged {
                service,
                method,
                side,
                stream: new.stream,
            });
        } else if self.fit(&old.kind, &new.kind) != Fit::Whole {
            self.breaks.push(Break::MethodTypeChanged {
                service,
                method,
                side,
                old: self.old.write_kind(&old.kind),
                new: self.new.write_kind(&new.kind),
            });
        }
    }

    fn messages_by_name(&mut self) {
        let held = held(self.old);
        for (index, message) in self.old.messages.iter().enumerate() {
            if message.entry {
                continue;
            }
            match self.new.message(&message.name) {
                Some(now) => self.meet(Pair::Messages(index, now)),
                None if held.contains(&index) => {}
                None => self.breaks.push(Break::MessageGone {
                    message: message.name.clone(),
                }),
            }
        }
    }

    fn enums_by_name(&mut self) {
        for (index, enumeration) in self.old.enums.iter().enumerate() {
            if let Some(now) = self.new.enumeration_named(&enumeration.name) {
                self.meet(Pair::Enums(index, now));
            }
        }
    }

    /// Compares what stands in the same place, and what stands in the same place within it.
    fn pairs(&mut self, mut left: usize) -> Result<(), Incompatible> {
        while let Some(pair) = self.waiting.pop_front() {
            match pair {
                Pair::Messages(old, new) => {
                    let (old, new) = (&self.old.messages[old], &self.new.messages[new]);
                    let cost = old.fields.len() + new.fields.len() + 1;
                    left = left.checked_sub(cost).ok_or(Incompatible::Entangled)?;
                    self.message(old, new);
                }
                Pair::Enums(old, new) => {
                    let (old, new) = (&self.old.enums[old], &self.new.enums[new]);
                    let cost = old.values.len() + new.values.len() + 1;
                    left = left.checked_sub(cost).ok_or(Incompatible::Entangled)?;
                    self.enumeration(old, new);
                }
            }
        }
        Ok(())
    }

    /// How well `new` takes what was sent as `old`; of messages, as far as can be told before
    /// their fields are compared.
    pub(super) fn fit(&mut self, old: &Kind, new: &Kind) -> Fit {
        match (old, new) {
            (Kind::Message(old), Kind::Message(new))
            | (Kind::Group(old), Kind::Group(new))
            // A map is a list of messages on the wire.
            | (Kind::Map(old), Kind::Message(new))
            | (Kind::Message(old), Kind::Map(new)) => {
                self.meet(Pair::Messages(*old, *new));
                Fit::Whole
            }
            (Kind::Map(old), Kind::Map(new)) => self.fit_entries(*old, *new),
            (Kind::Enumeration(old), Kind::Enumeration(new)) => {
                self.meet(Pair::Enums(*old, *new));
                Fit::Whole
            }
            (Kind::Scalar(old), Kind::Scalar(new)) => wire::fit(*old, *new),
            (Kind::Scalar(old), Kind::Enumeration(_)) => wire::fit(*old, Type::Enum),
            (Kind::Enumeration(_), Kind::Scalar(new)) => wire::fit(Type::Enum, *new),
            (Kind::Elsewhere(old), Kind::Elsewhere(new)) if old == new => Fit::Whole,
            _ => Fit::None,
        }
    }

    /// The worse of keys and values.
    fn fit_entries(&mut self, old: usize, new: usize) -> Fit {
        let (old, new) = (&self.old.messages[old], &self.new.messages[new]);
        let both = old.fields.iter().zip(&new.fields);
        let fits = both.map(|(old, new)| self.fit(&old.kind, &new.kind));
        fits.max().unwrap_or(Fit::Whole)
    }

    fn meet(&mut self, pair: Pair) {
        if self.met.insert(pair) {
            self.waiting.push_back(pair);
        }
    }
}

/// What tells a service that has another name from another service.
fn methods(service: &Service) -> BTreeSet<&str> {
    let methods = service.methods.iter();
    methods.map(|method| method.name.as_str()).collect()
}

/// The old messages that a method or another message holds, and so stand in a place.
fn held(contract: &Contract) -> HashSet<usize> {
    let methods = contract
        .services
        .iter()
        .flat_map(|service| &service.methods);
    let arguments = methods.flat_map(|method| [&method.request, &method.response]);
    let mut held: HashSet<_> = arguments.filter_map(|of| index(&of.kind)).collect();
    for (holder, message) in contract.messages.iter().enumerate() {
        let fields = message.fields.iter().filter_map(|field| index(&field.kind));
        held.extend(fields.filter(|index| *index != holder));
    }
    held
}

fn index(kind: &Kind) -> Option<usize> {
    match kind {
        Kind::Message(index) | Kind::Group(index) => Some(*index),
        _ => None,
    }
}

/// The first of each name; a compiler would refuse a second.
pub(super) fn by_name<T>(items: &[T], name: impl Fn(&T) -> &String) -> HashMap<&str, &T> {
    let mut named = HashMap::new();
    for item in items {
        named.entry(name(item).as_str()).or_insert(item);
    }
    named
}
