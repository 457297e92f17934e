use std::hash::Hasher;

fn main() {
    let mut hash = fnv::FnvHasher::default();
    hash.write(b"doorbell");
    println!("{} {}", greet::greet("visitor"), itoa::Buffer::new().format(hash.finish()));
}
