use std::collections::HashMap;

#[pintle::message]
pub struct Weights {
    pub by_weight: HashMap<f64, String>,
}

fn main() {}
