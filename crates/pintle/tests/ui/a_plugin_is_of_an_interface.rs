struct MyStore;

#[pintle::plugin]
impl Clone for MyStore {
    fn clone(&self) -> Self {
        Self
    }
}

fn main() {}
