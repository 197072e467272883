struct MyStore;

#[pintle::plugin]
impl MyStore {
    async fn put(&self) {}
}

fn main() {}
