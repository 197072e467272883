//! The interface as it is: an argument has gone, two have come, and so on.

use pintle::CallError;

#[pintle::interface(package = "evolution", name = "store")]
pub(crate) trait Store {
    #[reserved(2)]
    async fn put(
        &self,
        key: String,
        #[tag(3)] seconds: Option<u64>,
        #[pintle(default = 10)] weight: u32,
    ) -> Result<String, CallError>;
    async fn event(&self, event: Event) -> Result<Event, CallError>;
    async fn kind(&self, kind: Kind) -> Result<Kind, CallError>;
    async fn mood(&self, mood: Mood) -> Result<Mood, CallError>;
    async fn part(&self, part: Part) -> Result<Part, CallError>;
    async fn open_part(&self, part: OpenPart) -> Result<OpenPart, CallError>;
    async fn list_all(&self) -> Result<Vec<String>, CallError>;
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) key: String,
    #[pintle(default = 3)]
    pub(crate) version: u32,
    pub(crate) notes: Vec<String>,
    pub(crate) by: Option<String>,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Added,
    Moved,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mood {
    Calm,
    #[pintle(other)]
    Unknown,
    Happy,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Bytes(Vec<u8>),
    Text(String),
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OpenPart {
    Bytes(Vec<u8>),
    #[pintle(other)]
    Unknown,
    Text(String),
}

pub(crate) struct Plugin;

#[pintle::plugin]
impl Store for Plugin {
    async fn put(
        &self,
        key: String,
        seconds: Option<u64>,
        weight: u32,
    ) -> Result<String, CallError> {
        Ok(format!("{key}, seconds {seconds:?}, weight {weight}"))
    }
    async fn event(&self, event: Event) -> Result<Event, CallError> {
        assert_eq!(
            (event.version, &event.notes, &event.by),
            (3, &Vec::new(), &None)
        );
        let by = Some("plugin".into());
        Ok(Event {
            version: 0,
            by,
            ..event
        })
    }
    async fn kind(&self, _: Kind) -> Result<Kind, CallError> {
        Ok(Kind::Moved)
    }
    async fn mood(&self, _: Mood) -> Result<Mood, CallError> {
        Ok(Mood::Happy)
    }
    async fn part(&self, _: Part) -> Result<Part, CallError> {
        Ok(Part::Text("new".into()))
    }
    async fn open_part(&self, _: OpenPart) -> Result<OpenPart, CallError> {
        Ok(OpenPart::Text("new".into()))
    }
    async fn list_all(&self) -> Result<Vec<String>, CallError> {
        Ok(vec!["a".into()])
    }
}
