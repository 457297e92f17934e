{
  description = "a service, its tools and its shell, as many flakes build them";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    flake-utils.url = "github:numtide/flake-utils";
    crane.url = "github:ipetkov/crane";
    cargo2nix = { url = "github:cargo2nix/cargo2nix/release-0.12"; inputs.nixpkgs.follows = "nixpkgs"; };
    rust-overlay = { url = "github:oxalica/rust-overlay"; inputs.nixpkgs.follows = "nixpkgs"; };
    advisory-db = { url = "github:rustsec/advisory-db"; flake = false; };
  };

  outputs = inputs@{ self, nixpkgs, flake-utils, crane, cargo2nix, rust-overlay, advisory-db, ... }:
    flake-utils.lib.eachDefaultSystem (system:
      let
        pkgs = import nixpkgs {
          inherit system;
          overlays = [ (import rust-overlay) cargo2nix.overlays.default (final: prev: { ours = prev.hello; }) ];
        };
        inherit (nixpkgs) lib;

        manifest = lib.importTOML ./Cargo.toml;
        toolchain = pkgs.rust-bin.stable.latest.default.override {
          extensions = [ "rust-src" "clippy" ];
          targets = [ "x86_64-unknown-linux-musl" ];
        };
        craneLib = (crane.mkLib pkgs).overrideToolchain toolchain;

        sources = lib.cleanSourceWith {
          src = ./.;
          filter = path: type: lib.hasSuffix ".sql" path || craneLib.filterCargoSources path type;
        };

        native = with pkgs; [ pkg-config cmake ] ++ lib.optional stdenv.isLinux mold;
        libraries = with pkgs; [ openssl sqlite ] ++ lib.optionals stdenv.isDarwin (with darwin.apple_sdk.frameworks; [ Security SystemConfiguration ]);

        common = {
          pname = manifest.package.name;
          inherit (manifest.package) version;
          src = sources;
          strictDeps = true;
          nativeBuildInputs = native;
          buildInputs = libraries;
          OPENSSL_NO_VENDOR = "1";
          RUSTFLAGS = lib.concatStringsSep " " ([ "-C" "target-cpu=x86-64-v3" ] ++ lib.optional pkgs.stdenv.isLinux "-C link-arg=-fuse-ld=mold");
        };
        cargoArtifacts = craneLib.buildDepsOnly common;

        tool = name: extra: craneLib.buildPackage (common // {
          inherit cargoArtifacts;
          pname = name;
          cargoExtraArgs = "-p ${name}";
          doCheck = false;
        } // extra);
        tools = lib.genAttrs [ "server" "client" "migrate" "bench" ] (name: tool name { });

        rustPkgs = pkgs.rustBuilder.makePackageSet {
          rustVersion = "1.85.0";
          packageFun = import ./Cargo.nix;
          packageOverrides = pkgs: pkgs.rustBuilder.overrides.all ++ import ./overrides.nix { inherit pkgs lib; };
        };

        members = lib.mapAttrs (name: make: (make { }).bin) { inherit (rustPkgs.workspace) core cli; };
      in
      rec {
        packages = tools // members // {
          default = tools.server;
          docs = craneLib.cargoDoc (common // { inherit cargoArtifacts; });
          image = pkgs.dockerTools.buildLayeredImage {
            name = "service";
            contents = [ tools.server pkgs.cacert ];
            config = {
              Cmd = [ "${tools.server}/bin/server" ];
              Env = [ "SSL_CERT_FILE=${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt" "REV=${self.rev or "dirty"}" ];
            };
          };
          run = pkgs.writeShellApplication {
            name = "run";
            runtimeInputs = [ tools.migrate ];
            text = ''
              migrate --to ${lib.escapeShellArg "latest version"}
              exec ${lib.getExe tools.server} "$@"
            '';
          };
        };

        checks = {
          inherit (packages) default docs;
          clippy = craneLib.cargoClippy (common // { inherit cargoArtifacts; cargoClippyExtraArgs = "--all-targets -- -D warnings"; });
          fmt = craneLib.cargoFmt { inherit (common) src pname version; };
          audit = craneLib.cargoAudit { inherit advisory-db; inherit (common) src; };
          nextest = craneLib.cargoNextest (common // { inherit cargoArtifacts; partitions = 1; partitionType = "count"; });
        };

        apps = lib.mapAttrs (name: drv: flake-utils.lib.mkApp { inherit drv name; }) tools // { default = apps.server; };

        devShells.default = craneLib.devShell {
          inherit checks;
          packages = native ++ libraries ++ (with pkgs; [ cargo-watch sqlx-cli ]);
          shellHook = ''
            export DATABASE_URL=sqlite:$PWD/dev.db
            export LD_LIBRARY_PATH=${lib.makeLibraryPath libraries}
          '';
        };

        legacyPackages = { inherit rustPkgs; };
      }) // {
        overlays.default = final: prev: { service = self.packages.${final.system}.default; };
        nixosModules.default = import ./module.nix { inherit inputs; };
      };
}
