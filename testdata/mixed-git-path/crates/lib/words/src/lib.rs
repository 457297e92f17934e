/// The text up to its first space.
pub fn first(text: &str) -> &str {
    match memchr::memchr(b' ', text.as_bytes()) {
        Some(end) => &text[..end],
        None => text,
    }
}
