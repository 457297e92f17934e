cfg_if::cfg_if! {
    if #[cfg(debug_assertions)] {
        const FILL: char = '.';
    } else {
        const FILL: char = ' ';
    }
}

pub fn left(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    std::iter::repeat(FILL).take(missing).chain(text.chars()).collect()
}
