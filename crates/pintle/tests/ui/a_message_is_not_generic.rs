#[pintle::message]
pub struct Page<T> {
    pub items: Vec<T>,
}

#[pintle::message]
pub struct Text<'a> {
    pub text: &'a str,
}

fn main() {}
