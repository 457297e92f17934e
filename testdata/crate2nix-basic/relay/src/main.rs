use fnv::FnvHashMap;
use relay_proto::{decode, Frame};

fn count(frames: &[Frame]) -> FnvHashMap<u8, usize> {
    let mut kinds = FnvHashMap::default();
    for frame in frames {
        *kinds.entry(frame.kind).or_insert(0) += 1;
    }
    kinds
}

fn report(kinds: &FnvHashMap<u8, usize>) -> String {
    let mut kinds: Vec<_> = kinds.iter().collect();
    kinds.sort();
    let mut text = String::new();
    for (kind, n) in kinds {
        let mut old = itoa_legacy::Buffer::new();
        let mut new = itoa::Buffer::new();
        text.push_str(&format!("{} {}\n", old.format(*kind), new.format(*n)));
    }
    text
}

fn main() {
    #[cfg(feature = "logging")]
    log::info!("relay starts, {}", option_env!("RELAY_CHANNEL").unwrap_or("cargo"));
    #[cfg(unix)]
    let _process = unsafe { libc::getpid() };
    let (left, right) = rayon_core::join(|| decode(b"\x01\x01a"), || decode(b"\x02\x02bc"));
    let frames: Vec<Frame> = [left, right].into_iter().flatten().collect();
    print!("{}", report(&count(&frames)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use indoc::indoc;

    #[test]
    fn reports_each_kind_once() {
        let frames = [decode(b"\x01\x00").unwrap(), decode(b"\x07\x00").unwrap()];
        assert_eq!(
            report(&count(&frames)),
            indoc! {"
                1 1
                7 1
            "}
        );
    }
}
