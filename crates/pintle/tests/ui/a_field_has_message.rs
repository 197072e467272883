pub struct Inner;

#[pintle::message]
pub struct Outer {
    pub inner: Inner,
}

fn main() {}
