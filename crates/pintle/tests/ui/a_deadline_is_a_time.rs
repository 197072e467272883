#[pintle::interface]
pub trait Store {
    #[pintle(deadline = "5")]
    async fn unit(&self) -> Result<(), pintle::CallError>;
    #[pintle(deadline = "0s")]
    async fn zero(&self) -> Result<(), pintle::CallError>;
    #[pintle(deadline = "1.5s")]
    async fn part(&self) -> Result<(), pintle::CallError>;
}

fn main() {}
