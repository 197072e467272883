#[pintle::message]
pub struct Event {
    #[pintle(default)]
    pub keys: Vec<String>,
    #[pintle(default = Some(3))]
    pub version: Option<u32>,
}

fn main() {}
