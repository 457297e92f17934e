use semver::Version;
use tally_core::{parse, Count};

#[cfg(unix)]
fn process_id() -> u32 {
    unsafe { libc::getpid() as u32 }
}

#[cfg(windows)]
fn process_id() -> u32 {
    unsafe { windows_sys::Win32::System::Threading::GetCurrentProcessId() }
}

fn line(count: &Count) -> String {
    format!("{}\t{}", digits::Buffer::new().format(count.total), count.name)
}

fn main() {
    let version = Version::parse(env!("CARGO_PKG_VERSION")).expect("cargo gives a valid version");
    let channel = option_env!("TALLY_CHANNEL").unwrap_or("cargo");
    eprintln!("tally {version} ({channel}, {}), process {}", env!("TALLY_RUSTC"), process_id());
    for argument in std::env::args().skip(1) {
        match parse(&argument) {
            Ok(count) => println!("{}", line(&count)),
            Err(error) => eprintln!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn prints_the_total_first() {
        assert_eq!(line(&parse("apples=3").unwrap()), "3\tapples");
    }
}
