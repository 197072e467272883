use std::borrow::Cow;

/// Bytes of the other side are not the value that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct DecodeError {
    what: Cow<'static, str>,
    /// Where: the names of messages and fields, innermost first.
    within: Vec<&'static str>,
}

impl DecodeError {
    /// That is wrong with the bytes.
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self {
            what: what.into(),
            within: Vec::new(),
        }
    }

    /// The bytes end too early.
    pub(crate) fn short() -> Self {
        Self::new("it ends within a value")
    }

    /// The same, with the name of the message or field it happened in.
    #[must_use]
    pub fn within(mut self, name: &'static str) -> Self {
        self.within.push(name);
        self
    }

    fn text(&self) -> String {
        let mut path: Vec<_> = self.within.iter().rev().copied().collect();
        path.dedup();
        match &path[..] {
            [] => self.what.to_string(),
            path => format!("{}: {}", path.join("."), self.what),
        }
    }
}
