struct Mine;

#[pintle::interface]
impl Store for Mine {
    async fn put(&self) -> Result<(), pintle::CallError>;
}

fn main() {}
