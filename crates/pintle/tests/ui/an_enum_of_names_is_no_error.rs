#[pintle::message]
pub enum StoreError {
    #[pintle(code = "not_found")]
    NotFound,
    Lost,
}

fn main() {}
