//! The interface as it was.

use pintle::CallError;

#[pintle::interface(package = "evolution", name = "store")]
pub(crate) trait Store {
    async fn put(&self, key: String, force: bool) -> Result<String, CallError>;
    async fn event(&self, event: Event) -> Result<Event, CallError>;
    async fn kind(&self, kind: Kind) -> Result<Kind, CallError>;
    async fn mood(&self, mood: Mood) -> Result<Mood, CallError>;
    async fn part(&self, part: Part) -> Result<Part, CallError>;
    async fn open_part(&self, part: OpenPart) -> Result<OpenPart, CallError>;
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) key: String,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Added,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mood {
    Calm,
    #[pintle(other)]
    Unknown,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Bytes(Vec<u8>),
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OpenPart {
    Bytes(Vec<u8>),
    #[pintle(other)]
    Unknown,
}

pub(crate) struct Plugin;

#[pintle::plugin]
impl Store for Plugin {
    async fn put(&self, key: String, force: bool) -> Result<String, CallError> {
        Ok(format!("{key}, force {force}"))
    }
    async fn event(&self, event: Event) -> Result<Event, CallError> {
        Ok(event)
    }
    async fn kind(&self, kind: Kind) -> Result<Kind, CallError> {
        Ok(kind)
    }
    async fn mood(&self, mood: Mood) -> Result<Mood, CallError> {
        assert_eq!(mood, Mood::Unknown);
        Ok(Mood::Calm)
    }
    async fn part(&self, part: Part) -> Result<Part, CallError> {
        Ok(part)
    }
    async fn open_part(&self, part: OpenPart) -> Result<OpenPart, CallError> {
        assert_eq!(part, OpenPart::Unknown);
        Ok(OpenPart::Bytes(vec![1]))
    }
}
