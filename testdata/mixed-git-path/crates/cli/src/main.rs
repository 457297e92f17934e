fn main() {
    let name = std::env::args().nth(1).unwrap_or_else(|| "world".to_string());
    let first = words::first(&name);
    println!("{}", padding::left(&greet::greet(first), 20));
}

#[cfg(test)]
mod tests {
    #[test]
    fn greetings_differ() {
        let set: fnv::FnvHashSet<_> = ["a", "b"].into_iter().map(greet::greet).collect();
        assert_eq!(set.len(), 2);
    }
}
