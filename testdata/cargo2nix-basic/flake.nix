{
  description = "tally, packaged with cargo2nix";

  inputs = {
    cargo2nix.url = "github:cargo2nix/cargo2nix/release-0.12";
    flake-utils.follows = "cargo2nix/flake-utils";
    nixpkgs.follows = "cargo2nix/nixpkgs";
  };

  outputs = { self, cargo2nix, flake-utils, nixpkgs }:
    flake-utils.lib.eachDefaultSystem (system:
      let
        pkgs = import nixpkgs {
          inherit system;
          overlays = [ cargo2nix.overlays.default ];
        };

        rustPkgs = pkgs.rustBuilder.makePackageSet {
          rustVersion = "1.85.0";
          packageFun = import ./Cargo.nix;
          packageOverrides = pkgs: pkgs.rustBuilder.overrides.all ++ [
            (pkgs.rustBuilder.rustLib.makeOverride {
              name = "tally";
              overrideAttrs = drv: {
                TALLY_CHANNEL = "nix";
              };
            })
          ];
        };
      in
      rec {
        packages = {
          tally = rustPkgs.workspace.tally { };
          default = packages.tally;
        };

        devShells.default = rustPkgs.workspaceShell { };
      }
    );
}
