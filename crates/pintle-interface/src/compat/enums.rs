//! Compares the values of two enums that stand in the same place.

use std::collections::{HashMap, HashSet};

use super::Break;
use super::compare::Comparison;
use super::contract::Enumeration;
use super::fields::both_names;
use crate::proto::screaming;

impl Comparison<'_> {
    pub(super) fn enumeration(&mut self, old: &Enumeration, new: &Enumeration) {
        let enumeration = both_names(&old.name, &new.name);
        let known: HashSet<_> = old.values.iter().map(|(name, _)| bare(old, name)).collect();
        let mut numbers = HashMap::new();
        let mut names = HashMap::new();
        for (name, number) in &new.values {
            numbers.entry(bare(new, name)).or_insert(*number);
            names.entry(*number).or_insert(name);
        }
        for (value, number) in &old.values {
            let (enumeration, value, number) = (enumeration.clone(), value.clone(), *number);
            let found = match (numbers.get(bare(old, &value)), names.get(&number)) {
                (Some(now), _) if *now == number => continue,
                (Some(now), _) => Break::EnumValueRenumbered {
                    enumeration,
                    value,
                    old: number,
                    new: *now,
                },
                (None, Some(now)) if !known.contains(bare(new, now)) => Break::EnumNumberReused {
                    enumeration,
                    number,
                    old: value,
                    new: (*now).clone(),
                },
                (None, _) => Break::EnumValueGone {
                    enumeration,
                    value,
                    number,
                },
            };
            self.breaks.push(found);
        }
    }
}

/// The name of a value without that of its enum, which may have changed: `OPEN` of `STATE_OPEN`.
fn bare<'a>(enumeration: &Enumeration, value: &'a str) -> &'a str {
    let last = enumeration.name.rsplit('.').next();
    let prefix = screaming(last.unwrap_or_default());
    let bare = value.strip_prefix(&prefix);
    bare.and_then(|bare| bare.strip_prefix('_'))
        .unwrap_or(value)
}
