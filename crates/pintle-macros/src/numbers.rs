//! The numbers that stand for names on the wire.

use std::ops::RangeInclusive;

use proc_macro2::Span;
use syn::{Error, Result};

/// What protobuf lets the number of a field be, and of the name of an enum.
const FIELD: RangeInclusive<u32> = 1..=(1 << 29) - 1;
const NAME: RangeInclusive<u32> = 0..=i32::MAX as u32;
/// Numbers of fields that protobuf keeps for itself.
const KEPT: RangeInclusive<u32> = 19_000..=19_999;

/// Gives out numbers and refuses to give one twice.
pub(crate) struct Numbers {
    next: u32,
    used: Vec<u32>,
    reserved: Vec<u32>,
    allowed: RangeInclusive<u32>,
}

impl Numbers {
    /// For fields, arguments, and variants with values.
    pub(crate) fn of_fields(reserved: &[u32]) -> Self {
        Self::new(reserved, FIELD)
    }

    /// For the names of an enum.
    pub(crate) fn of_names(reserved: &[u32]) -> Self {
        Self::new(reserved, NAME)
    }

    fn new(reserved: &[u32], allowed: RangeInclusive<u32>) -> Self {
        Self {
            next: *allowed.start(),
            used: Vec::new(),
            reserved: reserved.to_vec(),
            allowed,
        }
    }

    /// The number asked for, or the one after the last.
    pub(crate) fn next(&mut self, wanted: Option<(u32, Span)>, span: Span) -> Result<u32> {
        let (number, span) = wanted.unwrap_or((self.next, span));
        let kept = self.allowed == FIELD && KEPT.contains(&number);
        let text = if !self.allowed.contains(&number) || kept {
            self.beyond(number)
        } else if self.used.contains(&number) {
            let free = self.free();
            format!("number {number} is used twice; {free} is free: `#[tag({free})]`")
        } else if self.reserved.contains(&number) {
            let free = self.free();
            format!(
                "number {number} is reserved: an older peer means something else by it; {free} is free: `#[tag({free})]`"
            )
        } else {
            self.used.push(number);
            self.next = number.saturating_add(1);
            return Ok(number);
        };
        Err(Error::new(span, text))
    }

    fn beyond(&self, number: u32) -> String {
        match self.allowed == FIELD {
            true => format!(
                "{number} is no field number: they go from 1 to 536870911, and not from 19000 to 19999"
            ),
            false => format!("{number} is no number of a name: they go from 0 to 2147483647"),
        }
    }

    /// The smallest number that nothing has, and nothing had.
    fn free(&self) -> u32 {
        let taken = |number: &u32| self.used.contains(number) || self.reserved.contains(number);
        let mut numbers = self.allowed.clone();
        numbers.find(|number| !taken(number)).unwrap_or_default()
    }
}
