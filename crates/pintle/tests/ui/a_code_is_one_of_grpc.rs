#[pintle::message]
pub enum StoreError {
    #[pintle(code = "missing")]
    NotFound(String),
}

fn main() {}
