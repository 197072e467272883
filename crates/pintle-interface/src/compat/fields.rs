//! Compares the fields of two messages that stand in the same place.

use std::collections::HashMap;

use super::Break;
use super::compare::{Comparison, by_name};
use super::contract::{Field, Kind, Message, Occurs};
use super::wire::Fit;

impl Comparison<'_> {
    pub(super) fn message(&mut self, old: &Message, new: &Message) {
        let name = &both_names(&old.name, &new.name);
        let fields = Fields::new(old, new);
        let mut same = Vec::new();
        for field in &old.fields {
            match fields.now(field) {
                Now::Same(now) => same.push((field, now)),
                Now::Renumbered(now) => self.breaks.push(Break::FieldRenumbered {
                    message: name.clone(),
                    field: field.name.clone(),
                    old: field.number,
                    new: now.number,
                }),
                Now::Gone => self.gone(name, field),
            }
        }
        let oneofs = Oneofs::new(&same);
        for (old, new) in same {
            self.field(name, old, new, &oneofs);
        }
        for field in &new.fields {
            if field.occurs == Occurs::Required && !fields.was(field) {
                self.required(name, field, true);
            }
        }
    }

    /// A field that the old peer may send and insist on.
    fn gone(&mut self, message: &str, field: &Field) {
        if field.occurs == Occurs::Required {
            self.required(message, field, false);
        }
        if let Some(oneof) = &field.oneof {
            self.breaks.push(Break::OneofFieldGone {
                message: message.to_owned(),
                oneof: oneof.clone(),
                field: field.name.clone(),
            });
        }
    }

    /// A field that has its number still, if not its name.
    fn field(&mut self, message: &str, old: &Field, new: &Field, oneofs: &Oneofs<'_>) {
        let repeated = |field: &Field| field.occurs == Occurs::Repeated;
        let fit = match repeated(old) == repeated(new) {
            true => self.fit(&old.kind, &new.kind),
            false => Fit::None,
        };
        if fit != Fit::Whole {
            let found = self.other_type(message, old, new, fit);
            self.breaks.push(found);
        }
        if fit != Fit::None {
            self.presence(message, old, new, oneofs);
        }
    }

    fn other_type(&self, message: &str, old: &Field, new: &Field, fit: Fit) -> Break {
        let (was, is) = (self.old.write(old), self.new.write(new));
        let message = message.to_owned();
        let field = old.name.clone();
        if fit == Fit::Narrow {
            Break::FieldNarrowed {
                message,
                field,
                old: was,
                new: is,
            }
        } else if old.name == new.name {
            Break::FieldTypeChanged {
                message,
                field,
                old: was,
                new: is,
            }
        } else {
            Break::FieldReused {
                message,
                number: old.number,
                old_field: field,
                old: was,
                new_field: new.name.clone(),
                new: is,
            }
        }
    }

    /// What an absent field means.
    fn presence(&mut self, message: &str, old: &Field, new: &Field, oneofs: &Oneofs<'_>) {
        let required = |field: &Field| field.occurs == Occurs::Required;
        if required(old) != required(new) {
            return self.required(message, old, required(new));
        }
        if oneofs.moved(old, new) {
            return self.breaks.push(Break::OneofMoved {
                message: message.to_owned(),
                field: old.name.clone(),
                old: old.oneof.clone(),
                new: new.oneof.clone(),
            });
        }
        // Whether a message is there can be told anyway, and what is elsewhere is likely one.
        let plain = |field: &Field| {
            field.occurs == Occurs::Plain
                && matches!(field.kind, Kind::Scalar(_) | Kind::Enumeration(_))
        };
        if plain(old) != plain(new) {
            self.breaks.push(Break::PresenceChanged {
                message: message.to_owned(),
                field: old.name.clone(),
                optional: plain(old),
            });
        }
    }

    fn required(&mut self, message: &str, field: &Field, required: bool) {
        self.breaks.push(Break::RequiredChanged {
            message: message.to_owned(),
            field: field.name.clone(),
            required,
        });
    }
}

/// What something is called if it goes by another name now.
pub(super) fn both_names(old: &str, new: &str) -> String {
    match old == new {
        true => old.to_owned(),
        false => format!("{old}, now {new}"),
    }
}

/// The fields of two messages, to find those that are the same.
struct Fields<'a> {
    old_names: HashMap<&'a str, &'a Field>,
    old_numbers: HashMap<i32, &'a Field>,
    new_names: HashMap<&'a str, &'a Field>,
    new_numbers: HashMap<i32, &'a Field>,
}

/// What has become of an old field.
enum Now<'a> {
    /// It has its number, whatever its name is.
    Same(&'a Field),
    /// It has its name and another number.
    Renumbered(&'a Field),
    Gone,
}

impl<'a> Fields<'a> {
    fn new(old: &'a Message, new: &'a Message) -> Self {
        Self {
            old_names: by_name(&old.fields, |field| &field.name),
            old_numbers: by_number(&old.fields),
            new_names: by_name(&new.fields, |field| &field.name),
            new_numbers: by_number(&new.fields),
        }
    }

    fn now(&self, old: &Field) -> Now<'a> {
        if let Some(now) = self.new_names.get(old.name.as_str()) {
            return match now.number == old.number {
                true => Now::Same(now),
                false => Now::Renumbered(now),
            };
        }
        match self.new_numbers.get(&old.number) {
            // One that is known by its name and came here from elsewhere is told of there.
            Some(now) if self.old_names.contains_key(now.name.as_str()) => Now::Gone,
            Some(now) => Now::Same(now),
            None => Now::Gone,
        }
    }

    /// Whether the new field was there before, under its number or its name.
    fn was(&self, new: &Field) -> bool {
        self.old_names.contains_key(new.name.as_str()) || self.old_numbers.contains_key(&new.number)
    }
}

fn by_number(fields: &[Field]) -> HashMap<i32, &Field> {
    let mut numbered = HashMap::new();
    for field in fields {
        numbered.entry(field.number).or_insert(field);
    }
    numbered
}

/// Which of the fields that are the same exclude each other, then and now.
struct Oneofs<'a> {
    old: HashMap<&'a str, usize>,
    new: HashMap<&'a str, usize>,
    both: HashMap<(&'a str, &'a str), usize>,
}

impl<'a> Oneofs<'a> {
    fn new(same: &[(&'a Field, &'a Field)]) -> Self {
        let mut oneofs = Self {
            old: HashMap::new(),
            new: HashMap::new(),
            both: HashMap::new(),
        };
        for (old, new) in same {
            let (old, new) = (old.oneof.as_deref(), new.oneof.as_deref());
            if let Some(name) = old {
                *oneofs.old.entry(name).or_default() += 1;
            }
            if let Some(name) = new {
                *oneofs.new.entry(name).or_default() += 1;
            }
            if let (Some(old), Some(new)) = (old, new) {
                *oneofs.both.entry((old, new)).or_default() += 1;
            }
        }
        oneofs
    }

    /// Whether the field excludes other ones than it did. Alone in its oneof it excludes none, and
    /// the name of a oneof does not matter.
    fn moved(&self, old: &Field, new: &Field) -> bool {
        let (old, new) = (old.oneof.as_deref(), new.oneof.as_deref());
        let was = old.map_or(1, |name| self.old[name]);
        let is = new.map_or(1, |name| self.new[name]);
        let stayed = match (old, new) {
            (Some(old), Some(new)) => self.both[&(old, new)],
            _ => 1,
        };
        // Of one that stays where others come or go, those others tell.
        old != new && (was != stayed || is != stayed)
    }
}
