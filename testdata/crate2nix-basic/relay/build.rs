fn main() {
    autocfg::new().emit_path_cfg("core::net::IpAddr", "has_core_net");
    autocfg::rerun_path("build.rs");
}
