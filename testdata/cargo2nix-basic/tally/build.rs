fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let rustc = version_check::Version::read().map_or("unknown".to_string(), |v| v.to_string());
    println!("cargo:rustc-env=TALLY_RUSTC={rustc}");
}
